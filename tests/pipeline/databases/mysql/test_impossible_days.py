"""Where a query looks at the days that it compares."""

from __future__ import annotations

import pytest

from promo_reports.pipeline.databases.mysql.impossible_days import looked_at
from promo_reports.sql.bound import BoundQuery, mark

START = mark("window_start")


@pytest.mark.parametrize(
    ("condition", "columns"),
    [
        ("t.at < ?", ["t.at"]),
        ("t.at >= ? AND t.at < ?", ["t.at", "t.at"]),
        ("NOT (? <= at OR x) AND y", ["at"]),
        ('CASE WHEN "t"."at" <> ? THEN 1 END', ['"t"."at"']),
        ("SUM(t.at < ?)", ["t.at"]),
        ("CASE WHEN a THEN b END < ?", []),
        ("? > CASE WHEN a THEN b END", []),
        ("t.at + INTERVAL 1 DAY < ?", []),
        ("t.at < ? + INTERVAL 1 DAY", []),
        ("? > max(t.at)", []),
        ("max(t.at) < ?", []),
        ("t.at BETWEEN ? AND ?", []),
        ("t.at < ? IS TRUE", []),
        ("t.at < 'x'", []),
    ],
)
def test_columns_that_are_looked_at(condition: str, columns: list[str]) -> None:
    query = BoundQuery(f"SELECT 1 FROM t WHERE {condition.replace('?', START)}", {"window_start": None})
    text = looked_at(query, {"window_start"}).text
    for column in columns:
        text = text.replace(
            f" AND (DAYOFMONTH({column}) < 29 OR CAST({column} AS CHAR) + INTERVAL 0 SECOND IS NOT NULL)", "", 1
        )
    assert text == query.text
    assert looked_at(query, ()).text == query.text
