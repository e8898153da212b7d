"""Every type of a column at its ends, and round trips of anything that a column may hold."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa  # noqa: TID253
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import promo_reports
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import ReadRefused
from promo_reports.pipeline.databases.cells import cell_renderer
from promo_reports.pipeline.databases.local_times import LocalTimes
from promo_reports.sql.cell_policies.transform import UNCHANGED
from tests.support.delivery.tables import staged_table

TYPES = (
    ColumnType.INTEGER,
    ColumnType.TEXT,
    ColumnType.DECIMAL,
    ColumnType.TIMESTAMP,
    ColumnType.DATE,
    ColumnType.BOOLEAN,
)
ZONES = ("America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe")


def read(directory: Path, cells: list[str | None], type_: str, **changes: Any) -> Any:
    """The column of these cells beside one that numbers the rows, which neither has to be the first."""
    types = changes.pop("types", None)
    rows = [(str(number), cell) for number, cell in enumerate(cells)]
    export = staged_table(directory, rows, columns={"number": "integer", "cell": type_}, **changes)
    table = promo_reports.read(str(export.directory), types=types)
    assert table.column("number").to_pylist() == list(range(len(cells)))
    return table.column("cell")


@pytest.mark.parametrize(
    ("type_", "cell", "value"),
    [
        ("integer", "9223372036854775807", 2**63 - 1),
        ("integer", "-9223372036854775808", -(2**63)),
        ("decimal", "99999999999999999999999999999999999999", Decimal("9" * 38)),
        ("decimal", "-0.0000000000000000000000000000000000001", Decimal("-1E-37")),
        ("decimal", "0.00", Decimal("0.00")),
        ("date", "0001-01-01", date.min),
        ("date", "9999-12-31", date.max),
        ("boolean", "t", True),
        ("boolean", "f", False),
        ("timestamp", "0001-01-02 00:00:00+00", datetime(1, 1, 2, tzinfo=UTC)),
        ("timestamp", "9999-12-30 23:59:59.999999+00", datetime(9999, 12, 30, 23, 59, 59, 999999, UTC)),
        ("timestamp", "1800-01-01 00:00:00-04:56:02", datetime(1800, 1, 1, 4, 56, 2, tzinfo=UTC)),
        ("timestamp", "2024-11-03 01:30:00-04", datetime(2024, 11, 3, 5, 30, tzinfo=UTC)),
        ("timestamp", "2024-11-03 01:30:00-05", datetime(2024, 11, 3, 6, 30, tzinfo=UTC)),
        ("timestamp", "2024-06-01 12:00:00.5+10:30", datetime(2024, 6, 1, 1, 30, 0, 500000, UTC)),
        ("text", "\ufeffmark", "\ufeffmark"),
        ("text", "t", "t"),
        ("text", "NULL", "NULL"),
        ("text", "001198902261", "001198902261"),
        ("text", '"', '"'),
        ("text", "\r\n", "\r\n"),
        ("text", "", ""),
        ("text", "x" * (9 << 20), "x" * (9 << 20)),
        ("text", '"\n' * (3 << 20), '"\n' * (3 << 20)),
    ],
    ids=lambda part: ascii(part)[:40],
)
def test_a_type_at_its_end(tmp_path: Path, type_: str, cell: str, value: object) -> None:
    column = read(tmp_path, [None, cell, None], type_, totals={"cell": cell} if type_ == "decimal" else {})
    if type_ == "timestamp":
        column = column.cast(pa.timestamp("us", "UTC"))
    assert column.to_pylist() == [None, value, None]


@pytest.mark.parametrize(
    ("type_", "cell", "counted"),
    [
        ("date", "5874897-12-31", None),
        ("date", "0044-03-15 BC", -735160),
        ("date", "10000-01-01", 2932897),
        ("timestamp", "0044-03-15 00:00:00+00 BC", -735160 * 86_400_000_000),
        ("timestamp", "10000-01-01 01:00:00+01", 2932897 * 86_400_000_000),
    ],
)
def test_days_that_python_does_not_know_are_exact(tmp_path: Path, type_: str, cell: str, counted: int | None) -> None:
    if counted is None:
        with pytest.raises(ReadRefused, match="column 'cell' has a value that date32"):
            read(tmp_path, [cell], type_)
        assert read(tmp_path, [cell], type_, types={"cell": pa.string()}).to_pylist() == [cell]
        return
    kind = pa.int32() if type_ == "date" else pa.int64()
    assert read(tmp_path, ["2024-01-01" if type_ == "date" else None, cell], type_).cast(kind).to_pylist()[1] == counted


@pytest.mark.parametrize(
    ("type_", "cell"),
    [
        ("integer", "9223372036854775808"),
        ("decimal", "1.0000000000000000001"),
        ("decimal", "1" * 40),
        ("timestamp", "294276-12-31 23:59:59+00"),
        ("timestamp", "2024-03-01 00:00:00"),
        ("timestamp", "2024-02-30 00:00:00+00"),
        ("date", "2024-02-30"),
        ("boolean", "yes"),
    ],
)
def test_what_a_type_does_not_hold_is_refused_and_can_be_read_as_text(tmp_path: Path, type_: str, cell: str) -> None:
    with pytest.raises(ReadRefused, match=r"column 'cell' has a value that .* does not hold") as refused:
        read(tmp_path, [None, cell], type_)
    assert cell not in str(refused.value)
    assert read(tmp_path, [None, cell], type_, types={"cell": pa.string()}).to_pylist() == [None, cell]


def test_a_decimal_has_as_many_digits_as_its_report_type_and_its_total(tmp_path: Path) -> None:
    export = staged_table(tmp_path, [("1",)], columns={"cell": "decimal"})

    def scale(column: dict[str, int], totals: dict[str, str]) -> int:
        said = json.loads((export.directory / "manifest.json").read_text())
        said["columns"][0] = {"name": "cell", "type": "decimal", **column}
        (export.directory / "manifest.json").write_text(json.dumps({**said, "totals": totals}))
        return int(promo_reports.read(str(export.directory)).schema.field("cell").type.scale)

    declared = {"scale": 2}
    assert scale({}, {}) == 18
    assert scale({}, {"cell": "12.5"}) == 1
    assert scale(declared, {}) == 2
    assert scale(declared, {"cell": "0"}) == 2
    assert scale(declared, {"cell": "0.125"}) == 3


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
times = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28), timezones=st.just(UTC))  # noqa: DTZ001
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4)
rows = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | texts,
        st.none() | decimals,
        st.none() | times,
        st.none() | st.dates(),
        st.none() | st.booleans(),
    ),
    max_size=20,
)


@settings(deadline=None)
@given(st.lists(rows, min_size=1, max_size=3), st.sampled_from(ZONES), st.integers(1, 200))
def test_what_was_written_is_read(parts: list[Any], zone: str, block: int) -> None:
    types = dict(zip(("id", "note", "points", "at", "day", "active"), TYPES, strict=True))
    renderers = [
        cell_renderer(Column(name, type_, ""), LocalTimes(ZoneInfo(zone)), transform=UNCHANGED)
        for name, type_ in types.items()
    ]
    written = [[_texts(renderers, row) for row in part] for part in parts]
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        from promo_reports.reading.rows import file_formats, record_blocks

        patch.setattr(file_formats, "record_blocks", lambda content: record_blocks.record_blocks(content, block))
        columns = {name: str(type_) for name, type_ in types.items()}
        export = staged_table(Path(directory), *written, columns=columns, timezone=zone)
        table = promo_reports.read(str(export.directory))
    assert [tuple(row.values()) for row in _in_utc(table).to_pylist()] == [row for part in parts for row in part]


def _in_utc(table: Any) -> Any:
    place = table.schema.get_field_index("at")
    return table.set_column(place, "at", table.column("at").cast(pa.timestamp("us", "UTC")))


def _texts(renderers: list[Any], row: tuple[Any, ...]) -> list[str | None]:
    """Cells as the product writes them, taken out of their quotes again for `csv_text`."""
    cells = [None if value is None else render(value) for render, value in zip(renderers, row, strict=True)]
    return [cell[1:-1].replace('""', '"') if cell and cell.startswith('"') else cell for cell in cells]


def test_the_offset_of_a_local_time_in_autumn_decides_the_instant(tmp_path: Path) -> None:
    first, second = read(tmp_path, ["2024-11-03 01:30:00-04", "2024-11-03 01:30:00-05"], "timestamp").to_pylist()
    assert second - first == timedelta(0)  # Python compares the clocks of one zone
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)
