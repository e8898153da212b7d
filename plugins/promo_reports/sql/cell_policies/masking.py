"""The port of a mask, and the code that is registered for each key of `domain.mask.MASKS` that changes cells."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol

from promo_reports.domain.mask import HASHED, LAST_FOUR, Mask
from promo_reports.domain.report_type import Column
from promo_reports.sql.expressions import Expressions

MASKINGS = {
    LAST_FOUR.key: ("promo_reports.sql.cell_policies.last_four", "LastFour"),
    HASHED.key: ("promo_reports.sql.cell_policies.hashed", "Hashed"),
}
"""Module and name of the class of each mask; the module is imported when an export has the mask."""


class Masking(Protocol):
    """What a mask does to the cells of its columns; NULL stays NULL.

    No masked cell is a formula, and every masked cell of a file is recognised by its form.
    """

    def sql(self, column: Column, of: Expressions) -> str | None:
        """Return the expression of a masked cell; None where the worker masks what the database sends."""
        ...

    def is_masked(self, text: str) -> bool:
        """Return whether a cell of the file has the form of a masked one; NULL and the empty text have not."""
        ...


def masking_of(mask: Mask) -> Masking:
    """Return the code of a mask that changes cells."""
    module, name = MASKINGS[mask.key]
    made: Masking = getattr(import_module(module), name)()
    return made
