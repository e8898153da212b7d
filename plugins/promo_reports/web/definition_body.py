"""The request body that creates a report with the settings of another: what Duplicate fills the form with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promo_reports.domain.account import Account
from promo_reports.domain.dates.schedule import ONE_TIME
from promo_reports.domain.dates.window import Window, date_range_values
from promo_reports.domain.definition import Definition
from promo_reports.domain.delivery import DOWNLOAD, Destination, Download, destination_values
from promo_reports.domain.shape import Shape, ShapedDelivery, usual_cells


def body_of(definition: Definition, account: Account, window: Window | None = None) -> dict[str, Any]:
    """Return the body; with `window`, that of a one-time report of this window, for an export of a recurring report."""
    report_type = definition.report_type
    body: dict[str, Any] = {
        "name": definition.name,
        "report_type": report_type.id,
        "filters": {each.name: each.written(definition.filters.get(each.name)) for each in report_type.filters},
    }
    body["delivery"], common = _deliveries(definition.deliveries)
    body |= common
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


def _deliveries(deliveries: Sequence[ShapedDelivery]) -> tuple[list[Any], dict[str, str]]:
    """Return the deliveries of a body, and the keys of the report for what all of them have alike."""
    said = [_said(each) for each in deliveries]
    keys = ("format", "csv_safety")
    common = {
        key: values[0]
        for key in keys
        for values in ([_all(each.shape)[key] for each in deliveries],)
        if len(set(values)) == 1 and any(key in each for each in said)
    }
    own = [{key: value for key, value in each.items() if key not in common} for each in said]
    return [_delivery(each.destination, shape) for each, shape in zip(deliveries, own, strict=True)], common


def _all(shape: Shape) -> dict[str, str]:
    return {"format": shape.format.key, "csv_safety": shape.cells.key}


def _said(delivery: ShapedDelivery) -> dict[str, str]:
    """Return the keys of a delivery's shape in which it is not the usual one."""
    usual = _all(Shape(cells=usual_cells(delivery.destination)))
    return {key: value for key, value in _all(delivery.shape).items() if value != usual[key]}


def _delivery(destination: Destination, shape: dict[str, str]) -> Any:
    values = destination_values(destination)
    if isinstance(destination, Download):
        return {DOWNLOAD: shape} if shape else values
    return {"partner_export": {key: value for key, value in values.items() if value} | shape}
