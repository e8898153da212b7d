"""Every format of the domain has its code, and is loaded by itself."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from promo_reports.domain.file_format import FORMATS, PARQUET, FileFormat
from promo_reports.errors import PromoReportsError
from promo_reports.pipeline.formats.file_code import MODULES, Unreadable, code_of
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.sql.cell_policies.transform import UNCHANGED
from tests.support.databases.promo import MOVES
from tests.support.headings import of_texts, of_type
from tests.support.second_reading import finished


def test_every_format_has_code() -> None:
    assert MODULES.keys() == FORMATS.keys()


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS.keys())
def test_what_is_written_is_covered_by_stretches(file_format: FileFormat) -> None:
    file = io.BytesIO()
    writer = code_of(file_format).writer(file, of_texts("id", "note"))
    for number in (1, 2) if file_format.member_suffix else (1,):
        writer.begin(file_format.part_name("june", number))
        writer.write(b"1,a\n")
        assert writer.end().length > len(b"1,a\n")
    writer.close()
    assert sum(each.length for each in writer.spans) == len(file.getvalue())


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS.keys())
@pytest.mark.parametrize("content", [b"\xff\xfe", b'id,"no'])
def test_what_is_no_file_of_the_format_is_damaged(file_format: FileFormat, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"june{file_format.suffix}"
    header = ",".join(column.name for column in MOVES.columns).encode() + b"\n"
    path.write_bytes(header + content)
    with finished(path) as file, pytest.raises(Unreadable):
        code_of(file_format).read_back(file, of_type(MOVES), Tally(MOVES, transform=UNCHANGED))


def test_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, MODULES["parquet"], raising=False)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(PromoReportsError, match=r"the format Parquet .*duckdb is not.*Install promo-reports\[duckdb\]"):
        code_of(PARQUET)


def test_no_format_loads_another() -> None:
    """A format that few use may need a library that few have."""
    code = (
        "import sys, promo_reports.pipeline.formats.csv_file; print('zipfile' in sys.modules or 'isal' in sys.modules)"
    )
    path = {"PYTHONPATH": str(Path(__file__).parents[3] / "plugins")}
    assert subprocess.check_output([sys.executable, "-c", code], env=path, text=True).strip() == "False"
