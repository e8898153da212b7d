"""The installation that checks look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from promo_reports.definitions.registry import Checked, Registry
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import InvalidInput
from promo_reports.pipeline.databases.source import Source
from promo_reports.settings import Settings


@dataclass(frozen=True)
class Installation:
    """Settings and files of a host; `source_of` finds the promo database of an Airflow connection's id."""

    settings: Settings
    registry: Registry
    now: datetime
    source_of: Callable[[str], Source]

    @cached_property
    def report_types(self) -> Mapping[str, ReportType]:
        """The report types without problems, by id."""
        found = {}
        for source in self.registry.report_type_sources():
            try:
                found[source.key] = self.registry.report_type(source.key)
            except InvalidInput:
                continue
        return found

    @property
    def broken_report_types(self) -> list[str]:
        """The ids of report types that cannot be read."""
        return [each.key for each in self.registry.report_type_sources() if each.key not in self.report_types]

    @cached_property
    def definitions(self) -> tuple[Checked, ...]:
        """Every definition, or what is wrong with it."""
        return tuple(self.registry.check_all(self.now))
