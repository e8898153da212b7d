"""Shapes that exports and reports share."""

from __future__ import annotations

from datetime import date, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

ItemT = TypeVar("ItemT")


class Answer(BaseModel):
    """Base of what is answered: values, never changed."""

    model_config = ConfigDict(frozen=True)


class Named(Answer):
    """Something with an id, and the words for it."""

    id: str
    label: str


class WindowShown(Answer):
    """A window `[start, end)` with the account's offset, and its local days, both included."""

    start: datetime
    end: datetime
    first: date
    last: date
    open: bool = Field(False, description="rows may still be recorded for it: it had not settled when it was read")


class Failure(Answer):
    """Why an export could not be made, in plain words."""

    reason: str
    fix: str = ""


class Row(Answer):
    """One line of something that is only read."""

    key: str
    label: str
    value: str


class Page(Answer, Generic[ItemT]):
    """One page of a list; `next` and `previous` are cursors, None at the ends. `total` counts what the filters let."""

    items: list[ItemT]
    next: str | None
    previous: str | None
    total: int


class Problem(Answer):
    """One broken rule, at the dotted key of the body."""

    path: str
    message: str


class Error(Answer):
    """What was refused."""

    status: int
    code: str = Field(description="unauthenticated, forbidden, not_found, invalid, conflict, expired, unavailable ...")
    reason: str
    fix: str
    problems: list[Problem]


class ErrorAnswer(Answer):
    """Every refusal has this shape."""

    error: Error
