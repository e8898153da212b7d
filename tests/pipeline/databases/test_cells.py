"""Cells as PostgreSQL writes them: its own COPY is the judge."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg2  # noqa: TID253 - nothing is parsed here
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devstack.postgres import PostgresServer
from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.cells import plain_text
from promo_reports.pipeline.databases.columns import record_renderer
from promo_reports.sql.cell_policies.formulas import is_formula
from promo_reports.sql.cell_policies.transform import UNCHANGED, transform_of

UTC_ZONE = ZoneInfo("UTC")
TEXT = Column("note", ColumnType.TEXT, "A text.")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
TRICKY = st.text(alphabet="\"',\\.\r\n\t =+-@＝aé", max_size=8)
FIRST, LAST = datetime(1, 1, 2), datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - naive times are UTC
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Monrovia", "Pacific/Apia")


@pytest.fixture(scope="module")
def copy(postgres: PostgresServer) -> Iterator[object]:
    """What COPY says of values."""
    connection = psycopg2.connect(postgres.url())

    class Sink:
        def __init__(self) -> None:
            self.records: list[bytes] = []

        def write(self, record: bytes) -> None:
            self.records.append(record)

    def copy(zone: str, types: str, values: tuple[object, ...]) -> bytes:
        sink = Sink()
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, false)", (zone,))
            casts = ", ".join(f"CAST(%s AS {name})" for name in types.split())
            cursor.copy_expert(b"COPY (SELECT " + cursor.mogrify(casts, values) + b") TO STDOUT (FORMAT csv)", sink)
        return b"".join(sink.records)

    yield copy
    connection.close()


def record(kind: ColumnType, value: object, zone: str = "UTC", scale: int | None = None) -> bytes:
    column = Column("a", kind, "A cell.", scale=scale)
    both = record_renderer([column, column], ZoneInfo(zone), transform=UNCHANGED)
    return b"".join(both([[value, None]]))


@settings(max_examples=150, deadline=None)
@given(value=st.none() | TEXTS | TRICKY)
@example(value="\\.")
@example(value="")
@example(value=None)
def test_texts_are_postgresqls(value: str | None, copy) -> None:  # type: ignore[no-untyped-def]
    assert record(ColumnType.TEXT, value) == copy("UTC", "text text", (value, None))
    assert record_renderer([TEXT], UTC_ZONE, transform=UNCHANGED)([[value]]) == [copy("UTC", "text", (value,))]


@settings(max_examples=150, deadline=None)
@given(value=st.datetimes(FIRST, LAST), zone=st.sampled_from(ZONES))
def test_times_are_postgresqls(value: datetime, zone: str, copy) -> None:  # type: ignore[no-untyped-def]
    if value.year < 1900 and zone != "UTC":
        value = value.replace(year=value.year % 100 + 1970 if value.year % 4 else 2000)
    expected = copy(zone, "timestamptz text", (value.replace(tzinfo=UTC), None))
    assert record(ColumnType.TIMESTAMP, value, zone) == expected
    assert record(ColumnType.TIMESTAMP, value.replace(tzinfo=UTC), zone) == expected
    assert record(ColumnType.TIMESTAMP, value.isoformat(" "), zone) == expected


@settings(max_examples=150, deadline=None)
@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=12), scale=st.none() | st.integers(0, 18))
def test_decimals_are_postgresqls(value: Decimal, scale: int | None, copy) -> None:  # type: ignore[no-untyped-def]
    if scale is None or scale <= 12:
        assert record(ColumnType.DECIMAL, value, scale=scale) == copy("UTC", "numeric text", (value, None))
    else:
        assert record(ColumnType.DECIMAL, value, scale=scale) == copy(
            "UTC", f"numeric(100,{scale}) text", (value, None)
        )


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (ColumnType.DATE, "date", date(2026, 3, 1)),
        (ColumnType.DATE, "date", date(44, 3, 15)),
        (ColumnType.BOOLEAN, "boolean", True),
        (ColumnType.BOOLEAN, "boolean", False),
        (ColumnType.INTEGER, "bigint", -(2**63)),
        (ColumnType.INTEGER, "bigint", 0),
        (ColumnType.INTEGER, "numeric(40)", Decimal(10**39)),
        (ColumnType.TEXT, "bytea", b"\x00\xff"),
        (ColumnType.DECIMAL, "numeric", Decimal("1E+3")),
        (ColumnType.DECIMAL, "numeric", Decimal("-0.00")),
        (ColumnType.DECIMAL, "numeric", Decimal("12345678901234567890.123456789012345678")),
    ],
)
def test_other_values_are_postgresqls(kind: ColumnType, name: str, value: object, copy) -> None:  # type: ignore[no-untyped-def]
    assert record(kind, value) == copy("UTC", f"{name} text", (value, None))


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (0.30000000000000004, 2, "0.30"),
        (-0.001, 2, "0.00"),
        (1e22, 2, "10000000000000000000000.00"),
        (1.5e300, None, "15" + "0" * 299),
        (1e-7, None, "0.0000001"),
        (-0.0, None, "0.0"),
        (Decimal("1.005"), 2, "1.005"),
        ("1.005", 2, "1.005"),
        ("7", 2, "7.00"),
        (7, 2, "7.00"),
        (Decimal("1" * 60), 2, "1" * 60 + ".00"),
    ],
)
def test_floats_are_rounded_to_the_scale_and_exact_numbers_never(value: object, scale: int | None, text: str) -> None:
    assert record(ColumnType.DECIMAL, value, scale=scale) == f"{text},\n".encode()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ColumnType.INTEGER, 1.5),
        (ColumnType.INTEGER, "many"),
        (ColumnType.INTEGER, "12"),
        (ColumnType.INTEGER, b"12"),
        (ColumnType.INTEGER, float("inf")),
        (ColumnType.DECIMAL, float("nan")),
        (ColumnType.DECIMAL, Decimal("sNaN")),
        (ColumnType.DECIMAL, Decimal("-Infinity")),
        (ColumnType.DECIMAL, ""),
        (ColumnType.DECIMAL, "+5"),
        (ColumnType.DECIMAL, " 5"),
        (ColumnType.DECIMAL, "1e5"),
        (ColumnType.DECIMAL, "1_000"),
        (ColumnType.DECIMAL, "٣"),
        (ColumnType.DECIMAL, "=1"),
        (ColumnType.DECIMAL, b"5"),
        (ColumnType.DECIMAL, True),
        (ColumnType.DATE, datetime(2026, 3, 1, 23, 30)),  # noqa: DTZ001
        (ColumnType.TEXT, "a\x00b"),
        (ColumnType.TIMESTAMP, datetime.min.replace(tzinfo=UTC)),
        (ColumnType.TIMESTAMP, "infinity"),
        (ColumnType.TIMESTAMP, "2026-03-01 12:00:00.1234567"),
        (ColumnType.TIMESTAMP, "٢٠٢٦-03-01 12:00:00"),
        (ColumnType.TIMESTAMP, "2026-03-01 24:00:00"),
        (ColumnType.DATE, "infinity"),
        (ColumnType.BOOLEAN, 2),
        (ColumnType.BOOLEAN, ""),
    ],
)
def test_what_is_not_of_its_type_is_refused(kind: ColumnType, value: object) -> None:
    with pytest.raises(DataRefused, match="Column 'a' holds"):
        record(kind, value, zone="America/New_York")


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS | TRICKY, min_size=2, max_size=5))
def test_any_texts_round_trip(row: list[str]) -> None:
    columns = [TEXT] * len(row)
    written = record_renderer(columns, UTC_ZONE, transform=UNCHANGED)([row])[0].decode()
    assert list(csv.reader(io.StringIO(written, newline=""), strict=True)) == [row]


@settings(max_examples=300, deadline=None)
@given(TEXTS | TRICKY)
def test_a_safe_cell_is_no_formula_for_a_spreadsheet_and_can_be_undone(text: str) -> None:
    written = record_renderer([TEXT, TEXT], UTC_ZONE, transform=transform_of(SPREADSHEET))([[text, ""]])[0].decode()
    ((cell, _),) = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝"))
    assert (cell[1:] if is_formula(cell) else cell) == text


def test_plain_text_is_what_a_reader_gives_back() -> None:
    assert plain_text(TEXT, UTC_ZONE)('a"b') == 'a"b'
    assert plain_text(Column("a", ColumnType.BOOLEAN, "B."), UTC_ZONE)(True) == "t"
    assert plain_text(Column("a", ColumnType.DATE, "D."), UTC_ZONE)(LAST.date()) == "9999-12-31"
