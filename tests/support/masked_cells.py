"""A cell policy that the package does not have: of texts that identify a person, the last four characters are left.

What a new policy needs is in this file: its data, its code, and its line in each of the two tables.
"""

from __future__ import annotations

import pytest

from promo_reports.domain import cell_policy
from promo_reports.domain.cell_policy import CellPolicy
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.sql.cell_policies import transform
from promo_reports.sql.cell_policies.transform import CellTransform
from promo_reports.sql.expressions import Expressions

MASKED = CellPolicy(
    "masked",
    "Masked: of texts that identify a person, the last four characters are left",
    changes=lambda column: column.pii and column.type is ColumnType.TEXT,
    counted="Text cells masked",
    reversible=False,
)
_MASK = "****"


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the policy in this process."""
    monkeypatch.setitem(cell_policy.CELL_POLICIES, MASKED.key, MASKED)
    monkeypatch.setitem(transform.TRANSFORMS, MASKED.key, (__name__, "LastFour"))


class LastFour(CellTransform):
    """Every text that is not NULL is masked."""

    def sql(self, column: Column, of: Expressions) -> str:
        return f"'{_MASK}' || pg_catalog.right({of.text(column)}, 4)"

    def sql_is_changed(self, column: Column, of: Expressions) -> str:
        return f"{of.text(column)} IS NOT NULL"

    def written(self, text: str) -> str:
        return _MASK + text[-4:]

    def is_changed(self, text: str) -> bool:
        return text.startswith(_MASK) and len(text) <= len(_MASK) + 4
