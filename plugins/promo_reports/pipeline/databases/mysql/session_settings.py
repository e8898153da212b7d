"""Settings that change what a query answers; a server or its `init_connect` may have changed them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import Source, changed_setting
from promo_reports.sql.lexer import Kind, Token, tokens

if TYPE_CHECKING:
    from sqlalchemy import Connection

WHOLE_ANSWERS = "sql_select_limit = 18446744073709551615, sql_big_selects = ON"
"""What every server knows, and without which it answers no question about its settings."""

# Names that a server does not know are left out.
SETTINGS = {
    # Quotes and || as the standard and `sql.lexer` read them. NO_BACKSLASH_ESCAPES must not be on: drivers escape
    # values with backslashes.
    "sql_mode": "'ANSI_QUOTES,PIPES_AS_CONCAT'",
    "time_zone": "'+00:00'",
    "timestamp": "DEFAULT",
    "lc_time_names": "'en_US'",
    "default_week_format": "0",
    "div_precision_increment": "4",
    "default_regex_flags": "''",
    "block_encryption_mode": "'aes-128-ecb'",
    "windowing_use_high_precision": "ON",
    "sql_auto_is_null": "OFF",
    "old_mode": "'UTF8_IS_UTF8MB3'",
    "system_versioning_asof": "DEFAULT",
    "completion_type": "'NO_CHAIN'",
    "resultset_metadata": "'FULL'",
    # Limits that cut an answer. A longer sort key than any VARCHAR or TEXT would need more memory than sorting has.
    "group_concat_max_len": "1073741824",
    "max_recursive_iterations": "4294967295",
    "max_sort_length": "65535",
    "sort_buffer_size": "8388608",
    # Limits that refuse an answer for its cost, which the statement timeout limits.
    "cte_max_recursion_depth": "4294967295",
    # Without it, nothing is said of what was cut, or of the tables that a query reads.
    "sql_notes": "ON",
}
_WARNINGS = "max_error_count"  # how many are kept; MySQL lets only administrators change it
_FEWEST_WARNINGS = 64
_CLOCK = "timestamp"


def assignments(connection: Connection) -> str:
    """Return the assignments of `SET SESSION` that give a session our own settings."""
    known = _known(connection, [_WARNINGS, *SETTINGS])
    changes = {name: value for name, value in SETTINGS.items() if name in known}
    if int(known[_WARNINGS]) < _FEWEST_WARNINGS:
        changes[_WARNINGS] = str(_FEWEST_WARNINGS)
    return ", ".join(f"{name} = {value}" for name, value in changes.items())


def refuse_variables(text: str, source: Source) -> None:
    """Raise `DataRefused` for SQL with `@variables`, whose values one question leaves to the next one."""
    words = [Token(Kind.SYMBOL, "", 0, 0), *tokens(text)]
    for before, at, name in zip(words, words[1:], words[2:], strict=False):
        if at.text == "@" and before.text != "@" and name.kind in (Kind.WORD, Kind.NAME, Kind.TEXT):
            raise DataRefused(
                f"Connection {source.connection!r}: the report type's SQL has the variable @{name.text}, which keeps "
                "its value from the count to the copy, and changes as the server happens to read the rows.",
                "Number rows with ROW_NUMBER() OVER (ORDER BY ...), and add up with SUM(...) OVER (ORDER BY ...).",
            )


class UnchangedSettings:
    """The settings of a session as they are now, to be compared after each query."""

    def __init__(self, connection: Connection) -> None:
        names = [name for name in ("sql_select_limit", _WARNINGS, *SETTINGS) if name != _CLOCK]
        self._names = sorted(_known(connection, names))
        self._values = self._now(connection)

    def refuse_changes(self, connection: Connection, source: Source) -> None:
        """Raise `DataRefused` where a function of a query has changed what the rest of it means."""
        for name, before, now in zip(self._names, self._values, self._now(connection), strict=True):
            if before != now:
                raise changed_setting(source.connection, name)

    def _now(self, connection: Connection) -> list[object]:
        """Return their values, in a row that no `sql_select_limit` leaves out."""
        names = ", ".join(f"@@SESSION.{name}" for name in self._names)
        return list(connection.exec_driver_sql(f"SELECT {names} LIMIT 1").one())


def _known(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return the values of those variables that the server knows."""
    listed = ", ".join(f"'{name}'" for name in names)
    rows = connection.exec_driver_sql(f"SHOW VARIABLES WHERE Variable_name IN ({listed})")
    return {str(name).lower(): str(value) for name, value in rows}
