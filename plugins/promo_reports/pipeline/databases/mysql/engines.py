"""Storage engines without transactions, of whose tables a consistent snapshot knows nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import Source

if TYPE_CHECKING:
    from sqlalchemy import Connection

_REWRITTEN = 1003  # the note that has the query as the server reads it, with the tables of merged views
_NAME = r'"((?:[^"]|"")+)"'  # as in the mode ANSI_QUOTES
_TABLE = re.compile(rf'(?<![."]){_NAME}\.{_NAME}(?![."])')
_ENGINE = """
SELECT t.ENGINE
FROM information_schema.TABLES AS t
JOIN information_schema.ENGINES AS e ON e.ENGINE = t.ENGINE
WHERE t.TABLE_SCHEMA = %s AND t.TABLE_NAME = %s AND (e.TRANSACTIONS IS NULL OR e.TRANSACTIONS <> 'YES')
"""


def refuse_engines(connection: Connection, source: Source) -> None:
    """Raise `DataRefused` for a table without transactions in the query that was explained last.

    The tables of merged views are seen. Those of other views pass, and so do tables of one row, which the note leaves
    out, and tables of which the user may read nothing, which `information_schema` leaves out.
    """
    notes = connection.exec_driver_sql("SHOW WARNINGS").fetchall()
    texts = [str(message) for _, code, message in notes if int(str(code)) == _REWRITTEN]
    tables = {tuple(name.replace('""', '"') for name in found) for text in texts for found in _TABLE.findall(text)}
    for schema, table in sorted(tables):
        for (engine,) in connection.exec_driver_sql(_ENGINE, (schema, table)).fetchall():
            raise DataRefused(
                f"Connection {source.connection!r}: {schema}.{table} is a table of the storage engine {engine}, which "
                "has no transactions: rows that are written while the export reads would be in a part of the file.",
                f"Convert it: ALTER TABLE {schema}.{table} ENGINE = InnoDB; or read a copy of it that is InnoDB.",
            )
