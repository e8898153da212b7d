"""The SQL of every shipped report type, as PostgreSQL gets it: a change of it is seen in a review.

`UPDATE_GOLDEN=1 pytest tests/sql/test_golden.py` writes the files anew.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promo_reports.definitions.report_type.loading import load_report_type
from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.domain.dates.window import Window
from promo_reports.domain.filters import Select
from promo_reports.domain.report_type import ColumnType, DateRangeRule, ReportType
from promo_reports.pipeline.databases.postgres.expressions import PostgresExpressions
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import transform_of
from promo_reports.sql.report_query import load_report_query
from promo_reports.sql.template import Parameters

PROJECT = Path(__file__).resolve().parents[2]
SQL = PROJECT / "include" / "sql"
GOLDEN = PROJECT / "tests" / "golden" / "sql"
TYPES = sorted(path.stem for path in (PROJECT / "report_types").glob("*.yaml"))
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


# Types of PostgreSQL for those of columns.
OIDS = {
    ColumnType.TEXT: 25,
    ColumnType.INTEGER: 20,
    ColumnType.DECIMAL: 1700,
    ColumnType.TIMESTAMP: 1184,
    ColumnType.DATE: 1082,
    ColumnType.BOOLEAN: 16,
}


def parameters(report_type: ReportType) -> Parameters:
    """A day and two values of every filter that takes two."""
    values = {
        each.name: ("first",) if each.select is Select.ONE else ("first", "second") for each in report_type.filters
    }
    if report_type.date_range is DateRangeRule.NONE:
        return Parameters(values, None, END)
    return Parameters(values, Window(START, END))


def rendered(report_type: ReportType) -> str:
    on_postgresql = PostgresExpressions(
        {column.name: OIDS[column.type] for column in report_type.columns}, utf8=True, equal_texts=False
    )
    query = load_report_query(report_type, SQL)
    query = replace(query, predicates=PostgresSnapshot.predicates, expressions=on_postgresql)
    asked = parameters(report_type)
    late = query.late(asked, END) if asked.window else None
    queries = {
        "rows": query.rows(asked),
        "rows, safe for spreadsheets": query.rows(asked, transform_of(SPREADSHEET)),
        "totals": query.totals(asked),
        "excluded": query.excluded(asked),
        "late": late,
    }
    return "\n".join(section(title, each) for title, each in queries.items() if each is not None)


def section(title: str, query: BoundQuery) -> str:
    lines = [line.rstrip() for line in query.named().splitlines()]
    return f"-- {title}\n" + "\n".join(line for line in lines if line) + "\n"


@pytest.mark.parametrize("name", TYPES)
def test_the_sql_is_its_golden_file(name: str) -> None:
    text = rendered(load_report_type(PROJECT / "report_types" / f"{name}.yaml"))
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "if this is meant: UPDATE_GOLDEN=1 pytest tests/sql/test_golden.py"


def test_there_is_no_golden_file_of_a_type_that_is_gone() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.sql")) == TYPES
