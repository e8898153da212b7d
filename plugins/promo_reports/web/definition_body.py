"""The request body that creates a report with the settings of another: what Duplicate fills the form with."""

from __future__ import annotations

from typing import Any

from promo_reports.domain.account import Account
from promo_reports.domain.dates.schedule import ONE_TIME
from promo_reports.domain.dates.window import Window, date_range_values
from promo_reports.domain.definition import Definition
from promo_reports.domain.delivery import Destination, Download, destination_values
from promo_reports.domain.file_format import CSV


def body_of(definition: Definition, account: Account, window: Window | None = None) -> dict[str, Any]:
    """Return the body; with `window`, that of a one-time report of this window, for an export of a recurring report."""
    report_type = definition.report_type
    body: dict[str, Any] = {
        "name": definition.name,
        "report_type": report_type.id,
        "filters": {each.name: each.written(definition.filters.get(each.name)) for each in report_type.filters},
        "delivery": [_delivery(each) for each in definition.destinations],
    }
    if definition.format is not CSV:
        body["format"] = definition.format.key
    if definition.cells is not None:
        body["csv_safety"] = definition.cells.key
    if definition.personal_data:
        body["personal_data"] = {name: mask.key for name, mask in definition.personal_data.items()}
    if definition.timezone != account.timezone:
        body["timezone"] = definition.timezone
    schedule = definition.schedule
    if schedule is None or window is not None:
        body["frequency"] = ONE_TIME
        chosen = window or definition.date_range
        if chosen is not None:
            body["date_range"] = date_range_values(chosen, definition.zone)
        return body
    body["frequency"] = {"interval": schedule.interval.value, "delivery_time": f"{schedule.delivery_time:%H:%M}"}
    if schedule.interval.has_delivery_day:
        body["frequency"]["delivery_day"] = schedule.delivery_day
    return body


def _delivery(destination: Destination) -> Any:
    values = destination_values(destination)
    if isinstance(destination, Download):
        return values
    return {"partner_export": {key: value for key, value in values.items() if value}}
