"""Patterns that name folders and files by an export's report and window: `{report_id}/dt={start:%Y-%m-%d}`.

A pattern is text with tokens in braces. Its grammar is small on purpose: no attribute of a value can be read, and no
name that it gives can leave the folder it is written below or be one that query engines skip (Spark, Hive and Athena
skip names that begin with `_` or `.`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import chain

from promo_reports.domain.dates.window import instant_key

REPORT_ID, REPORT_TYPE, NAME, EXPORT_ID = "report_id", "report_type", "name", "export_id"
TIMES = ("start", "end")
TOKENS = (REPORT_ID, REPORT_TYPE, NAME, EXPORT_ID, *TIMES)
"""Every token; those of `TIMES` may have a format: `{start:%Y-%m-%d}`."""
DIRECTIVES = "YmdjGVuHMS"
"""Directives of strftime that a format may have: all are numbers of a fixed width, whatever the locale."""
LONGEST_PATTERN = 500
"""Characters of a pattern."""

_ELEMENT = re.compile(r"\{(?P<token>[^{}:]*)(?P<format>:[^{}]*)?\}|(?P<text>[A-Za-z0-9_.=-]+)|(?P<slash>/)")
_FORMAT = re.compile(rf"%(?P<directive>[{DIRECTIVES}])|(?P<text>[A-Za-z0-9_.=-]+)|(?P<slash>/)")
_OF_ANY_LENGTH = {REPORT_ID, REPORT_TYPE, NAME}
_TELL_DAYS = ({*"Ymd"}, {*"Yj"}, {*"GVu"})
_TELL_WEEKS = ({*"GV"},)


class Detail(IntEnum):
    """How exactly a pattern tells the start or end of a window; each includes those before it."""

    NOTHING = 0
    WEEK = 1
    DAY = 2
    INSTANT = 3


@dataclass(frozen=True)
class Named:
    """What the tokens of one export stand for.

    `start` and `end` are those of its window in the report's timezone; both are the instant of a snapshot. `name`
    is made of the letters and digits of the report's name.
    """

    report_id: str
    report_type: str
    name: str
    export_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Field:
    """A token, or one directive of its format; without a directive a time is an instant in UTC, as in a window key."""

    token: str
    directive: str = ""

    def text(self, export: Named) -> str:
        """Return what it stands for."""
        value: str | datetime = getattr(export, self.token)
        if isinstance(value, str):
            return value
        return value.strftime(f"%{self.directive}") if self.directive else instant_key(value)


Piece = str | Field
Part = tuple[Piece, ...]
"""One name between slashes."""


@dataclass(frozen=True)
class Pattern:
    """A valid pattern: `text` as it was written, and its parts."""

    text: str
    parts: tuple[Part, ...]

    @classmethod
    def of_folder(cls, text: str) -> Pattern:
        """Parse the pattern of a folder, `a/b` or `a/b/`; ValueError with what is wrong.

        It must tell at least one window from the next, as a folder holds one export.
        """
        if text.startswith("/"):
            raise ValueError("starts with /; a folder is relative to the prefix")
        pattern = cls(text, tuple(_parts(_elements(text.removesuffix("/")))))
        if not (pattern.tells_windows or pattern.has(EXPORT_ID)):
            raise ValueError(
                "does not tell windows apart: it needs {start} or {end} with its day or week, such as "
                "{start:%Y-%m-%d} or {start:%G-W%V}, or {export_id}"
            )
        return pattern

    @classmethod
    def of_file(cls, text: str) -> Pattern:
        """Parse the pattern of a file's stem; ValueError with what is wrong."""
        parts = tuple(_parts(_elements(text)))
        if len(parts) != 1:
            raise ValueError("holds a /; a file's name has none")
        return cls(text, parts)

    def names(self, export: Named) -> tuple[str, ...]:
        """Return the names of an export, outermost first."""
        return tuple("".join(each if isinstance(each, str) else each.text(export) for each in p) for p in self.parts)

    def has(self, token: str) -> bool:
        """Return whether a token is in it."""
        return any(field.token == token for field in self._fields)

    @property
    def tells_windows(self) -> Detail:
        """How exactly it tells the windows of a report that follow each other."""
        return max(self._detail(token) for token in TIMES)

    @property
    def tells_reports(self) -> bool:
        """Whether two reports, or two exports on demand, can never have one name."""
        return self.has(REPORT_ID) or self.has(EXPORT_ID)

    def of_report(self, export: Named) -> tuple[str, ...]:
        """Return its names with the report's tokens filled in, and times as they are written.

        Two reports can have one name exactly if these are equal, since times have a fixed width.
        """
        return tuple("".join(_left_as_time(each, export) for each in part) for part in self.parts)

    def may_name(self, name: str) -> bool:
        """Return whether a name may be a part of it that tells a window or an export."""
        return any(
            _shape(part).fullmatch(name)
            for part in self.parts
            if any(isinstance(each, Field) and each.token in (EXPORT_ID, *TIMES) for each in part)
        )

    @property
    def _fields(self) -> Iterator[Field]:
        return (each for each in chain.from_iterable(self.parts) if isinstance(each, Field))

    def _detail(self, token: str) -> Detail:
        directives = {field.directive for field in self._fields if field.token == token}
        if "" in directives:
            return Detail.INSTANT
        if any(needed <= directives for needed in _TELL_DAYS):
            return Detail.DAY
        return Detail.WEEK if any(needed <= directives for needed in _TELL_WEEKS) else Detail.NOTHING


