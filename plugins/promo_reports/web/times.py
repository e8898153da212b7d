"""Instants and windows as the API answers them: in a report's timezone, with its offset."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from promo_reports.domain.dates.schedule import Delivery
from promo_reports.domain.dates.window import Window
from promo_reports.web.models import DeliveryShown, WindowShown


def now() -> datetime:
    """The instant of a request, in whole seconds: it is kept as text in what is created."""
    return datetime.now(UTC).replace(microsecond=0)


def local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """An instant in a timezone; None stays None."""
    return moment.astimezone(zone) if moment is not None else None


def window_shown(window: Window, zone: ZoneInfo, *, unsettled: bool = False) -> WindowShown:
    """A window with its local days."""
    first, last = window.days(zone)
    return WindowShown(
        start=window.start.astimezone(zone), end=window.end.astimezone(zone), first=first, last=last, open=unsettled
    )


def delivery_shown(delivery: Delivery, zone: ZoneInfo) -> DeliveryShown:
    """A delivery to come."""
    return DeliveryShown(due=delivery.due.astimezone(zone), window=window_shown(delivery.window, zone))
