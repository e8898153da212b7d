"""Tables and columns that a query reads, as its text says."""

from __future__ import annotations

import pytest

from promo_reports.sql.references import tables_read


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT t.a, t.b FROM ledger t WHERE t.c = 1", {"ledger": {"a", "b", "c"}}),
        ("SELECT ledger.a FROM ledger", {"ledger": {"a"}}),
        ("SELECT x.a FROM app.ledger AS x, other y WHERE y.b = x.c", {"app.ledger": {"a", "c"}, "other": {"b"}}),
        (
            "WITH t AS (SELECT l.a FROM ledger l) SELECT l.z FROM t l JOIN wallets w ON w.a = l.a",
            {"ledger": {"a"}, "wallets": {"a"}},
        ),
        ("WITH wallets AS (SELECT w.a FROM wallets w) SELECT x.b FROM wallets x", {"wallets": {"a"}}),
        ("WITH RECURSIVE t (n) AS (SELECT 1 UNION SELECT t.n + 1 FROM t) SELECT t.n FROM t", {}),
        ("SELECT a.x FROM t a UNION ALL SELECT a.y FROM u a", {"t": {"x"}, "u": {"y"}}),
        (
            "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.l) AND t.m IS DISTINCT FROM t.n",
            {"t": {"l", "m", "n"}, "u": {"k"}},
        ),
        ("SELECT s.a FROM (SELECT t.b AS a FROM t) s", {"t": {"b"}}),
        ("SELECT c.a, e.b FROM (c JOIN e ON c.i = e.j)", {"c": {"a", "i"}, "e": {"b", "j"}}),
        ("SELECT EXTRACT(YEAR FROM t.at) FROM t", {"t": {"at"}}),
        ("SELECT g.n, f.calls(t.a) FROM generate_series(1, 2) g, t", {"t": {"a"}}),
        ('SELECT b."Col" FROM "Big T" b', {'"Big T"': {'"Col"'}}),
    ],
)
def test_tables_and_columns(sql: str, expected: dict[str, set[str]]) -> None:
    assert tables_read(sql) == expected
