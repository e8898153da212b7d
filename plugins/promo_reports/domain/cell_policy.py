"""How text cells are written, by the key of `csv_safety`; `sql/cell_policies` has the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from promo_reports.domain.report_type import Column, ColumnType


@dataclass(frozen=True)
class CellPolicy:
    """The properties of a policy that other layers use.

    `key` stands in definitions and manifests, `label` says what becomes of cells, `download_label` says it of a file
    that people download, where that is more, and `counted` names the number of changed cells. `changes` says whether
    cells of a column may change; only text columns can. What is `reversible` can be undone by whoever reads the file.
    """

    key: str
    label: str
    changes: Callable[[Column], bool]
    counted: str = "Text cells changed"
    download_label: str = ""
    reversible: bool = True

    def words(self, *, downloaded: bool) -> str:
        """Return what becomes of cells, for people."""
        return self.download_label or self.label if downloaded else self.label


RAW = CellPolicy(
    "raw",
    "Unchanged, for machines",
    changes=lambda column: False,
    download_label="Unchanged, in the download too: a spreadsheet may run a cell that looks like a formula",
)
SPREADSHEET = CellPolicy(
    "spreadsheet",
    "Safe for spreadsheets: what looks like a formula gets a leading apostrophe",
    changes=lambda column: column.type is ColumnType.TEXT and column.mask is None,
    counted="Text cells made safe for spreadsheets",
)
CELL_POLICIES = {each.key: each for each in (RAW, SPREADSHEET)}
"""Every policy by its key."""
