"""SQL text as tokens, read as PostgreSQL and the SQL standard read it.

What other databases would read in another way (a backslash before a quote, a comment that MySQL runs) is refused, so
that no database runs what was taken for a text or a comment here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n\r\f\v]+)
  | (?P<comment>--[^\n\r]*|/\*.*?\*/)
  | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
  | (?P<text>(?:[bBnNxX]|[uU]&)?'(?:[^']|'')*')
  | (?P<name>(?:[uU]&)?"(?:[^"]|"")*")
  | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)
  | (?P<bind>\x00list_[a-z_0-9]+\x00(?:,\ \x00list_[a-z_0-9]+\x00)*+|\x00[a-z_0-9]+\x00)
  | (?P<word>[a-zA-Z_\x80-\U0010ffff][a-zA-Z_0-9$\x80-\U0010ffff]*)
  | (?P<symbol>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_DOLLAR_QUOTE = re.compile(r"\$(?:[a-zA-Z_\x80-\U0010ffff][a-zA-Z_0-9\x80-\U0010ffff]*)?\$")
_ODD_BACKSLASHES = re.compile(r"(?<!\\)\\(?:\\\\)*['\"]")
_TOUCHES_BIND = re.compile(r"[\w'\"$&:\\\x00]")


class Kind(Enum):
    """The kind of a token; spaces and comments are no tokens, and all values of a list are one BIND."""

    WORD = "word"
    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    BIND = "bind"
    SYMBOL = "symbol"


@dataclass(frozen=True)
class Token:
    """A token, its place in the text and how many parentheses are open around it."""

    kind: Kind
    text: str
    at: int
    depth: int

    @property
    def upper(self) -> str:
        """A keyword in capitals; a quoted name or a text is never a keyword."""
        return self.text.upper() if self.kind in (Kind.WORD, Kind.SYMBOL) else ""


class UnreadableError(Exception):
    """Text that is no SQL, or that databases would read in different ways; `at` is its place."""

    def __init__(self, at: int, why: str, fix: str = "") -> None:
        super().__init__(why)
        self.at, self.why, self.fix = at, why, fix


def tokens(sql: str) -> Iterator[Token]:
    """Yield the tokens in order; raises `UnreadableError` at the first ambiguous character."""
    depth = 0
    for group, text, at in _parts(sql):
        if text == ")":
            depth -= 1
            if depth < 0:
                raise UnreadableError(at, "closes a parenthesis that it has not opened")
        if group not in ("space", "comment"):
            yield Token(Kind.TEXT if group == "escaped" else Kind(group), text, at, depth)
        if text == "(":
            depth += 1
    if depth:
        raise UnreadableError(len(sql), "leaves a parenthesis open")


def without_comments(sql: str) -> str:
    """Return a text that `tokens` can read without its comments.

    They are for those who read the template; a database whose encoding lacks one of their letters would refuse it.
    """
    return "".join(" " if group == "comment" else text for group, text, _ in _parts(sql))


def _parts(sql: str) -> Iterator[tuple[str, str, int]]:
    """Yield every part of a text, spaces and comments too: its group's name in `_TOKEN`, its text, its place."""
    at = 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        assert found is not None  # noqa: S101 - the last group matches anything
        group, text = str(found.lastgroup), found.group()
        _check(sql, group, text, at)
        yield group, text, at
        at = found.end()


def _check(sql: str, group: str, text: str, at: int) -> None:
    if group == "symbol":
        _check_symbol(sql, text, at)
    if group == "bind":
        _check_bind(sql, at, at + len(text))
    if group in ("text", "name", "comment", "escaped") and "\x00" in text:
        raise UnreadableError(
            at,
            "puts a bind into a comment, a text or a quoted name",
            "A bind stands by itself: write {{ ... }} without quotes; join texts with ||.",
        )
    if group in ("text", "name") and _ODD_BACKSLASHES.search(text):
        raise UnreadableError(
            at, "has a backslash before a quote, which databases read differently", "Write it as E'...'."
        )
    if group == "comment" and text.startswith(("/*!", "/*M!")):
        raise UnreadableError(at, "has a comment that MySQL and MariaDB would run")
    if group == "comment" and "/*" in text[2:] and text.startswith("/*"):
        raise UnreadableError(at, "has a comment in a comment, which databases read differently")


def _check_symbol(sql: str, text: str, at: int) -> None:
    if text in ("'", '"'):
        raise UnreadableError(at, f"opens a quote {text} that is never closed")
    if sql.startswith("/*", at):
        raise UnreadableError(at, "opens a comment that is never closed")
    if _DOLLAR_QUOTE.match(sql, at):
        raise UnreadableError(at, "has a $-quoted text, which not every database knows", "Write it as '...'.")
    if text == "\x00":
        raise UnreadableError(at, "holds a NUL character")


def _check_bind(sql: str, start: int, end: int) -> None:
    before, after = sql[start - 1 : start], sql[end : end + 1]
    if _TOUCHES_BIND.match(before) or (after != ":" and _TOUCHES_BIND.match(after)):
        raise UnreadableError(start, "joins a bind to the text beside it", "Put a space around {{ ... }}.")
