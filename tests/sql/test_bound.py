"""Binds in the notation of each driver; whatever else looks like one stays text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devstack.postgres import PostgresServer
from promo_reports.pipeline.databases.generic import GenericSnapshot
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.sql.bound import BoundQuery, mark, marked

HOSTILE = [
    "'; DROP TABLE ledger; --",
    "' OR '1'='1",
    "\\' OR 1=1 --",
    "\\",
    "a%s%(a)s%%b",
    ":a \\:a",
    "$$; DROP $$",
    "\n-- \r\n",
    "/* */",
    "Ünïcode ＝ 🎁",
    "",
]
QUERY = BoundQuery(f"SELECT {mark('a')} AS a, '%s %(a)s 10% :a 12:30 \\:a' AS b, 7 % 4 AS c", {"a": ""})
LITERAL = "%s %(a)s 10% :a 12:30 \\:a"


def test_the_notations() -> None:
    query = BoundQuery(f"a = {mark('x_1')} AND b LIKE '5%' AND c = '1:2'", {"x_1": 1})
    assert query.pyformat() == "a = %(x_1)s AND b LIKE '5%%' AND c = '1:2'"
    assert query.named() == "a = :x_1 AND b LIKE '5%' AND c = '1:2'"
    assert query.connector() == "a = %(x_1)s AND b LIKE '5%' AND c = '1:2'"
    assert BoundQuery(f"'%(a)s' = {mark('a')}", {"a": 1}).connector() == "'%(percent)%(a)s' = %(a)s"
    assert BoundQuery("'%(a)s 5%'", {}).connector() == "'%(a)s 5%'"
    assert marked(query.text) == {"x_1"}


@pytest.mark.parametrize("value", HOSTILE)
def test_postgresql_gets_the_value_and_the_text_as_they_are(value: str, postgres: PostgresServer) -> None:
    source = Source("promo_db", postgres.url())
    with PostgresSnapshot(source, ZoneInfo("UTC"), TimeLimits(60)) as snapshot:
        assert snapshot.fetch(replace(QUERY, values={"a": value})) == [(value, LITERAL, "3")]


@pytest.mark.parametrize("value", HOSTILE)
def test_sqlite_gets_the_value_and_the_text_as_they_are(value: str, tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").touch()
    with GenericSnapshot(
        Source("promo_db", f"sqlite:///{tmp_path / 'a.sqlite'}"), ZoneInfo("UTC"), TimeLimits(60)
    ) as snapshot:
        assert snapshot.fetch(replace(QUERY, values={"a": value})) == [(value, LITERAL, 3)]
