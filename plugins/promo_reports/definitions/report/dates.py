"""Check the frequency and dates of a definition against its report type and the calendar."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from promo_reports.definitions.inputs.messages import listing
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.definitions.report.form import (
    DaysForm,
    DefinitionForm,
    InstantsForm,
    RecurringForm,
)
from promo_reports.domain.account import Account
from promo_reports.domain.dates.calendar import WEEKDAYS, local_date, start_of
from promo_reports.domain.dates.schedule import DEFAULT_DELIVERY_TIME, Schedule
from promo_reports.domain.dates.window import DateRange, DayRange, Preset, Window
from promo_reports.domain.report_type import DateRangeRule, ReportType

_RANGES = (*(preset.value for preset in Preset), "{first, last}", "{start, end}")


def check_schedule(form: DefinitionForm, account: Account, findings: Findings) -> Schedule | None:
    """Return the schedule of a recurring definition, None for a one-time one."""
    recurring = form.frequency
    if not isinstance(recurring, RecurringForm):
        if form.starts_on is not None and form.frequency is not None:
            findings.add(("starts_on",), "is for recurring reports; a one-time report runs when it is first registered")
        return None
    day = ("frequency", "delivery_day")
    if recurring.interval.has_delivery_day and recurring.delivery_day is None and not findings.touches(*day):
        findings.add(day, f"is required for a weekly report.{listing(WEEKDAYS)}")
    if not recurring.interval.has_delivery_day and recurring.delivery_day is not None:
        findings.add(day, "is for weekly reports; a daily report is delivered every day")
    return Schedule(
        interval=recurring.interval,
        timezone=form.timezone or account.timezone,
        week_starts_on=account.week_starts_on,
        delivery_day=recurring.delivery_day,
        delivery_time=time.fromisoformat(recurring.delivery_time) if recurring.delivery_time else DEFAULT_DELIVERY_TIME,
    )


def check_date_range(
    form: DefinitionForm, report_type: ReportType | None, zone: ZoneInfo, findings: Findings, now: datetime | None
) -> DateRange | None:
    """Return the date range of a one-time definition; with `now` None the clock is not read (files in git)."""
    key = ("date_range",)
    recurring = isinstance(form.frequency, RecurringForm)
    if form.date_range is None:
        if (
            form.frequency is not None
            and not recurring
            and report_type is not None
            and report_type.date_range is DateRangeRule.REQUIRED
            and not findings.touches(*key)
        ):
            findings.add(key, f"is required for a one-time {report_type.id}.{listing(_RANGES)}")
        return None
    if recurring:
        findings.add(key, "is for one-time reports; a recurring report covers the previous day or week by itself")
    if report_type is not None and report_type.date_range is DateRangeRule.NONE:
        findings.add(key, f"{report_type.id} is a snapshot and takes no date range")
    months = report_type.max_months if report_type is not None else None
    if isinstance(form.date_range, Preset):
        if months is not None and form.date_range.months > months:
            findings.add(key, _longer_than(months, form.date_range.value))
        return form.date_range
    if isinstance(form.date_range, DaysForm):
        return _days(form.date_range, months, zone, findings, now)
    return _window(form.date_range, months, zone, findings, now)


def _days(
    form: DaysForm, months: int | None, zone: ZoneInfo, findings: Findings, now: datetime | None
) -> DayRange | None:
    key = ("date_range",)
    if form.first > form.last:
        findings.add(key, f"the first day, {form.first}, is after the last, {form.last}")
        return None
    start, end = start_of(form.first, zone), start_of(form.last + timedelta(days=1), zone)
    if start >= end:
        findings.add(key, f"{form.first} does not exist in {zone.key}: the calendar skipped it")
        return None
    if months is not None and Window(start, end).exceeds_months(months, zone):
        findings.add(key, _longer_than(months, f"{form.first} to {form.last}"))
    today = local_date(now, zone) if now is not None else None
    if today is not None and form.last > today:
        part = "first" if form.first > today else "last"
        findings.add((*key, part), f"{getattr(form, part)} is in the future; today is {today} in {zone.key}")
    return DayRange(form.first, form.last)


def _window(
    form: InstantsForm, months: int | None, zone: ZoneInfo, findings: Findings, now: datetime | None
) -> Window | None:
    key = ("date_range",)
    if form.start >= form.end:
        findings.add(key, f"must start before it ends: {form.start.isoformat()} is not before {form.end.isoformat()}")
        return None
    window = Window(form.start, form.end)
    if months is not None and window.exceeds_months(months, zone):
        findings.add(key, _longer_than(months, f"{form.start.isoformat()} to {form.end.isoformat()}"))
    if now is not None and form.end > now:
        findings.add((*key, "end"), f"{form.end.isoformat()} is in the future; now is {now.isoformat()}")
    return window


def _longer_than(months: int, what: str) -> str:
    return f"longer than {months} month{'s' if months != 1 else ''}: {what}"
