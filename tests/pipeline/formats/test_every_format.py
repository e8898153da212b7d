"""What every format owes: the cells that were written are read again, and what it cannot hold is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from promo_reports.domain.file_format import FORMATS, FileFormat
from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.decimals import EXACT
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.split import Splitter
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.pipeline.verification.second_reading import Reading, SecondReading
from promo_reports.sql.cell_policies.transform import UNCHANGED
from tests.support.databases.promo import SCALED
from tests.support.headings import of_type
from tests.support.second_reading import finished

ZONE = "Asia/Dubai"
LEDGER = dataclasses.replace(
    SCALED,
    columns=(
        Column("id", ColumnType.INTEGER, "Number."),
        Column("at", ColumnType.TIMESTAMP, "When."),
        Column("note", ColumnType.TEXT, "Why."),
        Column("points", ColumnType.DECIMAL, "How much.", scale=2, total=True),
        Column("day", ColumnType.DATE, "Which day."),
        Column("active", ColumnType.BOOLEAN, "Whether."),
    ),
    order=("at", "id"),
    window_column="at",
    recorded_column=None,
    totals_by=None,
)
TIME = "2026-03-01 12:00:00+04"
Row = Sequence[str | None]
every_format = pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS.keys())


def record(row: Row) -> bytes:
    """A record as COPY writes it."""

    def cell(text: str | None) -> str:
        if text is None:
            return ""
        return '"' + text.replace('"', '""') + '"' if not text or set(text) & set(',"\r\n') else text

    return (",".join(map(cell, row)) + "\n").encode()


def write(
    directory: Path,
    file_format: FileFormat,
    rows: Sequence[Row],
    *,
    report_type: ReportType = LEDGER,
    limit: int = 1_000,
) -> Artifact:
    artifact = Artifact(directory, "ledger", of_type(report_type, ZONE), file_format)
    splitter = Splitter(artifact, limit)
    with artifact:
        splitter.begin()
        for row in rows:
            splitter.write(record(row))
        splitter.finish()
    return artifact


def read(artifact: Artifact, spans: Sequence[ChecksummedSpan] | None = None) -> Reading:
    report_type = dataclasses.replace(LEDGER, columns=artifact.heading.columns)
    file = finished(artifact.path)
    with SecondReading(file, artifact.format, artifact.heading, Tally(report_type, UNCHANGED)) as again:
        return again.result(artifact.spans if spans is None else spans)


def check(artifact: Artifact) -> Reading:
    """Read again, and compare the content of each part with what was written, byte for byte."""
    reading = read(artifact)
    assert [(part.name, part.rows, part.bytes, part.sha256) for part in reading.parts] == [
        (part.name, part.rows, part.bytes, part.sha256) for part in artifact.parts
    ]
    return reading


def row(number: int, *, at: str | None = TIME, note: str | None = "a", points: str | None = "1.00") -> Row:
    return (str(number), at, note, points, None, None)


@every_format
def test_an_export_without_rows(file_format: FileFormat, tmp_path: Path) -> None:
    reading = check(write(tmp_path, file_format, []))
    assert (reading.rows, len(reading.parts), reading.parts[0].first) == (0, 1, None)


@every_format
def test_rows_sums_and_times(file_format: FileFormat, tmp_path: Path) -> None:
    reading = check(
        write(tmp_path, file_format, [row(1, points="-0.10"), row(2), row(3, at="2026-03-02 00:00:00.5+04")])
    )
    assert (reading.rows, str(reading.sums["points"])) == (3, "1.90")
    assert (reading.parts[0].first, reading.parts[-1].last) == (TIME, "2026-03-02 00:00:00.5+04")


ENDS: dict[str, Sequence[Row]] = {
    "NULL": [("1", None, None, None, None, None)],
    "empty text": [("1", TIME, "", "0.00", None, None), ("2", TIME, None, None, None, None)],
    "integers": [(str(number), TIME, "", None, None, None) for number in (-(2**63), -1, 0, 2**53 + 1, 2**63 - 1)],
    "decimals": [("1", TIME, "", f"{sign}{'9' * 36}.99", None, None) for sign in ("", "-")],
    "small decimals": [("1", TIME, "", number, None, None) for number in ("0.01", "-0.01", "0.00", "-1.10")],
    "times": [
        ("1", at, "", None, None, None)
        for at in (
            "0001-01-01 00:00:00+03:41:12",
            "1899-12-31 23:59:59.999999+03:41:12",
            "1900-02-28 00:00:00+03:41:12",
            "1970-01-01 03:59:59.999999+04",
            "2026-02-28 23:59:59.9+04",
            "2026-02-28 23:59:59.123456+04",
            "9999-12-31 23:59:59.999999+04",
        )
    ],
    "days": [("1", TIME, "", None, day, None) for day in ("0001-01-01", "1900-02-28", "1900-03-01", "9999-12-31")],
    "booleans": [("1", TIME, "", None, None, active) for active in ("t", "f")],
    "formulas": [("1", TIME, f"{begin}1+1", None, None, None) for begin in "=+-@\t"],
    "texts": [
        ("1", TIME, text, None, None, None)
        for text in (
            "001198902261",
            "1234567890123456789",
            "Lumi\u00e8re",
            'a "b", c\nd\r\ne\rf',
            " blanks ",
            "\ufeffx",
            "_x000D_ _x0041_ _X000d_",
            "\x01\x02\x1f\x7f\x85\u2028\ufffd",
            "\ufffe\uffff",
            "\U0001f381",
            "\\.",
            "\\N",
            "<a>&amp;]]>",
            "http://example.com",
            "{=1+1}",
            "TRUE",
            "1e5",
            "NaN",
        )
    ],
}  # fmt: skip


@every_format
@pytest.mark.parametrize("rows", ENDS.values(), ids=ENDS.keys())
def test_types_at_their_ends(file_format: FileFormat, rows: Sequence[Row], tmp_path: Path) -> None:
    numbered = [(str(n), *each[1:]) if len(rows) > 1 and each[0] == "1" else each for n, each in enumerate(rows, 1)]
    check(write(tmp_path, file_format, numbered))


@every_format
def test_a_decimal_with_fewer_digits_than_its_scale(file_format: FileFormat, tmp_path: Path) -> None:
    """PostgreSQL writes a numeric without a precision as it is kept."""
    reading = check(
        write(tmp_path, file_format, [row(1, points="1"), row(2, points="1.5", note='"'), row(3, points=None)])
    )
    assert reading.sums["points"] * 2 == 5


@every_format
def test_the_same_rows_give_the_same_bytes(file_format: FileFormat, tmp_path: Path) -> None:
    rows = [row(number) for number in range(100)]
    files = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        files.append(write(tmp_path / name, file_format, rows).path.read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("file_format", [each for each in FORMATS.values() if each.for_rows(11, 5) is each])
def test_a_row_beyond_the_limit_begins_another_part(file_format: FileFormat, tmp_path: Path) -> None:
    reading = check(write(tmp_path, file_format, [row(number) for number in range(11)], limit=5))
    assert [part.rows for part in reading.parts] == ([11] if file_format.unlimited else [5, 5, 1])


@every_format
def test_a_cell_of_fifty_megabytes(file_format: FileFormat, tmp_path: Path) -> None:
    rows = [row(1), row(2, note="x" * 50_000_000), row(3)]
    if file_format.longest_cell is not None:
        with pytest.raises(DataRefused, match=f"column 'note' .* {file_format.longest_cell:,}"):
            write(tmp_path, file_format, rows)
    else:
        assert check(write(tmp_path, file_format, rows)).rows == 3


@every_format
def test_a_file_that_is_cut_or_has_another_bit(file_format: FileFormat, tmp_path: Path) -> None:
    """Also where the spans are those of the damaged bytes: the reader finds it, or the cells are the same."""
    artifact = write(tmp_path, file_format, [row(number, note=f"note {number}") for number in range(200)])
    whole = artifact.path.read_bytes()
    for size in {0, 1, 10, len(whole) // 2, len(whole) - 1}:
        artifact.path.write_bytes(whole[:size])
        with pytest.raises(ReconciliationError):
            read(artifact)
        with pytest.raises(ReconciliationError):
            read(artifact, [ChecksummedSpan.of(whole[:size])])
    for at in range(0, len(whole), max(1, len(whole) // 60)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        artifact.path.write_bytes(damaged)
        with pytest.raises(ReconciliationError, match="is not what was written"):
            read(artifact)
        try:
            found = read(artifact, [ChecksummedSpan.of(bytes(damaged))])
        except (ReconciliationError, DataRefused):
            continue
        if [part.sha256 for part in found.parts] == [part.sha256 for part in artifact.parts]:
            assert file_format.key not in {"csv", "zip", "csv_gz"}, f"byte {at}"


texts = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
rows_of_all_types = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1).map(str),
        st.datetimes().map(lambda at: f"{at:%Y}".zfill(4) + f"{at:-%m-%d %H:%M:%S}" + "+04") | st.none(),
        texts,
        st.none() | st.integers(-(10**36), 10**36).map(lambda cents: format(Decimal(cents).scaleb(-2, EXACT), "f")),
        st.none() | st.dates().map(str),
        st.sampled_from([None, "t", "f"]),
    ),
    max_size=6,
    unique_by=lambda each: each[0],
)  # fmt: skip


@every_format
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of_all_types)
@example(rows=[])
def test_a_round_trip(file_format: FileFormat, rows: Sequence[Row], tmp_path_factory: pytest.TempPathFactory) -> None:
    # PostgreSQL knows no -0; before 1930 the zone had other offsets.
    canonical = [
        (number, at if at and at >= "1930" else None, note, "0.00" if points == "-0.00" else points, *rest)
        for number, at, note, points, *rest in rows
    ]
    check(write(tmp_path_factory.mktemp("round"), file_format, canonical))


@every_format
def test_nothing_else_is_left_beside_the_file(file_format: FileFormat, tmp_path: Path) -> None:
    artifact = write(tmp_path, file_format, [row(1)])
    assert list(tmp_path.iterdir()) == [artifact.path]
