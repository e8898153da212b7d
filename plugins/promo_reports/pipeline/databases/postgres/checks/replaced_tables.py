"""Tables that were emptied, rewritten or replaced after a snapshot was taken, in which it sees no row of theirs.

TRUNCATE and the forms of ALTER TABLE that rewrite a table do not keep what older snapshots see (PostgreSQL's manual,
"Caveats" of Concurrency Control), nor does a table that takes the name of another one. A session that has read a
table holds a lock against all of them. What remains is the time before its first query, which may wait for such a lock.
"""

from __future__ import annotations

from typing import Any

from promo_reports.errors import SourceUnavailable

_FIRST_OF_USERS = 16384  # OIDs below it are the system's
# `pg_class` is read in the snapshot, while the functions look up what is there now. An index has no rows of its own.
_REPLACED = """
SELECT CAST(CAST(held.relation AS pg_catalog.regclass) AS pg_catalog.text)
FROM pg_catalog.pg_locks AS held
LEFT JOIN pg_catalog.pg_class AS seen ON seen.oid = held.relation
WHERE held.pid = pg_catalog.pg_backend_pid()
    AND held.locktype = 'relation'
    AND held.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND held.relation >= %s
    AND pg_catalog.pg_index_has_property(held.relation, 'clusterable') IS NULL
    AND (
        seen.oid IS NULL
        OR (seen.relfilenode <> 0 AND seen.relfilenode <> pg_catalog.pg_relation_filenode(held.relation))
    )
ORDER BY 1 LIMIT 1
"""


def check_replaced_tables(cursor: Any, connection: str) -> None:
    """Raise `SourceUnavailable` for a table that the transaction has read since it was emptied or replaced.

    Tables that a function has read within its body are seen, too, once it was called.
    """
    cursor.execute(_REPLACED, (_FIRST_OF_USERS,))
    for (table,) in cursor.fetchall():
        raise SourceUnavailable(
            f"Connection {connection!r}: {table} was emptied, rewritten or replaced after the export had begun, and "
            "its rows of before are gone.",
            SourceUnavailable.AGAIN,
        )
