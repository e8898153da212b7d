"""Convert instants, windows and deliveries to response values, in a timezone and with its offset."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from promo_reports.domain.dates.schedule import Delivery
from promo_reports.domain.dates.window import Window
from promo_reports.web.models import DeliveryShown, WindowShown


def now() -> datetime:
    """Return the current instant in whole seconds, as it is stored in what a request creates."""
    return datetime.now(UTC).replace(microsecond=0)


def local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return an instant in a timezone; None for None."""
    return moment.astimezone(zone) if moment is not None else None


def window_shown(window: Window, zone: ZoneInfo, *, unsettled: bool = False) -> WindowShown:
    """Return a window with its local days."""
    first, last = window.days(zone)
    return WindowShown(
        start=window.start.astimezone(zone), end=window.end.astimezone(zone), first=first, last=last, open=unsettled
    )


def delivery_shown(delivery: Delivery, zone: ZoneInfo) -> DeliveryShown:
    """Return an upcoming delivery."""
    return DeliveryShown(due=delivery.due.astimezone(zone), window=window_shown(delivery.window, zone))
