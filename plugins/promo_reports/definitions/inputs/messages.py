"""Texts of problems: values are quoted safely, allowed values listed, near misses suggested.

Problems appear in logs and in Airflow's import errors, so a value that looks like a secret is never repeated, and
control and bidirectional characters are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

MAX_QUOTED = 60
MAX_GUESSED = 100  # characters
MAX_GUESSES = 20  # per mapping: a guess costs 0.1 ms, and with more mistakes the list of allowed values helps more

SECRET = re.compile(
    r"://[^/\s]*@"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|(?:password|passwd|pwd|secret|secret_?key|access_?key|account_?key|api_?key|token|sig)\s*=\s*\S",
    re.IGNORECASE,
)
SECRET_KEY = re.compile(
    r"passw|secret|token|credential|access_?key|api_?key|private_?key|conn|dsn|ur[il]$|endpoint|host$|login$",
    re.IGNORECASE,
)
_BETWEEN_WORDS = re.compile(r"[\s-]+")


def quoted(value: Any) -> str:
    """Return a value for a message: escaped, shortened, hidden if it looks like a secret."""
    if not isinstance(value, str):
        return kind(value)
    if SECRET.search(value):
        return "(hidden)"
    return repr(str(value)) if len(value) <= MAX_QUOTED else repr(value[:MAX_QUOTED]) + "..."


def kind(value: Any) -> str:
    """Return the type of a value, in the terms of YAML and JSON."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return "text" if isinstance(value, str) else f"a {type(value).__name__}"


def nearest(value: Any, allowed: Iterable[str]) -> str:
    """Return `; did you mean 'weekly'?` if an allowed value is close, else nothing."""
    if not isinstance(value, str) or len(value) > MAX_GUESSED:
        return ""
    by_lower = {each.lower(): each for each in allowed}
    wanted = _BETWEEN_WORDS.sub("_", value.strip().lower())
    close = get_close_matches(wanted, by_lower, n=1, cutoff=0.6) or get_close_matches(value.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""


def listing(allowed: Iterable[str]) -> str:
    """Return ` Allowed: a, b.` with at most twenty values."""
    names = list(allowed)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f" Allowed: {', '.join(names[:20])}{more}." if names else " None is allowed."


def not_among(value: Any, allowed: Iterable[str], what: str = "allowed") -> str:
    """Return `'weakly' is not allowed; did you mean 'weekly'? Allowed: daily, weekly.`"""
    names = list(allowed)
    near = nearest(value, names)
    return f"{quoted(value)} is not {what}{near or '.'}{listing(names)}"
