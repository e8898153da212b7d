"""Timezones that a query converts times between: those that the server does not know make NULL of every time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import Source

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CALL = re.compile(r"\bconvert_tz\s*\(", re.IGNORECASE)
_PIECE = re.compile(r"'(?:[^'\\]|\\.|'')*(?:'|\\?\Z)|[(),]|[^'(),]+", re.DOTALL)
_TEXT = re.compile(r"(?:_\w+\s*)?'((?:[^'\\]|'')*)'(?:\s+collate\s+\w+)?", re.IGNORECASE)
_ALWAYS_KNOWN = re.compile(r"[+-]\d{1,2}:\d\d|system", re.IGNORECASE)
_OF_SESSION = re.compile(r"@@(?:(?:session|local)\.)?`?time_zone`?", re.IGNORECASE)
_ANY = "UTC"  # a name like any other: unknown where the tables are empty
_IS_UNKNOWN = "SELECT CONVERT_TZ(CAST('2026-01-01 12:00:00' AS DATETIME), '+00:00', %s) IS NULL"


def refuse_unknown_zones(
    connection: Connection, source: Source, texts: Iterable[str], values: Mapping[str, object]
) -> None:
    """Raise `DataRefused` for the first timezone of CONVERT_TZ in SQL that the server does not know.

    Of one that is not written there, or bound in `values`, it is only found whether the server knows any.
    """
    for zone in sorted({zone for text in texts for zone in _zones(text, values)}):
        if connection.exec_driver_sql(_IS_UNKNOWN, (zone,)).scalar():
            raise DataRefused(
                f"Connection {source.connection!r}: the server does not know the timezone {zone!r}, and CONVERT_TZ "
                "makes NULL of every time.",
                "Load its timezone tables (mariadb-tzinfo-to-sql or mysql_tzinfo_to_sql), or correct the name.",
            )


def _zones(text: str, values: Mapping[str, object]) -> Iterator[str]:
    for call in _CALL.finditer(text):
        for argument in _arguments(text, call.end())[1:]:
            zone = _zone(argument, values)
            if not _ALWAYS_KNOWN.fullmatch(zone):
                yield zone


def _zone(argument: str, values: Mapping[str, object]) -> str:
    """Return the timezone that an argument names; `_ANY` where that is in a column, or the result of an expression."""
    if argument.startswith("(") and argument.endswith(")"):
        return _zone(argument[1:-1].strip(), values)
    if _OF_SESSION.fullmatch(argument):
        return "+00:00"
    written = _TEXT.fullmatch(argument)
    return str(values.get(argument.strip("\x00"), _ANY)) if written is None else written[1].replace("''", "'")


def _arguments(text: str, at: int) -> list[str]:
    """Return what stands between the commas of a call whose parenthesis was opened before `at`."""
    arguments, depth = [""], 0
    for piece in _PIECE.findall(text, at):
        depth += (piece == "(") - (piece == ")")
        if depth < 0:
            break
        if piece == "," and not depth:
            arguments.append("")
        else:
            arguments[-1] += piece
    return [argument.strip() for argument in arguments]
