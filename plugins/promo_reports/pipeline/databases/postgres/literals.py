"""Bound values as literals of a statement, for COPY and PREPARE, which take no parameters."""

from __future__ import annotations

from collections.abc import Mapping


def literals(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values as psycopg2 takes them, with texts that are read alike under any setting of the session.

    psycopg2 itself quotes by what `standard_conforming_strings` was at login, and libpq by what it is now: where a role
    has set it off, and the session on, the two together would write a text that ends too early.
    """
    from psycopg2.extensions import AsIs

    return {name: AsIs(_literal(value)) if isinstance(value, str) else value for name, value in values.items()}


def _literal(text: str) -> str:
    if "\x00" in text:  # libpq would take it for the statement's end
        raise ValueError("A text of SQL cannot hold a NUL character.")
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f" E'{escaped}'" if "\\" in text else f"'{escaped}'"
