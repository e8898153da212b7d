"""The window is compared with instants alone, whatever stands between the column and the query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from promo_reports.domain.dates.window import Window
from promo_reports.domain.report_type import Column, ColumnType, DateRangeRule, ReportType
from promo_reports.errors import DataRefused
from promo_reports.pipeline.export import Export
from promo_reports.sql.bound import BoundQuery
from tests.support.databases.promo import MOVES, PostgresPromo, Project, content, export
from tests.support.databases.snapshots import snapshot

MAY = Window(datetime(2026, 5, 1, 4, tzinfo=UTC), datetime(2026, 6, 1, 4, tzinfo=UTC))
SUMMARY = ReportType(
    id="moves",
    title="Sums",
    promotion_type=MOVES.promotion_type,
    description="Sums.",
    connection="promo_db",
    date_range=DateRangeRule.REQUIRED,
    order=("kind",),
    filters=(),
    columns=(
        Column("kind", ColumnType.TEXT, "What."),
        Column("issued", ColumnType.DECIMAL, "In the window.", scale=2, total=True),
    ),
)
SNAPSHOT = replace(SUMMARY, date_range=DateRangeRule.NONE)
LOG = replace(
    SUMMARY,
    order=("at", "id"),
    columns=(Column("id", ColumnType.INTEGER, "Number."), Column("at", ColumnType.TIMESTAMP, "When.")),
    window_column="at",
)
OF_MAY = """SELECT t.kind, SUM(CASE WHEN t.at >= {{ window.start }} THEN t.points END) AS issued
FROM %s t WHERE t.at < {{ window.end }} GROUP BY t.kind ORDER BY t.kind"""
UNTIL = "SELECT t.kind, SUM(t.points) AS issued FROM %s t WHERE t.at < {{ as_of }} GROUP BY t.kind ORDER BY t.kind"
LOGGED = "SELECT t.id, %s AS at FROM %s t WHERE {{ window.covers('t.at') }} ORDER BY t.at, t.id"


@pytest.fixture
def ledger(on_postgres: PostgresPromo) -> Iterator[PostgresPromo]:
    """Credits of 1, 10 and 100 points at the edges of May in New York, in every shape that a schema may give them."""
    on_postgres.execute(
        "CREATE SCHEMA shapes",
        "GRANT USAGE ON SCHEMA shapes TO promo_reader",
        "CREATE DOMAIN shapes.moment AS timestamptz",
        "CREATE DOMAIN shapes.recent AS shapes.moment CHECK (VALUE > '2000-01-01Z')",
        """CREATE TABLE shapes.ledger (id int, kind text, points numeric(18, 2), utc timestamp, day date,
            at timestamptz, instant shapes.recent)""",
        """INSERT INTO shapes.ledger
            SELECT id, 'credit', points, at AT TIME ZONE 'UTC', CAST(at AS date), at, at
            FROM (VALUES (1, 1, timestamptz '2026-05-01 02:00Z'), (2, 10, '2026-05-01 12:00Z'),
                (3, 100, '2026-06-01 02:00Z')) AS given (id, points, at)""",
        "CREATE VIEW shapes.of_utc AS SELECT id, kind, points, utc AS at FROM shapes.ledger",
        "CREATE VIEW shapes.of_view AS SELECT id, kind, points, at FROM shapes.of_utc",
        """CREATE VIEW shapes.of_case AS SELECT id, kind, points, CASE WHEN points > 0 THEN utc END AS at
            FROM shapes.ledger""",
        "CREATE VIEW shapes.of_days AS SELECT id, kind, points, day AS at FROM shapes.ledger",
        """CREATE TABLE shapes.parts (id int, kind text, points numeric(18, 2), at timestamp)
            PARTITION BY RANGE (at)""",
        "CREATE TABLE shapes.part PARTITION OF shapes.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "INSERT INTO shapes.parts SELECT id, kind, points, utc FROM shapes.ledger",
        """CREATE VIEW shapes.converted AS SELECT id, kind, points, utc AT TIME ZONE 'UTC' AS at FROM shapes.ledger""",
        "CREATE VIEW shapes.of_cast AS SELECT id, kind, points, CAST(utc AS timestamptz) AS at FROM shapes.ledger",
        """CREATE VIEW shapes.of_two AS SELECT id, kind, points, utc AS at FROM shapes.ledger
            UNION ALL SELECT id + 10, kind, points, instant FROM shapes.ledger""",
        """CREATE VIEW shapes.of_either AS SELECT id, kind, points, COALESCE(instant, utc) AS at
            FROM shapes.ledger""",
        """CREATE VIEW shapes.of_shifted AS SELECT id, kind, points,
            CAST(COALESCE(utc, utc + interval '1 hour') AS timestamptz) AS at FROM shapes.ledger""",
        'CREATE TABLE shapes."Odd (ledger)" AS SELECT id, kind, points, utc AS "At ""UTC""", at FROM shapes.ledger',
        "CREATE VIEW shapes.of_domain AS SELECT id, kind, points, instant AS at FROM shapes.ledger",
        "GRANT SELECT ON ALL TABLES IN SCHEMA shapes TO promo_reader",
    )
    yield on_postgres
    on_postgres.execute("DROP SCHEMA shapes CASCADE")