_SLASH = Field("/")


def _elements(text: str) -> Iterator[Piece]:
    """Yield texts, fields and slashes; ValueError at the first character that is none of them."""
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"is {len(text)} characters long; at most {LONGEST_PATTERN} are allowed")
    rule = f"is no part of a pattern: letters, digits, _ . = - and /, and the tokens {_tokens()}"
    for found in _scan(_ELEMENT, text, rule):
        if found["token"] is not None:
            yield from _fields_of(found["token"], found["format"])
        else:
            yield found["text"] or _SLASH


def _fields_of(token: str, written: str | None) -> Iterator[Piece]:
    """Yield the fields and texts of one token, whose format is written with its colon."""
    if token not in TOKENS:
        raise ValueError(f"{{{ascii(token[:40])[1:-1]}}} is no token; there are {_tokens()}")
    if written is None:
        yield Field(token)
        return
    if token not in TIMES:
        raise ValueError(f"{{{token}}} takes no format; {{start}} and {{end}} do")
    allowed = ", ".join(f"%{each}" for each in DIRECTIVES)
    if "%" not in written:
        raise ValueError(f"the format of {{{token}}} has none of {allowed}")
    for found in _scan(_FORMAT, written[1:], f"has no place in the format of {{{token}}}; allowed are {allowed}"):
        yield Field(token, found["directive"]) if found["directive"] else found["text"] or _SLASH


def _scan(expression: re.Pattern[str], text: str, rule: str) -> Iterator[re.Match[str]]:
    """Yield matches from the first character to the last; ValueError with the rule at what does not match."""
    at = 0
    while at < len(text):
        found = expression.match(text, at)
        if found is None:
            raise ValueError(f"{text[at : at + 2]!a} {rule}")
        yield found
        at = found.end()


def _parts(elements: Iterator[Piece]) -> Iterator[Part]:
    part: list[Piece] = []
    for element in chain(elements, [_SLASH]):
        if element == _SLASH:
            yield _checked(part)
            part = []
        elif part and isinstance(element, str) and isinstance(part[-1], str):
            part[-1] += element
        else:
            part.append(element)


def _checked(part: Sequence[Piece]) -> Part:
    if not part:
        raise ValueError("holds an empty name: write one / between two names, and none without any")
    if part[0] in (".", ".."):
        raise ValueError("holds . or .. as a part")
    if isinstance(part[0], str) and part[0][0] in "._":
        raise ValueError(f"holds a name that begins with {part[0][0]}, which query engines skip")
    free = [each.token for each in part if isinstance(each, Field) and each.token in _OF_ANY_LENGTH]
    if len(free) > 1:
        both = " and ".join(f"{{{each}}}" for each in free[:2])
        raise ValueError(f"holds {both} in one name, so that two reports could have the same: put a / between them")
    return tuple(part)


def _left_as_time(piece: Piece, export: Named) -> str:
    if isinstance(piece, str):
        return piece
    return f"{{{piece.token}:{piece.directive}}}" if piece.token in TIMES else piece.text(export)


_WIDTHS = {"Y": 4, "G": 4, "j": 3, "u": 1}


def _shape(part: Part) -> re.Pattern[str]:
    """Return an expression that every name of a part matches."""
    shapes = (re.escape(each) if isinstance(each, str) else _shape_of(each) for each in part)
    return re.compile("".join(shapes))


def _shape_of(field: Field) -> str:
    if field.token == EXPORT_ID:
        return "[0-9a-f]{32}"
    if field.token in TIMES:
        return (
            f"[0-9]{{{_WIDTHS.get(field.directive, 2)}}}" if field.directive else r"[0-9]{8}T[0-9]{6}(?:\.[0-9]{6})?Z"
        )
    return "[a-z0-9_-]+"


def _tokens() -> str:
    return ", ".join(f"{{{each}}}" for each in TOKENS)
