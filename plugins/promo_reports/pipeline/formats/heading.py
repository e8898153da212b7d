"""What a file is told about its rows before the first of them."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column


@dataclass(frozen=True)
class Heading:
    """The columns of a file, in order, and the timezone of its timestamps."""

    columns: tuple[Column, ...]
    zone: ZoneInfo

    @property
    def line(self) -> bytes:
        """The header of a CSV, with its line end."""
        return (",".join(column.name for column in self.columns) + "\n").encode()