WITHOUT_ZONE = ["shapes.of_utc", "shapes.of_view", "shapes.of_case", "shapes.parts", "shapes.of_days"]


@pytest.mark.parametrize("table", WITHOUT_ZONE)
@pytest.mark.parametrize("report_type", [SUMMARY, SNAPSHOT, LOG], ids=["aggregate", "snapshot", "log"])
def test_columns_without_zone_are_refused(
    report_type: ReportType, table: str, ledger: PostgresPromo, project: Project
) -> None:
    of_type = {SUMMARY: OF_MAY % table, SNAPSHOT: UNTIL % table, LOG: LOGGED % ("t.at AT TIME ZONE 'UTC'", table)}
    shown = "CAST(t.at AS timestamp) AT TIME ZONE 'UTC'" if table == "shapes.of_days" else "t.at AT TIME ZONE 'UTC'"
    project.write(of_type[report_type].replace("t.at AT TIME ZONE 'UTC' AS", f"{shown} AS"))
    window = None if report_type is SNAPSHOT else MAY
    bound = "as_of" if report_type is SNAPSHOT else "window"
    with pytest.raises(DataRefused, match=rf"compares {bound}.* with t\.at, which is of type") as refused:
        project.make(ledger.source, report(report_type, window))
    assert f"{shown}; and compare" in refused.value.fix
    assert project.left == []


