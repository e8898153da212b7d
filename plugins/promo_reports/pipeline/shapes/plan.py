"""Which copies of its rows an export needs, and which shapes are made of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promo_reports.domain.cell_policy import RAW, CellPolicy
from promo_reports.domain.file_format import CSV, FileFormat
from promo_reports.domain.shape import Shape
from promo_reports.errors import DataRefused


@dataclass(frozen=True)
class CopyPlan:
    """One copy of the rows, into a file of the shape `master`, and the shapes that are made of it.

    One shape alone is written directly: it is the master. Several are cut from a CSV, which may be one of them.
    """

    master: Shape
    shapes: tuple[Shape, ...]

    @property
    def other_cells(self) -> tuple[CellPolicy, ...]:
        """The cell policies of its shapes that are not the master's, each once."""
        return tuple(dict.fromkeys(each.cells for each in self.shapes if each.cells is not self.master.cells))


def copy_plans(shapes: Sequence[Shape]) -> list[CopyPlan]:
    """Return the copies for some shapes, which are at least one and differ.

    What a policy hides for good is hidden by the database, in a copy of its own; what can be undone is cut from
    unchanged cells.
    """
    groups: dict[CellPolicy, list[Shape]] = {}
    for each in shapes:
        groups.setdefault(RAW if each.cells.reversible else each.cells, []).append(each)
    return [CopyPlan(of[0] if len(of) == 1 else Shape(CSV, cells), tuple(of)) for cells, of in groups.items()]


def format_for(shape: Shape, rows: int, rows_per_file: int) -> FileFormat:
    """Return the format of a shape's file with so many rows; `DataRefused` where it cannot hold them."""
    found = shape.format.for_rows(rows, rows_per_file)
    if found is None:
        raise DataRefused(
            f"The export has {rows:,} rows, and a file of the format {shape.format.label} has at most "
            f"{rows_per_file:,}.",
            f"Choose the format {CSV.label}, or a shorter date range.",
        )
    return found
