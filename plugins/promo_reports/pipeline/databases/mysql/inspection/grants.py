"""What the user of a session, and the roles that it has, may do: the answer of SHOW GRANTS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from promo_reports.pipeline.databases.inspection import Ask

_NAME = re.compile(r"`(?:[^`]|``)*+`|\*")
_READS = re.compile(r"\b(?:ALL PRIVILEGES|SELECT)\b(?! \()")  # SELECT with columns in parentheses is of these alone
_WRITES = re.compile(
    r"\b(?:ALL PRIVILEGES|INSERT|UPDATE|DELETE(?! HISTORY)|CREATE(?= ?(?:,|$))|DROP(?! ROLE)|ALTER(?= ?(?:,|$)))\b"
    r"(?: \([^)]*\))?"
)
_GLOB = {"%": "*", "_": "?"}
_WILDCARD = re.compile(r"\\(.)|([%_])|(.)", re.DOTALL)


class _Grant(NamedTuple):
    """Privileges as SHOW GRANTS has them, the schema and the table that they are on (`*` for all), and whose they are.

    The schema of privileges on all of its tables is a pattern of LIKE.
    """

    privileges: str
    schema: str
    table: str
    on: str
    of: str

    def is_on(self, schema: str) -> bool:
        """Return whether it is on tables of a schema."""
        if self.schema == "*" or self.table != "*":
            return self.schema in ("*", schema)
        parts = _WILDCARD.findall(self.schema)
        return fnmatchcase(
            schema, "".join(_GLOB[wild] if wild else f"[{one or escaped}]" for escaped, wild, one in parts)
        )


class Grants:
    """The grants of a session."""

    def __init__(self, ask: Ask) -> None:
        self._grants = [grant for (line,) in ask("SHOW GRANTS") for grant in _read(str(line))]

    def read_all(self, schema: str, table: str | None = None) -> bool:
        """Return whether all columns of a table may be read; without `table`, those of all tables of the schema."""
        return any(
            grant.is_on(schema) and grant.table in ("*", table) and _READS.search(grant.privileges)
            for grant in self._grants
        )

    def revoked(self) -> list[str]:
        """Return the statements that take back what writes."""
        found = [(_WRITES.findall(grant.privileges), grant) for grant in self._grants]
        return [f"REVOKE {', '.join(writes)} ON {grant.on} FROM {grant.of}" for writes, grant in found if writes]


def _read(line: str) -> Iterator[_Grant]:
    """Yield the grant of a line; of a role that is granted, and of a privilege on something else, none."""
    privileges, _, rest = line.replace('"', "`").removeprefix("GRANT ").partition(" ON ")
    on, _, of = rest.partition(" TO ")
    names = _NAME.findall(on)
    if len(names) == 2:
        schema, table = (name[1:-1].replace("``", "`") if name != "*" else name for name in names)
        yield _Grant(privileges, schema, table, on, of.partition(" ")[0])
