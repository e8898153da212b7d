"""The index that a query of a log wants, by the query's text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promo_reports.pipeline.databases.window_index import wanted_index
from promo_reports.sql.bound import BoundQuery, mark
from tests.support.databases.promo import MOVES

START, END, SHOP = mark("window_start"), mark("window_end"), mark("filter_shop")
INSIDE = f"m.moved_at >= {START} AND m.moved_at < {END}"


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        (f"SELECT m.id, m.moved_at FROM moves m WHERE m.shop = {SHOP} AND {INSIDE}", "shop moved_at id"),
        (f"SELECT m.number AS id FROM moves AS m WHERE {INSIDE}", "moved_at number"),
        (f"SELECT m.id FROM moves m JOIN shops s ON s.k = m.k WHERE s.shop = {SHOP} AND {INSIDE}", "k moved_at id"),
        (f"SELECT m.id FROM moves m JOIN shops s ON s.k = m.k WHERE m.kind = 'in' AND {INSIDE}", "moved_at id"),
        (f"SELECT m.id FROM moves m WHERE m.k = (SELECT s.k FROM s WHERE s.n = {SHOP}) AND {INSIDE}", "k moved_at id"),
        (f"SELECT m.id FROM moves m WHERE m.moved_at > clock({START}) AND m.moved_at < {END}", "moved_at id"),
        (f'SELECT m."id" FROM moves m WHERE m."a shop" = {SHOP} AND {INSIDE}', '"a shop" moved_at'),
        (f"SELECT id FROM moves WHERE moved_at >= {START} AND shop = {SHOP}", "shop moved_at"),
        (f"SELECT m.id FROM (SELECT id, moved_at FROM moves) m WHERE {INSIDE}", None),
        ("SELECT m.id FROM moves m", None),
    ],
)  # fmt: skip
def test_it_has_the_filter_the_time_and_the_key(sql: str, columns: str | None) -> None:
    found = wanted_index(BoundQuery(sql, {}), replace(MOVES, order=("moved_at", "id")))
    assert (" ".join(found.columns) if found else None) == columns


def test_an_index_serves_that_has_the_filters_in_any_order_and_then_the_time() -> None:
    wanted = wanted_index(
        BoundQuery(f"SELECT m.id FROM moves m WHERE m.shop = {SHOP} AND m.k = {SHOP} AND {INSIDE}", {}), MOVES
    )
    assert wanted is not None
    assert wanted.table == "moves"
    for columns in (["k", "shop", "MOVED_AT"], ["shop", "moved_at", "kind"], ["moved_at"]):
        assert wanted.is_served_by(columns)
    for columns in (["shop"], ["kind", "moved_at"], ["shop", "kind", "moved_at"]):
        assert not wanted.is_served_by(columns)
