"""A mask that is registered in this process alone goes from YAML to a verified, delivered file."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from devstack.databases import PromoDatabase
from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.configuration import configuration
from promo_reports.delivery import area_for, publish
from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.domain.shape import Shape
from promo_reports.errors import InvalidInput, ReconciliationError
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.extract import extract
from promo_reports.pipeline.run_export import Run, one_time_export
from promo_reports.pipeline.staging.directory import StagingDirectory
from promo_reports.settings import Settings
from promo_reports.web.definition_body import body_of
from tests.support import masked_cells
from tests.support.databases.promo import MOVES, Move, Project, Promo, content, export, shaped
from tests.support.project import new_project

DEFINITION = """\
id: june
name: Credits of June
report_type: {report_type}
owner: growth@example.com
filters: {filters}
frequency: one_time
{dates}
delivery: [download]
csv_safety: {policy}
"""
NOON = datetime.fromisoformat("2026-11-18T12:00:00-05:00")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    masked_cells.register(monkeypatch)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """The product's report types in a project of the test."""
    return Registry(Settings(home=new_project(tmp_path), data_dir=tmp_path / "data"))


def define(
    registry: Registry,
    policy: str,
    report_type: str = "wallet_transactions",
    filters: str = "{wallet: gold, transaction_type: [credit]}",
    dates: str = "date_range: {first: 2026-06-01, last: 2026-06-30}",
) -> Definition:
    text = DEFINITION.format(policy=policy, report_type=report_type, filters=filters, dates=dates)
    (registry.settings.reports / "june.yaml").write_text(text)
    return registry.definition("june")


def test_from_yaml_to_a_delivered_file(registry: Registry, promo_database: Callable[[], PromoDatabase]) -> None:
    import psycopg2

    database = promo_database()
    with contextlib.closing(psycopg2.connect(database.owner_url)) as connection, connection, connection.cursor() as c:
        c.execute(
            "INSERT INTO wallets VALUES ('gold', 'Gold', 'points', 'active', '2026-01-01Z');"
            "INSERT INTO wallet_transactions (transaction_id, occurred_at, recorded_at, user_id, wallet_id,"
            " transaction_type, transaction_source, points, balance_after) SELECT n, at, at, name, 'gold', 'credit',"
            " 'api', 1, n FROM unnest(ARRAY['member-1234', '=cmd', 'né']) WITH ORDINALITY AS given (name, n),"
            " LATERAL (SELECT timestamptz '2026-06-03 12:00Z' + n * interval '1 minute') AS times (at)"
        )
    definition = define(registry, "masked")
    run = Run("promo_reports.report.june", "once", NOON)
    settings, source = registry.settings, Source("promo_db", database.reader_url)
    area = StagingDirectory(settings.staging)
    staged = extract(one_time_export(definition, run), source, area, settings, now=lambda: NOON)
    publish(staged, area_for(definition.destinations[0], registry.account, settings))
    (delivered,) = registry.settings.data_dir.glob("downloads/**/june_*.csv")
    with delivered.open(newline="") as file:
        assert [row["user_id"] for row in csv.DictReader(file)] == ["****1234", "****=cmd", "****né"]
    assert (staged.manifest.csv_safety, staged.manifest.cells_changed) == ("masked", 3)


def test_the_same_mask_on_each_database(promo: Promo, project: Project) -> None:
    texts = ["member-1234", "é", "", None, 'a\n"b",c']
    promo.load(*(Move(number, note=text) for number, text in enumerate(texts, 1)))
    columns = tuple(Column("note", ColumnType.TEXT, "Who.", pii=True) if c.name == "note" else c for c in MOVES.columns)
    asked = export(report_type=replace(MOVES, columns=columns))
    staged = project.make(promo.source, shaped(asked, Shape(cells=masked_cells.MASKED)))
    rows = list(csv.DictReader(content(staged).decode().splitlines(keepends=True)))
    assert [row["note"] for row in rows] == ["****1234", "****é", "****", "", '****b",c']
    assert [row["kind"] for row in rows] == ["in"] * 5
    assert (staged.manifest.csv_safety, staged.manifest.cells_changed) == ("masked", 4)


def test_a_cell_that_was_not_masked_is_not_published(
    on_postgres: Promo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_postgres.load(Move(1, note="member-1234"))
    monkeypatch.setattr(masked_cells.LastFour, "sql", lambda self, column, of: of.text(column))
    columns = tuple(replace(each, pii=True) if each.name == "note" else each for each in MOVES.columns)
    asked = export(report_type=replace(MOVES, columns=columns))
    with pytest.raises(ReconciliationError, match="cells changed of note: 1 in the database, 0 in the file"):
        project.make(on_postgres.source, shaped(asked, Shape(cells=masked_cells.MASKED)))
    assert project.left == []


def test_what_a_definition_says_of_it(registry: Registry) -> None:
    definition = define(registry, "masked")
    said = {each.key: each.value for each in configuration(definition, registry.account)}
    assert said["csv_safety"] == "Masked: of texts that identify a person, the last four characters are left"
    body = body_of(definition, registry.account)
    assert body["csv_safety"] == "masked"
    assert registry.draft(body, by="ada", at=NOON).shapes[0].cells is masked_cells.MASKED
    assert len({define(registry, policy).sha256 for policy in ("masked", "raw", "spreadsheet")}) == 3


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("maskd", "'maskd' is not allowed; did you mean 'masked'? Allowed: raw, spreadsheet, masked."),
        ("masked", "masked hides user_id, by which rows of user_ledger_summary are told apart; choose another"),
    ],
)
def test_a_mask_leaves_what_rows_are_told_apart_by(registry: Registry, policy: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        define(registry, policy, "user_ledger_summary", "{wallet: gold}", "")
    assert [(each.path, each.message) for each in refused.value.problems] == [("csv_safety", problem)]
