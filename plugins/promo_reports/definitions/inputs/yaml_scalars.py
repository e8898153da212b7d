"""Unquoted YAML scalars that YAML does not read as text: `no`, `0123`, `12:30`, `1e3`, dates.

The reader keeps the raw text of every scalar and marks these, so that a text field can ask for quotes instead of
receiving `False`, 83 or 750, while a date or integer field takes them as written. The patterns are those of YAML 1.1
and of the core schema of YAML 1.2 together, as editors follow either.
"""

from __future__ import annotations

import re

_NUMBER = r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?"
_KINDS = {
    "nothing": r"~|null|Null|NULL|",
    "true or false": (r"y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF"),
    "a number": (
        rf"{_NUMBER}|[-+]?0b[01_]+|[-+]?0o[0-7_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
    "a number to base 60": (
        r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"
    ),
    "a date": (
        r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
        r"(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]*)?)?"
        r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?"
    ),
    "a special value": r"=|<<",
}
_PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in _KINDS.items()]
_FIRST = frozenset("~nNyYtTfFoO0123456789+-.=<")


class Implicit(str):
    """The raw text of an unquoted scalar that YAML does not read as text; `kind` is the type that YAML gives it."""

    __slots__ = ("kind",)
    kind: str

    @property
    def nothing(self) -> bool:
        """Whether it is `null`, `~` or an empty value."""
        return self.kind == "nothing"


def scalar(text: str, *, plain: bool) -> str:
    """Return a scalar's text, as `Implicit` if it is unquoted and YAML would convert it."""
    kind = implicit_kind(text) if plain else None
    if kind is None:
        return text
    marked = Implicit(text)
    marked.kind = kind
    return marked


def implicit_kind(text: str) -> str | None:
    """Return the type that YAML gives an unquoted text, or None if that is text."""
    if text and text[0] not in _FIRST:
        return None
    return next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(text)), None)
