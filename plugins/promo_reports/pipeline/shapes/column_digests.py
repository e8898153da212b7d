"""A hash of each column of a file, whatever blocks it is read in and whatever format it has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from promo_reports.domain.report_type import ReportType
from promo_reports.pipeline.formats.parsed_block import ParsedBlock, is_valid, octets
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.pipeline.shapes.cells import values_of, with_cells
from promo_reports.sql.cell_policies.transform import CellTransform

_NULL = -1


class ColumnDigest:
    """A running hash over the cells of a column: over their lengths in bytes, -1 for NULL, and over their bytes."""

    def __init__(self) -> None:
        self._lengths, self._bytes = hashlib.sha256(), hashlib.sha256()

    def add(self, cells: Any) -> None:
        """Take the next cells, an Arrow array of texts."""
        content, borders = octets(cells)
        lengths = np.diff(borders).astype("<i4")
        lengths[~is_valid(cells)] = _NULL
        self._lengths.update(lengths.data)
        self._bytes.update(content[int(borders[0]) : int(borders[-1])].data)

    def result(self) -> tuple[str, str]:
        """Return what is equal where two columns have the same cells."""
        return self._lengths.hexdigest(), self._bytes.hexdigest()


def digests_of(columns: Sequence[ColumnDigest]) -> list[tuple[str, str]]:
    """Return the hashes of some columns."""
    return [each.result() for each in columns]


class DigestingTally(Tally):
    """A tally that hashes each column, too, with the cells as they were before the cell policy changed them."""

    def __init__(self, report_type: ReportType, transform: CellTransform) -> None:
        super().__init__(report_type, transform)
        self.needed = list(range(len(self.names)))
        self.digests = [ColumnDigest() for _ in self.names]

    def add_all(self, block: ParsedBlock) -> None:
        """Count and hash all rows of a block."""
        super().add_all(block)
        for place, digest in enumerate(self.digests):
            column = self.report_type.columns[place]
            cells = values_of(block, place, column)
            if self.transform.changes(column):
                cells = with_cells(cells, self.transform.restored(block, place))
            digest.add(cells)
