"""Memory does not grow with rows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.databases.promo import PostgresPromo

HOME = Path(__file__).resolve().parents[2]


def test_memory_of_an_export_is_flat(on_postgres: PostgresPromo, tmp_path: Path) -> None:
    def megabytes(rows: int) -> float:
        measured = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.support.databases.measured_export",
                on_postgres.source.url,
                str(rows),
                str(tmp_path / str(rows)),
            ],
            env={**os.environ, "PYTHONPATH": f"{HOME}{os.pathsep}{HOME / 'plugins'}"},
            cwd=HOME,
            capture_output=True,
            text=True,
            check=False,
        )
        assert measured.returncode == 0, measured.stderr
        return float(measured.stdout)

    few, many = megabytes(200_000), megabytes(500_000)  # both fill the blocks that are read again
    assert many < 160
    assert many - few < 20
