"""Validate what other users may write: values of the task state store, and the name in a run's conf."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from promo_reports.definitions.inputs.fields import FIRST_YEAR, LAST_YEAR
from promo_reports.domain.definition import MAX_NAME
from promo_reports.domain.manifest import FORMAT_VERSION, Manifest

LONGEST_SENTENCES = 2000
"""Characters of a reason and of a fix; more is cut off."""

_LONGEST_NAME, _LONGEST_ADDRESS, _LONGEST_TOTAL = 255, 4096, 100
_JOINERS = "\u200c\u200d"  # emoji and some scripts are not written without them


def showable(moment: datetime) -> bool:
    """Return whether an instant is within the years that every timezone can show."""
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def _shown(moment: datetime) -> datetime:
    if not showable(moment):
        raise ValueError(f"not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


_Instant = Annotated[AwareDatetime, AfterValidator(_shown)]
_Count = Annotated[int, Field(ge=0, lt=2**63)]
_Sentences = Annotated[str, AfterValidator(lambda text: text[:LONGEST_SENTENCES])]
_Name = Annotated[str, Field(max_length=_LONGEST_NAME)]
_Address = Annotated[str, Field(max_length=_LONGEST_ADDRESS)]


class _Left(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Progress(_Left):
    """Rows written of rows counted by the database."""

    written: _Count
    counted: _Count


class Failure(_Left):
    """Why an attempt ended without its work done; `error` is the name of the exception."""

    error: _Name = ""
    reason: _Sentences
    fix: _Sentences = ""
    retryable: bool = False


class FactsWindow(_Left):
    """The half-open window of an export; `open` where it had not settled when it was read."""

    start: _Instant
    end: _Instant
    open: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> FactsWindow:
        if self.start >= self.end:
            raise ValueError("a window starts before it ends")
        return self


class FactsFile(_Left):
    """The file of an export; earlier releases left no sha256."""

    name: _Name
    bytes: _Count
    sha256: _Name = ""


class Facts(_Left):
    """What is verified and staged; a snapshot has `as_of` and no window.

    `delivers` are the sha256 of the files that the destinations get, in their order; earlier releases had one file.
    """

    rows: _Count
    bytes: _Count
    window: FactsWindow | None = None
    as_of: _Instant | None = None
    file: FactsFile | None = None
    delivers: tuple[_Name, ...] = ()


class Delivered(_Left):
    """An export that is complete at a destination: addresses of its manifest and files, and its folder's name.

    `sha256` is that of its file, `facts` are its figures, and `again` is true where an earlier attempt had delivered
    there; earlier releases left none of these.
    """

    destination: _Address
    manifest: _Address
    files: tuple[_Address, ...] = ()
    folder: _Name = ""
    sha256: _Name = ""
    facts: Facts | None = None
    again: bool = False


class Cancelled(_Left):
    """Who cancelled an attempt, and when, in the account's timezone."""

    by: _Address
    at: _Instant


_MANIFEST = TypeAdapter(Manifest)


_KINDS: Mapping[str, type[_Left]] = {
    "progress": Progress,
    "facts": Facts,
    "failure": Failure,
    "delivered": Delivered,
    "cancelled": Cancelled,
}


def checked(key: str, value: object) -> Any:
    """Return the validated value of a key, with instants parsed; None if it is not what the tasks write."""
    try:
        text = json.dumps(value)
        if key == "manifest":
            _check_manifest(text)
            return value
        return _KINDS[key].model_validate_json(text).model_dump(exclude_unset=True) if key in _KINDS else None
    except (ValueError, RecursionError):
        return None


def plain_name(text: str) -> str:
    """Return a name as one line of visible text, no longer than a definition's name; empty if nothing is visible.

    A conf is not validated by Airflow: control, format and line separator characters become spaces.
    """
    return "".join(" " if _hidden(each) else each for each in text[:MAX_NAME]).strip(f" {_JOINERS}")


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in _JOINERS


def _check_manifest(text: str) -> None:
    manifest = _MANIFEST.validate_json(text, strict=True)
    if manifest.format_version != FORMAT_VERSION:
        raise ValueError(f"not a manifest of format version {FORMAT_VERSION}")
    if not manifest.files:
        raise ValueError("a manifest names a file")
    taken_at = datetime.fromisoformat(manifest.snapshot_at)
    if taken_at.tzinfo is None or not showable(taken_at):
        raise ValueError("snapshot_at is not an instant")
    for total in manifest.totals.values():
        _check_total(total)
    if manifest.late_rows is not None and type(manifest.late_rows.get("rows")) is not int:
        raise ValueError("late_rows does not count rows")


def _check_total(text: str) -> None:
    """Raise unless a total is a finite number of bounded length: formatting an exponent may take gigabytes."""
    try:
        total = Decimal(text)
    except InvalidOperation:
        raise ValueError("a total is not a number") from None
    if len(text) > _LONGEST_TOTAL or not total.is_finite() or not -_LONGEST_TOTAL < total.adjusted() < _LONGEST_TOTAL:
        raise ValueError("a total is not a number that can be written out")
