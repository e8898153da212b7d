"""Every registered cell policy keeps what counting, reading again and reversing count on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.domain.cell_policy import CELL_POLICIES
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.sql.cell_policies.transform import TRANSFORMS, CellTransform, transform_of
from tests.support import masked_cells

TRANSFORMED = [*map(transform_of, CELL_POLICIES.values()), masked_cells.LastFour(masked_cells.MASKED)]
TEXTS = st.text(max_size=12) | st.text(alphabet="'=+-@ \t\ufeff\uff1da*1", max_size=6)


def test_each_policy_has_its_data_and_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    masked_cells.register(monkeypatch)
    assert CELL_POLICIES.keys() == TRANSFORMS.keys() == {each.policy.key for each in TRANSFORMED}
    for key, policy in CELL_POLICIES.items():
        assert (policy.key, transform_of(policy).policy) == (key, policy)
        for kind in ColumnType:
            assert not policy.changes(Column("a", kind, "A.", pii=True)) or kind is ColumnType.TEXT


@pytest.mark.parametrize("transform", TRANSFORMED, ids=lambda each: each.policy.key)
@given(text=TEXTS)
def test_a_cell_that_is_changed_is_counted_again_and_reversed(transform: CellTransform, text: str) -> None:
    written = transform.written(text)
    assert transform.is_changed(written) == (written != text or transform.is_changed(text))
    if transform.policy.reversible:
        assert transform.original(written) == text
    assert not transform.is_changed("")
