"""The shape of a delivery: what its file looks like, for whoever opens it there."""

from __future__ import annotations

from dataclasses import dataclass

from promo_reports.domain.cell_policy import RAW, SPREADSHEET, CellPolicy
from promo_reports.domain.delivery import Destination, Download
from promo_reports.domain.file_format import CSV, FileFormat


@dataclass(frozen=True)
class Shape:
    """The format of a file, and what becomes of its text cells."""

    format: FileFormat = CSV
    cells: CellPolicy = RAW

    def __str__(self) -> str:
        return f"{self.format.key}, {self.cells.key}"


@dataclass(frozen=True)
class ShapedDelivery:
    """One destination of a report, and the shape of the file that it gets."""

    destination: Destination
    shape: Shape


def usual_cells(destination: Destination) -> CellPolicy:
    """Return the cell policy of a delivery that names none: people open a download, machines read a bucket."""
    return SPREADSHEET if isinstance(destination, Download) else RAW
