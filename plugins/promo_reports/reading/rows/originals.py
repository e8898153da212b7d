"""Text cells as they were before the cell policy of a delivery changed them, where that can be undone."""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # noqa: TID253 - imported when an export is read
import pyarrow.compute as pc  # noqa: TID253

from promo_reports.domain.cell_policy import CELL_POLICIES
from promo_reports.domain.manifest import Manifest
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import ReadRefused
from promo_reports.sql.cell_policies.transform import CellTransform, transform_of


class Originals:
    """Gives back the cells of an export; `columns` are those in which some may have been changed."""

    def __init__(self, transform: CellTransform, columns: frozenset[str]) -> None:
        self._transform, self._columns = transform, columns
        self._letters = None if transform.beginnings is None else pa.array(sorted(transform.beginnings))

    @classmethod
    def of(cls, manifest: Manifest) -> Originals:
        """Return what undoes the policy of an export; ReadRefused for one that this release does not know."""
        policy = CELL_POLICIES.get(manifest.csv_safety)
        if policy is None:
            raise ReadRefused(
                f"The cells of the export were changed by {manifest.csv_safety!r}, which this release does not know.",
                "Read it with the release that wrote it, or with original=False as they were delivered.",
            )
        # Policies leave cells alone that were masked.
        known = [each for each in manifest.columns if each["type"] in list(ColumnType) and not each.get("mask")]
        columns = (Column(str(each["name"]), ColumnType(each["type"]), "") for each in known)
        changed = frozenset(each.name for each in columns if policy.reversible and policy.changes(each))
        return cls(transform_of(policy), changed if manifest.cells_changed else frozenset())

    def restore(self, batch: Any) -> Any:
        """Return the batch with its original cells."""
        arrays = [
            self._restored(array) if field.name in self._columns and pa.types.is_string(field.type) else array
            for field, array in zip(batch.schema, batch.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)

    def _restored(self, cells: Any) -> Any:
        if self._letters is None:
            chosen = pc.is_valid(cells)
        else:
            chosen = pc.is_in(pc.utf8_slice_codeunits(cells, 0, 1), value_set=self._letters)
        changed = cells.filter(chosen)
        if not len(changed):
            return cells
        originals = pa.array([self._transform.original(text) for text in changed.to_pylist()], pa.string())
        return pc.replace_with_mask(cells, chosen, originals)
