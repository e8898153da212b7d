"""What becomes of the cells of a column that identifies a person, by the key that stands in definitions and accounts.

`sql/cell_policies/masking.py` has the code of those that change cells.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mask:
    """One treatment of a column; `label` says to people what is delivered in its place.

    What `changes_cells` is for columns of text alone. Where it `keeps_apart`, two cells that differ still differ, so
    that rows can be told apart by them.
    """

    key: str
    label: str
    changes_cells: bool = False
    keeps_apart: bool = False


CLEAR = Mask("clear", "as it is", keeps_apart=True)
DROPPED = Mask("dropped", "left out")
LAST_FOUR = Mask("last_four", "its last four characters alone", changes_cells=True)
HASHED = Mask("hashed", "a keyed hash, equal in all reports", changes_cells=True, keeps_apart=True)
MASKS = {each.key: each for each in (CLEAR, LAST_FOUR, HASHED, DROPPED)}
"""Every treatment by its key, the one that tells most first."""
RECEIVED = tuple(key for key, each in MASKS.items() if each is not DROPPED)
"""What a bucket may receive of a column; of one that is dropped it receives nothing."""
