"""A report definition: a named report of one type with its filters, delivery and frequency."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from promo_reports.domain.dates.schedule import Delivery, Frequency, Recurrence, Schedule, Stop
from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.dates.window import DateRange
from promo_reports.domain.delivery import Destination, Download
from promo_reports.domain.mask import Mask
from promo_reports.domain.report_type import ReportType
from promo_reports.domain.shape import Shape, ShapedDelivery

REPORT_ID = re.compile(r"^[a-z][a-z0-9_-]{0,99}$")
NOT_IN_AN_ID = re.compile(r"[^a-z0-9]+")
"""What becomes `_` where an id is made of a name."""
MAX_NAME = 120
MAX_OWNER = 500
"""Characters: what Airflow's log keeps of the name of a user."""
MAX_DESTINATIONS = 100
"""Each is a task of its own in every run; Airflow maps at most 1,024."""


def is_report_id(text: object) -> bool:
    """Return whether a text may be the id of a report: safe as the name of a file, an object, a DAG."""
    return isinstance(text, str) and REPORT_ID.fullmatch(text) is not None


def words_of(name: str) -> str:
    """Return a name as part of an id or path: `june_wallet_transactions`, at most 87 characters, a-z first."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = NOT_IN_AN_ID.sub("_", plain.lower())[:80].strip("_")
    return words if words[:1].isalpha() else f"report_{words}".rstrip("_")


class Origin(StrEnum):
    """Where a definition is kept: in git, in the store of created reports, or in a run's conf."""

    GIT = "git"
    CREATED = "created"
    CONF = "conf"


@dataclass(frozen=True)
class Definition:
    """A valid definition: everything in it has been checked against its report type and the account.

    Exactly one of these holds: `schedule` is set (recurring), or the report is one-time, with `date_range` where its
    type takes one. `report_type` has the columns that are delivered, with their masks, of which `personal_data` are
    those that the definition names. `sha256` is the hash of its canonical content; `starts_at` the first instant at
    which a delivery may be due.
    """

    id: str
    name: str
    report_type: ReportType
    owner: str
    filters: Mapping[str, tuple[str, ...] | None]
    deliveries: tuple[ShapedDelivery, ...]
    timezone: str
    week_starts_on: str
    sha256: str
    origin: Origin
    source: str
    schedule: Schedule | None = None
    date_range: DateRange | None = None
    starts_at: datetime | None = None
    stops: tuple[Stop, ...] = field(default=())
    personal_data: Mapping[str, Mask] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The timezone of its windows and of its file's timestamps."""
        return load_timezone(self.timezone)

    @property
    def recurring(self) -> bool:
        """Whether it is delivered on a schedule."""
        return self.schedule is not None

    @property
    def frequency(self) -> Frequency:
        """`one_time`, `daily` or `weekly`."""
        return Frequency(self.schedule.interval) if self.schedule else Frequency.ONE_TIME

    @property
    def stopped_since(self) -> datetime | None:
        """Since when no further delivery goes out; None where deliveries go out as things stand."""
        return next((stop.stopped_at for stop in self.stops if stop.resumed_at is None), None)

    @property
    def recurrence(self) -> Recurrence | None:
        """When the scheduler delivers it; None for a one-time report."""
        return Recurrence(self.schedule, self.starts_at, self.stops) if self.schedule is not None else None

    def next_delivery(self, now: datetime) -> Delivery | None:
        """Return the next delivery if the last one was of this schedule, as it is not after a change; None for none.

        The scheduler goes on from the end of the last run's window, which Airflow alone knows.
        """
        if self.recurrence is None:
            return None
        return self.recurrence.following(self.recurrence.schedule.latest(now).window.end, now)

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Where it goes, in the order of the deliveries; no two are the same."""
        return tuple(each.destination for each in self.deliveries)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of its deliveries, each once, in their order."""
        return tuple(dict.fromkeys(each.shape for each in self.deliveries))

    @property
    def for_people(self) -> ShapedDelivery:
        """The delivery that people see: the download if there is one, else the first."""
        downloads = (each for each in self.deliveries if isinstance(each.destination, Download))
        return next(downloads, self.deliveries[0])
