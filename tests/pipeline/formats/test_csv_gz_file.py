"""A compressed CSV is one gzip member that every reader takes, and damage of it is found."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from promo_reports.domain.file_format import CSV_GZ
from promo_reports.errors import ReconciliationError
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.sql.cell_policies.transform import UNCHANGED
from tests.support.databases.promo import MOVES
from tests.support.headings import of_type
from tests.support.second_reading import read_again

ROWS = b"".join(b"%d,2026-03-01 12:00:00.%06d+00,in,,1.00,,,,\n" % (n, n) for n in range(1, 2_001))
FIXED_HEADER = bytes.fromhex("1f8b08000000000000ff")


def written(directory: Path, rows: bytes = ROWS) -> Path:
    """A file of the format."""
    artifact = Artifact(directory, "moves", of_type(MOVES), CSV_GZ)
    with artifact:
        artifact.begin(1)
        artifact.write(rows, rows.count(b"\n"))
        artifact.end()
    return artifact.path


def test_gzip_reads_it_and_there_is_no_name_or_time_in_it(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert path.name == "moves.csv.gz"
    content = path.read_bytes()
    assert content.startswith(FIXED_HEADER)
    assert gzip.decompress(content) == of_type(MOVES).line + ROWS
    assert subprocess.run(["gzip", "-dc", path], check=True, capture_output=True).stdout.endswith(ROWS)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda content: content[:-9], "its compressed data is cut off"),
        (lambda content: content[:-1], "its compressed data is cut off"),
        (lambda content: content[:5], "its compressed data is cut off"),
        (lambda content: content + b"\0", "something follows its compressed data"),
        (lambda content: content + content, "something follows its compressed data"),
        (lambda content: content[:-8] + bytes([content[-8] ^ 1]) + content[-7:], "incorrect data check"),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "incorrect length check"),
        (lambda content: b"\x1f\x8c" + content[2:], "incorrect header check"),
        (lambda content: content[:500] + bytes([content[500] ^ 4]) + content[501:], "Error -3|cannot be read again"),
    ],
)
def test_damage_is_found_though_the_bytes_are_those_that_were_written(
    damage: Callable[[bytes], bytes], told: str, tmp_path: Path
) -> None:
    """As a writer's own defect would be."""
    path = written(tmp_path)
    content = damage(path.read_bytes())
    path.write_bytes(content)
    with pytest.raises(ReconciliationError, match=told):
        read_again(path, CSV_GZ, MOVES, transform=UNCHANGED, spans=[ChecksummedSpan.of(content)])
