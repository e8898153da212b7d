"""SQL text with bound values: no value ever becomes part of the text (decisions, 6)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_MARK = re.compile("\x00([a-z_0-9]+)\x00")


def mark(name: str) -> str:
    """Return the place of a bind in SQL text, which no template can write itself (NUL is refused in templates)."""
    return f"\x00{name}\x00"


def marked(text: str) -> set[str]:
    """Return the names of the binds that stand in a text."""
    return set(_MARK.findall(text))


@dataclass(frozen=True)
class BoundQuery:
    """SQL text with the places of its binds, and their values."""

    text: str
    values: Mapping[str, object]

    def numbered(self, names: Collection[str], *, only: int | None = None) -> tuple[BoundQuery, list[str]]:
        """Return the query with `$1`, `$2` ... at the places of these binds, and the name of the bind at each.

        With `only`, the place of that index alone, counted from 0, becomes `$1`.
        """
        places: list[str] = []

        def number(found: re.Match[str]) -> str:
            if found[1] not in names:
                return found[0]
            places.append(found[1])
            if only is None:
                return f"${len(places)}"
            return "$1" if len(places) - 1 == only else found[0]

        text = _MARK.sub(number, self.text)
        left = marked(text)
        return BoundQuery(text, {name: value for name, value in self.values.items() if name in left}), places

    def wrapped(self, names: Collection[str], form: str) -> BoundQuery:
        """Return the query with each place of these binds in an expression, which has `{}` for it."""
        return BoundQuery(
            _MARK.sub(lambda found: form.format(found[0]) if found[1] in names else found[0], self.text), self.values
        )

    def pyformat(self) -> str:
        """Return the text for drivers that bind `%(name)s`, such as psycopg2 and PyMySQL."""
        return _MARK.sub(r"%(\1)s", self.text.replace("%", "%%"))

    def connector(self) -> str:
        """Return the text for MySQL Connector/Python, which binds `%(name)s` and writes `%(name)%` for `%`.

        It reads any other `%` as it is, and nothing at all where there is nothing to bind.
        """
        return _MARK.sub(r"%(\1)s", self.text.replace("%(", "%(percent)%(")) if self.values else self.text

    def sqlalchemy(self) -> str:
        """Return the text for SQLAlchemy's `text()`, which binds `:name` in any driver's notation."""
        return _MARK.sub(r":\1", self.text.replace(":", r"\:"))

    def named(self) -> str:
        """Return the text for drivers that bind `:name`, such as sqlite3, and for people."""
        return _MARK.sub(r":\1", self.text)