@pytest.mark.parametrize("table", ["shapes.converted", "shapes.of_domain", "shapes.ledger"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_instants_give_the_same_sums_in_every_timezone(
    zone: str, table: str, ledger: PostgresPromo, project: Project
) -> None:
    project.write(OF_MAY % table)
    assert sums(project, ledger, report(SUMMARY, MAY, zone)) == "credit,110.00"
    project.write(LOGGED % ("t.at", table))
    ids = content(project.make(ledger.source, report(LOG, MAY, zone))).decode().splitlines()[1:]
    assert [line.partition(",")[0] for line in ids] == ["2", "3"]


@pytest.mark.parametrize(
    "condition",
    [
        "t.at >= {{ window.start }} - interval '30 days' AND t.at < {{ window.end }}",
        "t.at >= date_trunc('month', {{ window.start }}) AND t.at < {{ window.end }}",
        "extract(epoch FROM t.at) >= extract(epoch FROM {{ window.start }}) AND t.at < {{ window.end }}",
        "t.at BETWEEN {{ window.start }} AND {{ window.end }}",
        "t.at <@ tstzrange({{ window.start }}, {{ window.end }})",
        "(t.at, t.id) >= ({{ window.start }}, 0) AND t.at < {{ window.end }}",
        "t.utc >= {{ window.start }} AT TIME ZONE 'UTC' AND t.utc < {{ window.end }} AT TIME ZONE 'UTC'",
        "t.utc >= ({{ window.start }} - interval '0 days') AT TIME ZONE 'UTC' AND t.at < {{ window.end }}",
        "t.day >= date({{ window.start }} - interval '0 days') AND t.at < {{ window.end }}",
        "t.at >= CASE WHEN t.id > 0 THEN {{ window.start }} ELSE {{ window.end }} END",
        "CAST(t.at AS date) >= {{ window.start }} - interval '0 days' AND t.at < {{ window.end }}",
        "CAST(t.utc AT TIME ZONE 'UTC' AS date) - t.id + 2 >= date_trunc('day', {{ window.start }})"
        " AND t.at < {{ window.end }}",
        "date_trunc('day', t.at AT TIME ZONE 'America/New_York') >= {{ window.start }} - interval '0 days'"
        " AND t.at < {{ window.end }}",
        "(t.utc AT TIME ZONE 'UTC', t.id) >= ({{ window.start }} - interval '0 days', 0) AND t.at < {{ window.end }}",
        "t.at > CURRENT_DATE - 100000 AND t.at < {{ window.end }} AND t.at >= {{ window.start }}",
        "(t.at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' >= {{ window.start }} - interval '0 days'"
        " AND t.at < {{ window.end }}",
    ],
)
def test_conditions_on_instants_go_on_to_work(condition: str, ledger: PostgresPromo, project: Project) -> None:
    project.write(
        f"SELECT t.kind, SUM(t.points) AS issued FROM shapes.ledger t WHERE {condition} "
        "AND t.id > 1 GROUP BY t.kind ORDER BY t.kind"
    )
    assert sums(project, ledger, report(SUMMARY, MAY)) == "credit,110.00"


NAMED = {
    "bounds": "bounds AS (SELECT {{ window.start }} AS first, {{ window.end }} AS last)",
    "fixed": "fixed AS MATERIALIZED (SELECT {{ window.start }} AS first, {{ window.end }} AS last)",
    "kept": "kept AS MATERIALIZED (SELECT o.kind, o.points, o.utc AS at FROM shapes.ledger o)",
}
ODD = 'shapes."Odd (ledger)"'


@pytest.mark.parametrize(
    ("table", "condition", "column"),
    [
        ("shapes.ledger", "t.utc >= {{ window.start }} - interval '1 day' AND t.at < {{ window.end }}", "utc"),
        ("shapes.ledger", "{{ window.start }} + interval '1 day' <= t.utc AND t.at < {{ window.end }}", "utc"),
        ("shapes.ledger", "t.day >= date_trunc('day', {{ window.start }}) AND t.at < {{ window.end }}", "day"),
        ("shapes.ledger", "t.utc >= bounds.first AND t.utc < bounds.last", "utc"),
        ("shapes.ledger", "t.utc >= CAST(bounds.first AS timestamp) AND t.at < bounds.last", "utc"),
        ("shapes.ledger", "t.at >= bounds.first AND t.at < bounds.last AND t.utc <= t.instant", "utc"),
        ("shapes.of_two", "t.at >= {{ window.start }} AND t.at < {{ window.end }}", "utc"),
        ("shapes.of_either", "t.at >= {{ window.start }} AND t.at < {{ window.end }}", "utc"),
        ("shapes.ledger", "t.utc >= (SELECT {{ window.start }}) AND t.at < {{ window.end }}", "utc"),
        (
            "shapes.ledger",
            "t.utc > (SELECT min(o.at) FROM shapes.of_domain o) AND {{ window.start }} < {{ window.end }}",
            "utc",
        ),
        ("shapes.ledger", "t.utc >= fixed.first AND t.utc < fixed.last", "utc"),
        ("kept", "t.at >= fixed.first AND t.at < fixed.last", "utc"),
        ("shapes.ledger", "t.utc >= (SELECT fixed.first FROM fixed) AND t.at < fixed.last", "utc"),
        ("shapes.parts", "t.at >= (SELECT fixed.first FROM fixed) AND t.at < (SELECT fixed.last FROM fixed)", "at"),
        ("shapes.of_shifted", "t.at >= {{ window.start }} AND t.at < {{ window.end }}", "utc"),
        ("shapes.ledger", "t.utc + interval '1 hour' >= bounds.first AND t.at < bounds.last", "utc"),
        ("shapes.of_cast", "t.at >= {{ window.start }} AND t.at < {{ window.end }}", "utc"),
        (
            "shapes.parts",
            "t.at >= {{ window.start }} - interval '1 day' AND {{ window.end }} > '2020-01-01'",
            "at",
        ),
        (ODD, 't."At ""UTC""" >= bounds.first AND t.at < bounds.last', 'At "UTC"'),
        *(
            (
                "shapes.ledger",
                f"{shifted} >= {{{{ window.start }}}} - interval '0 days' AND t.at < {{{{ window.end }}}}",
                "utc",
            )
            for shifted in (
                "date_trunc('hour', t.utc)",
                "COALESCE(t.utc, CAST(t.day AS timestamp))",
                "CASE WHEN t.id > 0 THEN t.utc END",
                "GREATEST(t.utc, t.utc)",
                "t.utc - interval '1 hour' * t.id",
                "CAST(t.utc AS date)",
                "lower(tsrange(t.utc, NULL))",
                "(ARRAY[t.utc])[1]",
                "(SELECT max(o.utc) FROM shapes.ledger o WHERE o.id = t.id)",
            )
        ),
        (
            "shapes.ledger",
            "(t.utc, t.id) >= ({{ window.start }} - interval '0 days', 0) AND t.at < {{ window.end }}",
            "utc",
        ),
        (
            "shapes.ledger",
            "t.utc IS DISTINCT FROM {{ window.start }} - interval '0 days' AND t.at < {{ window.end }}",
            "utc",
        ),
        ("shapes.ledger", "(t.utc, t.utc) OVERLAPS ({{ window.start }} - interval '0 h', {{ window.end }})", "utc"),
    ],
)
def test_columns_without_zone_are_found_in_the_plan(
    table: str, condition: str, column: str, ledger: PostgresPromo, project: Project
) -> None:
    named = {name: text for name, text in NAMED.items() if f"{name}." in condition or name == table}
    cte = f"WITH {', '.join(named.values())}\n" if named else ""
    bounds = "".join(f", {name}" for name in named if name != table)
    project.write(
        f"{cte}SELECT t.kind, SUM(t.points) AS issued FROM {table} t{bounds} WHERE {condition} "
        "GROUP BY t.kind ORDER BY t.kind"
    )
    with pytest.raises(DataRefused, match=rf"column '{column}' of shapes\..* has no time zone"):
        project.make(ledger.source, report(SUMMARY, MAY))


@pytest.mark.parametrize(
    "made",
    [
        "(t.at AT TIME ZONE 'UTC')",
        "date_trunc('day', t.at AT TIME ZONE 'UTC')",
        "CAST(t.at AT TIME ZONE 'UTC' AS date)",
        "CAST('2026-05-0' || t.id AS timestamp)",
        "make_timestamp(2026, 5, t.id, 2, 0, 0)",
    ],
)
def test_times_without_zone_that_the_query_makes(made: str, ledger: PostgresPromo, project: Project) -> None:
    project.write(
        f"SELECT t.kind, SUM(t.points) AS issued FROM shapes.ledger t WHERE {made} >= "
        "{{ window.start }} - interval '0 days' AND t.at < {{ window.end }} GROUP BY t.kind ORDER BY t.kind"
    )
    with pytest.raises(DataRefused, match=r"a time without time zone, which it makes of the column .* of shapes\."):
        project.make(ledger.source, report(SUMMARY, MAY))


def test_a_window_named_once_in_a_cte(ledger: PostgresPromo, project: Project) -> None:
    project.write(
        "WITH bounds AS (SELECT {{ window.start }} AS first, {{ window.end }} AS last)\n"
        "SELECT t.kind, SUM(t.points) AS issued FROM shapes.ledger t, bounds WHERE t.at >= bounds.first "
        "AND t.at < bounds.last GROUP BY t.kind ORDER BY t.kind"
    )
    assert sums(project, ledger, report(SUMMARY, MAY)) == "credit,110.00"


@pytest.mark.parametrize("window_column", ["t.at", "t.instant"])
def test_a_log_that_shows_another_time_than_its_window_holds(
    window_column: str, ledger: PostgresPromo, project: Project
) -> None:
    later = LOGGED.replace("t.at'", f"{window_column}'") % ("t.at + interval '30 days'", "shapes.ledger")
    project.write(later.replace("ORDER BY t.at", "ORDER BY at"))
    with pytest.raises(DataRefused, match=r"column 'at' holds a time that is not in the window .*window\.covers"):
        project.make(ledger.source, report(LOG, MAY))
    assert project.left == []


def test_nothing_of_the_check_stays_in_the_session(ledger: PostgresPromo, project: Project) -> None:
    with snapshot(ledger.source) as given:
        shown = {"since": MAY.start}
        for text in ("SELECT 1 AS n FROM shapes.ledger t WHERE t.at >= \x00since\x00", "SELECT \x00since\x00 IS NULL"):
            given.expressions(BoundQuery(text, shown), replace(SUMMARY, columns=()))
        assert given.fetch(BoundQuery("SELECT count(*) FROM pg_prepared_statements", {})) == [("0",)]


def report(report_type: ReportType, window: Window | None, zone: str = "America/New_York") -> Export:
    return export(report_type=report_type, filters={}, window=window, timezone=zone)


def sums(project: Project, promo: PostgresPromo, asked: Export) -> str:
    (line,) = content(project.make(promo.source, asked)).decode().splitlines()[1:]
    return line
