"""Past windows of a recurring report, with their exports, and which of them a backfill would export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from promo_reports.domain.dates.backfill import Backfill
from promo_reports.web.queries.exports import exports_of_windows
from promo_reports.web.queries.records import WindowExport
from promo_reports.web.reports.models import LastExport, PastWindow, PastWindows
from promo_reports.web.times import delivery_shown


@dataclass(frozen=True)
class Past:
    """The windows of a planned backfill and their existing exports, newest first."""

    planned: Backfill
    exported: dict[datetime, tuple[WindowExport, ...]]

    @classmethod
    def of(cls, session: Session, dag_id: str, planned: Backfill) -> Past:
        """Query the existing exports of a planned backfill."""
        return cls(planned, exports_of_windows(session, dag_id, [each.window.start for each in planned.deliveries]))

    def shown(self, zone: ZoneInfo) -> PastWindows:
        """Return every window with its newest export."""
        windows = []
        for each in self.planned.deliveries:
            newest = next(iter(self.exported.get(each.window.start, ())), None)
            made = LastExport(id=newest.id, status=newest.status) if newest else None
            makes, again = (self._to_make(each.window.start, again=again) for again in (False, True))
            shown = delivery_shown(each, zone).model_dump()
            windows.append(PastWindow(**shown, export=made, makes=makes, makes_again=again))
        return PastWindows(windows=windows, unfinished=self.planned.unfinished)

    def to_make(self, *, again: bool) -> int:
        """Return how many windows a backfill exports; `again` includes those whose export succeeded.

        Airflow knows a window's run by its logical date: one that somebody started by hand has none.
        """
        starts = [each.window.start for each in self.planned.deliveries]
        return sum(self._to_make(start, again=again) for start in starts)

    def _to_make(self, start: datetime, *, again: bool) -> bool:
        known = next((each for each in self.exported.get(start, ()) if each.logical_date == start), None)
        if known is None or (known.status.can_retry and not known.succeeded):
            return True
        return again and not known.status.is_open
