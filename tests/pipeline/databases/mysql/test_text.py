"""Texts that a MySQL or MariaDB could send, but that none here does."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.pipeline.databases.mysql.text import record_renderer
from promo_reports.sql.cell_policies.transform import UNCHANGED

DECIMAL, VAR_STRING, VECTOR, BINARY, UTF8MB4 = 246, 253, 242, 63, 46


@pytest.mark.parametrize(("sent", "cell"), [(b"-0.00", "0.00"), (b"-0.01", "-0.01"), (b"1.5", "1.50"), (b"7", "7.00")])
def test_decimals(sent: bytes, cell: str) -> None:
    described = [("points", DECIMAL, None, None, None, None, 1, 0, BINARY)]
    column = Column("points", ColumnType.DECIMAL, "Points.", scale=2)
    records = record_renderer(described, [column], ZoneInfo("UTC"), transform=UNCHANGED)
    assert records([(b"2.00",), (sent,), (None,)]) == [b"2.00\n", f"{cell}\n".encode(), b"\n"]


def test_a_column_alone_that_would_end_the_data() -> None:
    described = [("note", VAR_STRING, None, None, None, None, 1, 0, UTF8MB4)]
    records = record_renderer(
        described, [Column("note", ColumnType.TEXT, "Why.")], ZoneInfo("UTC"), transform=UNCHANGED
    )
    assert records([(b"\\.",), (b"",), (None,), (b"a,b",)]) == [b'"\\."\n', b'""\n', b"\n", b'"a,b"\n']


def test_a_vector_of_mysql_is_bytes() -> None:
    described = [("note", VECTOR, None, None, None, None, 1, 0, BINARY)]
    column = Column("note", ColumnType.TEXT, "Why.")
    records = record_renderer(described, [column], ZoneInfo("UTC"), transform=UNCHANGED)
    assert records([(b"\x00\x00\x80?",), (None,)]) == [b"\\x0000803f\n", b"\n"]
