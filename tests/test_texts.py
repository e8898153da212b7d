"""What the project's texts may not say: paths of somebody's machine; addresses of registries in the lock files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ("/srv/", "/opt/", "/data/")  # where the documentation has its installations, and a clone may be as well
HOMES = r"(?<![\w.])/(root|home/(?!airflow/gcs\b)[a-z]+)"
"""Of somebody; Cloud Composer has its bucket below /home/airflow/gcs, whoever uses it."""
PRIVATE = re.compile(f"({HOMES if str(ROOT).startswith(EXAMPLES) else f'{HOMES}|{re.escape(str(ROOT))}'})/")


def tracked() -> list[Path]:
    """The files that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_text_names_a_machine() -> None:
    found = []
    for path in set(tracked()) - {Path(__file__)}:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            if PRIVATE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_lock_files_carry_no_addresses() -> None:
    locks = [path for path in tracked() if path.parent == ROOT and path.match("requirements*.txt")]
    assert len(locks) == 7
    for path in locks:
        assert "://" not in path.read_text()
        assert "--index-url" not in path.read_text()
