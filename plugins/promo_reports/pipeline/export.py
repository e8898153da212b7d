"""One export to be made: a definition, its absolute window or instant, and the run it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from promo_reports.domain.dates.window import Window, instant_key
from promo_reports.domain.definition import Definition
from promo_reports.sql.cell_policies.hashed import HashKey
from promo_reports.sql.template import FilterValues, Parameters


@dataclass(frozen=True)
class Previous:
    """The export of the window before this one: rows of it recorded since its snapshot are late."""

    window: Window
    snapshot_at: datetime


@dataclass(frozen=True)
class Export:
    """What `extract` makes; exactly one of `window` and `as_of` is set, and nothing in it reads the clock.

    `filters` are the definition's, of the types that the promo database has them in; None before it has been asked.
    `hash_key` is the key for its hashed columns, None where it has none.
    """

    definition: Definition
    window: Window | None
    as_of: datetime | None
    dag_id: str
    run_id: str
    previous: Previous | None = None
    filters: FilterValues | None = None
    hash_key: HashKey | None = field(default=None, repr=False)

    @property
    def zone(self) -> ZoneInfo:
        """The timezone that the file's timestamps are written in."""
        return self.definition.zone

    @property
    def parameters(self) -> Parameters:
        """What its query is rendered with."""
        return Parameters(self.definition.filters if self.filters is None else self.filters, self.window, self.as_of)

    @property
    def window_key(self) -> str:
        """The name of its place below the report: the same for every attempt and every re-run."""
        if self.window is not None:
            return self.window.key()
        assert self.as_of is not None  # noqa: S101 - one of the two is set
        return f"as_of_{instant_key(self.as_of)}"

    @property
    def stem(self) -> str:
        """The file name that people see, without its ending: the report's id and its local days, both included."""
        if self.window is not None:
            first, last = self.window.days(self.zone)
            return f"{self.definition.id}_{first}_to_{last}" if first != last else f"{self.definition.id}_{first}"
        assert self.as_of is not None  # noqa: S101 - one of the two is set
        return f"{self.definition.id}_as_of_{self.as_of.astimezone(self.zone):%Y-%m-%d}"
