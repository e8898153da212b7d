"""Columns that are rendered many values at a time: each cell is what `cells` makes of its value alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.domain.cell_policy import RAW, SPREADSHEET, CellPolicy
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases import columns
from promo_reports.pipeline.databases.cells import cell_renderer
from promo_reports.pipeline.databases.local_times import LocalTimes
from promo_reports.pipeline.databases.mysql import text
from promo_reports.sql.cell_policies.transform import transform_of

ZONE = ZoneInfo("Australia/Lord_Howe")
DECIMAL, DATETIME, VAR_STRING, TINY, BINARY, UTF8MB4 = 246, 12, 253, 1, 63, 46
FORMULAS = st.text(st.sampled_from("=+-@'\t\r\n \u00a0\u3000＝＠あ£aß,\""), max_size=6)
TEXTS = st.one_of(FORMULAS, st.text(st.characters(exclude_categories=["Cs"]), max_size=9))
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
HUNDREDTHS = st.integers(-(10**15), 10**15).map(lambda number: number / 100)
NUMBERS = st.from_regex(r"\A-?[0-9]{1,3}(\.[0-9]{1,3})?\Z")
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 3, 30), datetime(2026, 4, 8)),  # noqa: DTZ001 - UTC; the clocks change in between
    st.datetimes(),
)
TIMES = st.one_of(
    st.builds(lambda moment, form: moment.isoformat(" ", form), MOMENTS, st.sampled_from(["seconds", "milliseconds"])),
    MOMENTS.map(lambda moment: moment.isoformat(" ")),
)
NO_TIMES: tuple[object, ...] = (
    "2026-02-31 10:00:00", "2026-01-01 24:00:00", "2026-01-01 10:60:00", "2026-01-01 10:00:60", "2026-01-01 10:00",
    "2026-01-01T10:00:00", "2026-01-01 10:00:00Z", "2026-01-01 10:00:00.000.000000", "2026-01-01 10:00:00.000000.000",
    "2026-01-01 10:00:00.25", "2026-01-01 10:00:00\n", "0000-00-00 00:00:00", "２０２６-01-01 10:00:00", "", 5, 1.5,
    "2026-04-05 10:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999",
)  # fmt: skip
NO_HUNDREDTHS: tuple[object, ...] = (
    -0.0, 0.125, 0.001, 1e15, 1e22, 90071992547409.93, 12345678901234.56, float("nan"), float("inf"), True, "-0.00",
    "007.00", "-07.00", "1.5", "1,50", "1-2.00", "+1.00", "--1.00", ".50", "1.00.00", "１.00", "1e2.00", "", b"1.00",
)  # fmt: skip
NO_TEXTS: tuple[object, ...] = (
    0,
    0.0,
    b"",
    b"a",
    bytearray(b"=1"),
    "",
    "\0",
    "\r",
    '"',
    5,
    Decimal(0),
    False,
    "=1",
    "\ufeff'+",
    "£",
)
NO_BITS: tuple[object, ...] = (1.0, Decimal("1.0"), True, "1", [])
NO_DATES: tuple[object, ...] = (date(2026, 1, 1), MIDNIGHT, MIDNIGHT.astimezone(ZONE), [])
OTHERS = st.sampled_from(
    [0, 1, 1.0, -0.0, True, False, Decimal(1), Decimal("1.0"), b"", b"a", "1", "true", date(2026, 1, 1)]
)
VALUES = {
    ColumnType.TEXT: st.one_of(TEXTS, OTHERS),
    ColumnType.INTEGER: st.one_of(st.integers(), OTHERS),
    ColumnType.DECIMAL: st.one_of(HUNDREDTHS, st.floats(), st.integers(), NUMBERS, OTHERS),
    ColumnType.TIMESTAMP: st.one_of(
        TIMES, st.sampled_from(NO_TIMES), MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC))
    ),
    ColumnType.DATE: st.one_of(st.dates(), st.dates().map(str), MOMENTS, TIMES, OTHERS),
    ColumnType.BOOLEAN: OTHERS,
}
ALIKE = {
    ColumnType.TEXT: TEXTS.filter(lambda value: "\0" not in value),
    ColumnType.INTEGER: st.integers(),
    ColumnType.DECIMAL: HUNDREDTHS,
    ColumnType.TIMESTAMP: TIMES,
    ColumnType.DATE: st.dates().map(str),
    ColumnType.BOOLEAN: st.sampled_from([0, 1]),
}
"""Values that a column in order has, none of which stops the others from being rendered at once."""
SENT = {
    ColumnType.TEXT: (VAR_STRING, UTF8MB4, ALIKE[ColumnType.TEXT]),
    ColumnType.DECIMAL: (DECIMAL, BINARY, st.one_of(NUMBERS, st.from_regex(r"\A-?(0|[1-9][0-9]?)\.[0-9]{2}\Z"))),
    ColumnType.TIMESTAMP: (DATETIME, BINARY, st.one_of(TIMES, st.just("0000-00-00 00:00:00"))),
    ColumnType.BOOLEAN: (TINY, BINARY, st.sampled_from(["0", "1", "2"])),
}


def alone(column: Column, values: list[Any], policy: CellPolicy) -> list[bytes] | str:
    """The records of a column and its copy, value by value; or why one is refused."""
    render = cell_renderer(column, LocalTimes(ZONE), transform=transform_of(policy))
    try:
        cells = ["" if value is None else render(value) for value in values]
    except DataRefused as error:
        return str(error)
    return [f"{cell},{cell}\n".encode() for cell in cells]


def together(records: columns.Records, values: list[Any]) -> list[bytes] | str:
    try:
        return records([(value, value) for value in values])
    except DataRefused as error:
        return str(error)


@pytest.mark.parametrize("policy", [RAW, SPREADSHEET], ids=["raw", "spreadsheet"])
@pytest.mark.parametrize(
    ("kind", "usual", "unusual"),
    [
        *((ColumnType.TEXT, usual, each) for each in NO_TEXTS for usual in ("a", ",", ',"\n')),
        *((ColumnType.DECIMAL, usual, each) for each in NO_HUNDREDTHS for usual in (1.25, "1.25")),
        *((ColumnType.TIMESTAMP, "2026-01-01 10:00:00.250000", each) for each in NO_TIMES),
        *((ColumnType.BOOLEAN, 1, each) for each in NO_BITS),
        *((ColumnType.DATE, "2026-01-01", each) for each in NO_DATES),
    ],
)
def test_one_value_that_is_unlike_the_others(
    kind: ColumnType, usual: object, unusual: object, policy: CellPolicy
) -> None:
    column = Column("a", kind, "A cell.", scale=2)
    records = columns.record_renderer([column, column], ZONE, transform=transform_of(policy))
    for values in ([unusual], [usual, unusual, None], [unusual, usual]):
        assert together(records, values) == alone(column, values, policy)


@pytest.mark.parametrize("policy", [RAW, SPREADSHEET], ids=["raw", "spreadsheet"])
@pytest.mark.parametrize("kind", ColumnType)
@given(data=st.data())
def test_python_values(kind: ColumnType, policy: CellPolicy, data: st.DataObject) -> None:
    column = Column(
        "a", kind, "A cell.", scale=data.draw(st.sampled_from([None, 0, 2, 20])), total=data.draw(st.booleans())
    )
    each = data.draw(st.sampled_from([VALUES[kind], ALIKE[kind]]))
    values = data.draw(st.lists(st.one_of(st.none(), each), min_size=1, max_size=6))
    records = columns.record_renderer([column, column], ZONE, transform=transform_of(policy))
    assert together(records, values) == alone(column, values, policy)


@pytest.mark.parametrize("policy", [RAW, SPREADSHEET], ids=["raw", "spreadsheet"])
@pytest.mark.parametrize("kind", SENT)
@given(data=st.data())
def test_texts_of_the_protocol(kind: ColumnType, policy: CellPolicy, data: st.DataObject) -> None:
    sent, charset, each = SENT[kind]
    column = Column("a", kind, "A cell.", scale=data.draw(st.sampled_from([None, 2])))
    values = data.draw(st.lists(st.one_of(st.none(), each), min_size=1, max_size=6))
    described = [("a", sent, None, None, None, None, 1, 0, charset)] * 2
    records = text.record_renderer(described, [column, column], ZONE, transform=transform_of(policy))
    known = [Decimal(value) if kind is ColumnType.DECIMAL and value is not None else value for value in values]
    assert together(records, [None if value is None else value.encode() for value in values]) == alone(
        column, known, policy
    )


def test_long_rows_are_fetched_a_few_at_a_time() -> None:
    lengths = [1] * 1_000 + [1 << 20] * 300 + [1] * 1_000
    rows = iter([(index, "a" * length) for index, length in enumerate(lengths)])
    asked: list[int] = []

    def fetch(count: int) -> list[tuple[int, str]]:
        asked.append(count)
        return list(islice(rows, count))

    number, note = Column("number", ColumnType.INTEGER, "Which."), Column("note", ColumnType.TEXT, "A note.")
    records = columns.record_renderer([number, note], ZONE, transform=transform_of(RAW))
    made = [int(record.partition(b",")[0]) for batch in columns.batches(fetch, records) for record in batch]
    assert made == list(range(len(lengths)))
    assert asked.count(3) > 20  # of some bytes more than a MiB, three make less than four MiB
    assert asked[-2] == columns.ROWS_AT_A_TIME
