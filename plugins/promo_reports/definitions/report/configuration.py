"""Describe a definition to people: the rows of its read-only configuration, and one sentence of what it exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.dates.calendar import start_of
from promo_reports.domain.dates.schedule import Frequency, Interval
from promo_reports.domain.dates.window import DateRange, DayRange, Preset, Window
from promo_reports.domain.definition import Definition
from promo_reports.domain.delivery import DOWNLOAD, KINDS, Destination, Download
from promo_reports.domain.file_format import CSV
from promo_reports.domain.report_type import DateRangeRule


class ConfigurationRow(NamedTuple):
    """One row: a stable key, its label, and the value as people read it."""

    key: str
    label: str
    value: str


def configuration(definition: Definition, account: Account) -> Iterator[ConfigurationRow]:
    """Return everything that was chosen, in the order of the form (product-spec, "Create Report")."""
    report_type = definition.report_type
    yield ConfigurationRow("name", "Name", definition.name)
    yield ConfigurationRow("promotion_type", "Promotion Type", report_type.promotion_type.label)
    yield ConfigurationRow("report_type", "Report Type", report_type.title)
    for each in report_type.filters:
        yield ConfigurationRow(f"filters.{each.name}", each.title, each.words(definition.filters.get(each.name)))
    destinations = ", ".join(destination_words(each, account) for each in definition.destinations)
    yield ConfigurationRow("delivery", "Delivery destination", destinations)
    formats = [each.shape.format for each in definition.deliveries]
    if any(each is not CSV for each in formats):
        yield from _rows("format", "File format", definition, account, [each.label for each in formats])
    yield ConfigurationRow("frequency", "Export Frequency", _frequency(definition))
    if definition.date_range is not None:
        zone = definition.zone
        yield ConfigurationRow("date_range", "Date Range", date_range_words(definition.date_range, zone))
    yield ConfigurationRow("timezone", "Timezone", definition.timezone)
    yield from _rows("csv_safety", "Text cells", definition, account, _cells(definition))
    if definition.personal_data:
        words = (f"{name}: {mask.label}" for name, mask in definition.personal_data.items())
        yield ConfigurationRow("personal_data", "Personal data", "; ".join(words))
    yield ConfigurationRow("owner", "Owner", definition.owner)


def sentence(definition: Definition, account: Account, window: Window | None, at: datetime) -> str:
    """Return what will be exported, when and where to; `window` is that of a one-time export created at an instant."""
    what = definition.report_type.title
    where = " and ".join(destination_words(each, account) for each in definition.destinations)
    schedule = definition.schedule
    if schedule is not None:
        rhythm = schedule.in_words[0].lower() + schedule.in_words[1:]
        if definition.report_type.date_range is DateRangeRule.NONE:
            period = "week" if schedule.interval is Interval.WEEKLY else "day"
            rhythm = f"{rhythm.rpartition(', the ')[0]}, a snapshot as of the end of the {period} before"
        return f"{what}: {rhythm}, to {where}."
    zone = definition.zone
    if window is None:
        return f"{what}: a snapshot as of now, once, to {where}."
    return f"{what}: {window_words(window, zone, now=at)}, once, to {where}."


def destination_words(destination: Destination, account: Account) -> str:
    """Return `Device Storage`, or the address that files get in a bucket."""
    if isinstance(destination, Download):
        return KINDS[DOWNLOAD].label
    connected = account.bucket_of(destination)
    return (connected or Bucket(destination.partner, destination.bucket, "").below(destination.prefix)).address


def window_words(window: Window, zone: ZoneInfo, *, now: datetime | None = None) -> str:
    """Return `16 Nov 2026 to 22 Nov 2026 (America/New_York)`, with times if the window ends within a day."""
    first, last = (f"{day.day} {day:%b %Y}" for day in window.days(zone))
    end = window.end.astimezone(zone)
    until = last if first != last else ""
    if window.end != start_of(end.date(), zone):
        until = "now" if window.end == now else f"{last} {end:%H:%M}"
    return f"{first} to {until} ({zone.key})" if until else f"{first} ({zone.key})"


def date_range_words(chosen: DateRange, zone: ZoneInfo) -> str:
    """Return a date range as it was chosen."""
    if isinstance(chosen, Preset):
        return chosen.label
    if isinstance(chosen, DayRange):
        return f"{chosen.first} to {chosen.last}, both included"
    return window_words(chosen, zone)


def _rows(
    key: str, label: str, definition: Definition, account: Account, values: Sequence[str]
) -> Iterator[ConfigurationRow]:
    """Yield one row for a value of the deliveries where it is the same for all, else one for each of them."""
    if len(set(values)) == 1:
        yield ConfigurationRow(key, label, values[0])
        return
    for number, (delivery, value) in enumerate(zip(definition.deliveries, values, strict=True), start=1):
        where = destination_words(delivery.destination, account)
        yield ConfigurationRow(f"{key}.{number}", f"{label}, {where}", value)


def _cells(definition: Definition) -> list[str]:
    """Return what becomes of the cells of each delivery; of one policy for all, what it means for people."""
    policies = {each.shape.cells.key for each in definition.deliveries}
    downloaded = any(isinstance(each, Download) for each in definition.destinations)
    return [
        each.shape.cells.words(downloaded=downloaded if len(policies) == 1 else isinstance(each.destination, Download))
        for each in definition.deliveries
    ]


def _frequency(definition: Definition) -> str:
    schedule = definition.schedule
    return (
        Frequency.ONE_TIME.label
        if schedule is None
        else f"Recurring: {schedule.in_words[0].lower()}{schedule.in_words[1:]}"
    )
