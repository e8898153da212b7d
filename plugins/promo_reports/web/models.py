"""Response models that several folders share."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

ItemT = TypeVar("ItemT")


class Answer(BaseModel):
    """Base of response models: frozen values."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Named(Answer):
    """An id and its label."""

    id: str
    label: str


class WindowShown(Answer):
    """A window `[start, end)` with the account's offset, and its local days, both included."""

    start: datetime
    end: datetime
    first: date
    last: date
    open: bool = Field(False, description="rows may still be recorded for it: it had not settled when it was read")


class DeliveryShown(Answer):
    """One upcoming delivery."""

    due: datetime
    window: WindowShown


class Failure(Answer):
    """Why an export failed, and what to do."""

    reason: str
    fix: str = ""


class Row(Answer):
    """One labelled value."""

    key: str
    label: str
    value: str


class Page(Answer, Generic[ItemT]):
    """One page of a list; `next` and `previous` are cursors, None at the ends. `total` counts what the filters let."""

    items: list[ItemT]
    next: str | None
    previous: str | None
    total: int


class Nothing(BaseModel):
    """The empty body of a command: `{}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(Answer):
    """One broken rule, at the dotted key of the body."""

    path: str
    message: str


class ErrorCode(StrEnum):
    """Why a request was refused (docs/api.md, Errors)."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    CROSS_ORIGIN = "cross_origin"
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    CONFLICT = "conflict"
    NOT_READY = "not_ready"
    NOT_EDITABLE = "not_editable"
    EXPIRED = "expired"
    REPLACED = "replaced"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    INVALID = "invalid"
    TOO_MANY = "too_many"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"


class Error(Answer):
    """What was refused."""

    status: int
    code: ErrorCode
    reason: str
    fix: str
    problems: list[Problem]


class ErrorAnswer(Answer):
    """Every refusal has this shape."""

    error: Error
