"""Warnings of MySQL and MariaDB, which cut a text or take it for a number, say so, and go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import Source

if TYPE_CHECKING:
    from sqlalchemy import Connection

_DEPRECATED = frozenset({1287, 1681, 3719, 3778})  # words that are going to change, and no answer has
_WHAT_TO_DO = {
    1260: "GROUP_CONCAT makes a longer text than the server can hold: take fewer rows, or shorter texts.",
    1292: "A text or a number is taken for a value of another type: CAST it, or compare it with one of its own type. "
    "Times are columns of type DATETIME(6) or TIMESTAMP(6), in UTC, on days that a calendar has (2026-02-31 is none).",
    1301: "Raise max_allowed_packet on the server, or make shorter texts.",
    1931: "The recursion has no end: limit it in the report type's SQL.",
}


def refuse_warnings(connection: Connection, source: Source) -> None:
    """Raise `DataRefused` for the first warning of the last statement; the values that it quotes are left out."""
    for level, code, message in connection.exec_driver_sql("SHOW WARNINGS").fetchall():
        if str(level) not in ("Warning", "Error") or int(str(code)) in _DEPRECATED:
            continue
        what = str(message).partition("'")[0].rstrip(" .:")
        raise DataRefused(
            f"Connection {source.connection!r}: the server warns of its answer, with {code}: {what}.",
            _WHAT_TO_DO.get(int(str(code)), "Change the report type's SQL so that there is nothing to warn of."),
        )
