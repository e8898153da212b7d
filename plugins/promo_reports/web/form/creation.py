"""Create reports: a one-time export is a run of its type's DAG, a recurring report a file in the store (decision 2)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.loading import conf_id
from promo_reports.definitions.store.idempotency_keys import Request
from promo_reports.domain.dag_ids import report_dag_id, type_dag_id
from promo_reports.domain.dates.window import Window, date_range_values, resolve
from promo_reports.domain.definition import Definition, is_report_id
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import InvalidInput, Problem
from promo_reports.web.airflow.access import Caller, require
from promo_reports.web.airflow.run_ids import PAGE_RUN
from promo_reports.web.error_handlers import Refusal

MAX_KEY = 255


@dataclass(frozen=True)
class NewReport:
    """A checked definition and the run or file that it becomes."""

    definition: Definition
    data: Mapping[str, Any]
    by: str
    request: Request

    @property
    def dag_id(self) -> str:
        """Return the DAG that runs a one-time export."""
        return type_dag_id(self.definition.report_type.id)

    @property
    def run_id(self) -> str:
        """Return the run id, the same for every repetition of a request."""
        return PAGE_RUN + self.request.token

    @property
    def report_id(self) -> str:
        """Return the id of a recurring report, made of its name and the request's token."""
        return conf_id(self.definition.name, self.request.token)

    def conf(self) -> dict[str, Any]:
        """Return the run's conf: the request's body, with the date range as absolute instants."""
        kept = {key: value for key, value in self.data.items() if value is not None and key != "date_range"}
        window = window_of(self.definition, self.request.at)
        if window is not None:
            kept["date_range"] = date_range_values(window, self.definition.zone)
        return {**kept, "owner": self.by}


def checked_report(
    registry: Registry, caller: Caller, data: Mapping[str, Any], *, key: str | None, at: datetime
) -> NewReport:
    """Authorize and validate a request to create a report; raise the error response.

    Requests with the same Idempotency-Key create one report (reliability, P13). A refused request does not use up its
    key.
    """
    if key is None:
        return _checked(registry, caller, data, Request(secrets.token_hex(12), at))
    if not 1 <= len(key) <= MAX_KEY:
        raise Refusal(422, f"An Idempotency-Key has 1 to {MAX_KEY} characters.")
    may_export(caller, data.get("report_type"))
    expected = registry.store.look_up(key, data, by=caller.id, at=at)
    made = _checked(registry, caller, data, expected)
    claimed = registry.store.claim(key, data, by=caller.id, at=at)
    return made if claimed == expected else _checked(registry, caller, data, claimed)


def keep(registry: Registry, caller: Caller, made: NewReport) -> Definition:
    """Store a recurring report; if the same request has stored it before, return that one."""
    _may_keep(caller, made)
    try:
        return registry.create({**made.data, "id": made.report_id}, by=made.by, at=made.request.at)
    except InvalidInput:
        if registry.store.entry(made.report_id) is None:
            raise
        return registry.definition(made.report_id)


def drafted(registry: Registry, caller: Caller, data: Mapping[str, Any], at: datetime) -> Definition:
    """Authorize and validate a definition; `InvalidInput` names no report type that the caller may not read."""
    may_export(caller, data.get("report_type"))
    seen = copy(registry)
    seen.report_types = _Readable(registry.report_types, caller)
    return seen.draft(data, by=caller.name, at=at)


def may_export(caller: Caller, report_type: object) -> None:
    """Raise 403 if the caller may not export the report type; an unknown one is left to validation."""
    if isinstance(report_type, str) and is_report_id(report_type):
        require(caller.may_export(type_dag_id(report_type)), f"export {report_type}")


def window_of(definition: Definition, at: datetime) -> Window | None:
    """Return the absolute window of a one-time export created at an instant; None for snapshots and recurring reports.

    Raise `InvalidInput` if the date range has not ended.
    """
    if definition.date_range is None:
        return None
    zone = definition.zone
    window = resolve(definition.date_range, at, zone, definition.week_starts_on)
    if window is None:
        message = f"is not over yet; now it is {at.astimezone(zone):%Y-%m-%d %H:%M} in {zone.key}"
        raise InvalidInput("The request", [Problem("request", "date_range", message)])
    return window


class _Readable(Mapping[str, ReportType]):
    """The report types that a caller may read, as a mapping that holds no others."""

    def __init__(self, all_types: Mapping[str, ReportType], caller: Caller) -> None:
        self._all, self._caller = all_types, caller

    def __getitem__(self, report_type_id: str) -> ReportType:
        if not self._caller.may_read(type_dag_id(report_type_id)):
            raise KeyError(report_type_id)
        return self._all[report_type_id]

    def __iter__(self) -> Iterator[str]:
        return (each for each in self._all if self._caller.may_read(type_dag_id(each)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _checked(registry: Registry, caller: Caller, data: Mapping[str, Any], request: Request) -> NewReport:
    made = NewReport(drafted(registry, caller, data, request.at), data, caller.name, request)
    window_of(made.definition, request.at)
    if made.definition.recurring:
        _may_keep(caller, made)
    return made


def _may_keep(caller: Caller, made: NewReport) -> None:
    require(caller.may_change(report_dag_id(made.report_id)), "create recurring reports")
