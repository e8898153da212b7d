"""Stop marks: when a report was stopped, resumed or deleted, and by whom; stored beside definitions, never in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import Field

from promo_reports.definitions.inputs.fields import Instant, Line
from promo_reports.definitions.inputs.forms import Form, Listed, read_form, sound
from promo_reports.definitions.inputs.yaml_reader import Document
from promo_reports.definitions.inputs.yaml_writer import to_yaml
from promo_reports.domain.dates.schedule import Stop


class StopForm(Form):
    """One stop, with its end if it has ended."""

    ignores_unknown_keys = True
    stopped_at: Instant = Field(description="no delivery due from this instant on")
    stopped_by: Line = Field(description="who stopped it")
    resumed_at: Instant | None = Field(None, description="deliveries due from this instant on go out again")
    resumed_by: Line | None = Field(None, description="who resumed it")


class MarksForm(Form):
    """The file `state/<id>.yaml` of the store."""

    ignores_unknown_keys = True
    stops: Listed[StopForm] | None = Field(None, description="oldest first; only the last may be open")
    deleted_at: Instant | None = Field(None, description="stopped for ever from this instant on")
    deleted_by: Line | None = Field(None, description="who deleted it")


@dataclass(frozen=True)
class StopMark:
    """A stop, with the people who began and ended it."""

    stopped_at: datetime
    stopped_by: str
    resumed_at: datetime | None = None
    resumed_by: str | None = None


@dataclass(frozen=True)
class Marks:
    """Everything that was done to one report; times are UTC, and stops do not overlap."""

    stops: tuple[StopMark, ...] = ()
    deleted_at: datetime | None = None
    deleted_by: str | None = None

    @property
    def stopped(self) -> bool:
        """Whether no further delivery goes out as things stand."""
        return self.deleted_at is not None or bool(self.stops and self.stops[-1].resumed_at is None)

    def as_stops(self) -> tuple[Stop, ...]:
        """Return the periods without delivery; a deletion is a stop without an end."""
        stops = tuple(Stop(each.stopped_at, each.resumed_at) for each in self.stops)
        return (*stops, Stop(self.deleted_at)) if self.deleted_at is not None else stops

    def with_stop(self, at: datetime, by: str) -> Marks:
        """Return marks that are stopped from `at` on; the same marks if they are stopped already."""
        if self.stopped:
            return self
        return replace(self, stops=(*self.stops, StopMark(self._not_before_last(at), by)))

    def with_resume(self, at: datetime, by: str) -> Marks:
        """Return marks that are resumed from `at` on; the same marks if they are not stopped."""
        if not self.stopped or not self.stops:
            return self
        last = replace(self.stops[-1], resumed_at=max(at, self.stops[-1].stopped_at), resumed_by=by)
        return replace(self, stops=(*self.stops[:-1], last))

    def with_deletion(self, at: datetime, by: str) -> Marks:
        """Return marks that are stopped permanently from `at` on; the same marks if they are deleted already."""
        return (
            self if self.deleted_at is not None else replace(self, deleted_at=self._not_before_last(at), deleted_by=by)
        )

    def within(self, most_bytes: int) -> Marks:
        """Return the marks, without the oldest stops if their file would exceed so many bytes.

        Only deliveries after the last run depend on stops, so that old ones are history.
        """
        marks = self
        while len(marks.stops) > 1 and len(marks.to_yaml().encode()) > most_bytes:
            marks = replace(marks, stops=marks.stops[-(-len(marks.stops) // 8) :])
        return marks

    def to_yaml(self) -> str:
        """Return the text of the file, which `marks_of` reads."""
        stops = [_present(vars(each)) for each in self.stops]
        return to_yaml(_present({"stops": stops or None, "deleted_at": self.deleted_at, "deleted_by": self.deleted_by}))

    def _not_before_last(self, at: datetime) -> datetime:
        """Return `at`, or the last resumption if the clocks of two hosts differ."""
        resumed = self.stops[-1].resumed_at if self.stops else None
        return at if resumed is None else max(at, resumed)


def marks_of(document: Document) -> Marks:
    """Return the marks in a file of the store; `InvalidInput` if the file is invalid."""
    form = read_form(MarksForm, document.mapping(), document.findings)
    document.findings.raise_any()
    stops = (
        StopMark(each.stopped_at, each.stopped_by, each.resumed_at, each.resumed_by) for _, each in sound(form.stops)
    )
    return Marks(tuple(stops), form.deleted_at, form.deleted_by)


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in values.items()
        if value is not None
    }
