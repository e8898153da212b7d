"""Tables that were emptied, rewritten, replaced, attached or detached after a snapshot was taken.

TRUNCATE and the forms of ALTER TABLE that rewrite a table do not keep what older snapshots see (PostgreSQL's manual,
"Caveats" of Concurrency Control), nor does a table that takes the name of another one, nor the list of a table's
partitions. A session that has read a table holds a lock against all of them but ATTACH PARTITION. What remains is the
time before its first query, which may wait for such a lock.
"""

from __future__ import annotations

from typing import Any

from promo_reports.errors import SourceUnavailable

_FIRST_OF_USERS = 16384  # OIDs below it are the system's
# Catalogs are read in the snapshot, while the functions look up what is there now. An index has no rows of its own. No
# lock is held on a partition that the query does not need, but always on the table that it belongs to. A partition is
# none any more while DETACH CONCURRENTLY waits, or after it was interrupted (PostgreSQL 14).
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
        OR (
            seen.relkind IN ('r', 'f', 'p') AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_inherits AS own WHERE own.inhrelid = held.relation
            ) AND EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(held.relation) OFFSET 1)
        )
        OR EXISTS (
            SELECT FROM pg_catalog.pg_inherits AS part
            WHERE part.inhparent = held.relation
                AND pg_catalog.jsonb_extract_path_text(pg_catalog.to_jsonb(part), 'inhdetachpending')
                    IS DISTINCT FROM 'true'
                AND CASE seen.relkind
                    WHEN 'p' THEN NOT EXISTS (
                        SELECT FROM pg_catalog.pg_partition_ancestors(part.inhrelid) AS above
                        WHERE above.relid = held.relation
                    )
                    WHEN 'r' THEN pg_catalog.pg_table_is_visible(part.inhrelid) IS NULL
                END
        )
    )
ORDER BY 1 LIMIT 1
"""


def check_replaced_tables(cursor: Any, connection: str) -> None:
    """Raise `SourceUnavailable` for a table that the transaction has read since it, or its partitions, were replaced.

    Tables that a function has read within its body are seen, too, once it was called.
    """
    cursor.execute(_REPLACED, (_FIRST_OF_USERS,))
    for (table,) in cursor.fetchall():
        raise SourceUnavailable(
            f"Connection {connection!r}: {table}, or a partition of it, was emptied, rewritten, replaced, attached or "
            "detached after the export had begun, so that it cannot be read as it was then.",
            SourceUnavailable.AGAIN,
        )
