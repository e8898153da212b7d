"""A kind of filter that is registered in this process alone goes all the way: YAML, SQL, database, API and form."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import jsonschema
import pytest

from devstack.databases import PromoDatabase
from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.configuration import configuration
from promo_reports.definitions.schema import json_schemas
from promo_reports.domain.dates.window import Window
from promo_reports.errors import InvalidInput, SqlTemplateError
from promo_reports.orchestration.dag_factory import type_dag
from promo_reports.orchestration.operators import ExtractOperator
from promo_reports.pipeline.staging.directory import StagingDirectory
from promo_reports.sql.report_query import load_report_query
from promo_reports.sql.template import Parameters
from promo_reports.web.airflow.access import Caller
from promo_reports.web.app import make_app
from promo_reports.web.definition_body import body_of
from promo_reports.web.form.creation import checked_report, keep
from tests.support import number_range
from tests.support.airflow.supervisor import Supervisor
from tests.support.web.callers import CHANGE, EXPORT, caller

REPORT_TYPE = """\
id: spends
title: Spends
promotion_type: loyalty_wallet
description: What was spent.
date_range: required
window_column: spent_at
order: [spent_at, id]
filters:
  - name: amount
    kind: number_range
    title: Amount
    description: Both ends are included.
    unit: USD
  - name: discount
    kind: number_range
    title: Discount
    description: Of any size where it is left out.
    default: all
columns:
  - {name: spent_at, type: timestamp, description: When.}
  - {name: id, type: integer, description: Which.}
  - {name: amount, type: decimal, scale: 2, total: true, description: How much.}
"""
SQL = """\
SELECT s.spent_at, s.id, s.amount
FROM spends s
WHERE {{ window.covers("s.spent_at") }}
    AND s.amount BETWEEN {{ filters.amount.min }} AND {{ filters.amount.max }}
{% if filters.discount %}
    AND s.discount BETWEEN {{ filters.discount.min }} AND {{ filters.discount.max }}
{% endif %}
ORDER BY s.spent_at, s.id
"""
BODY: dict[str, Any] = {
    "name": "Spends of June",
    "report_type": "spends",
    "filters": {"amount": "10..20"},
    "frequency": "one_time",
    "date_range": {"first": "2026-06-01", "last": "2026-06-30"},
    "delivery": ["download"],
}
NOON = datetime.fromisoformat("2026-11-18T12:00:00-05:00")
JUNE = Window(datetime.fromisoformat("2026-06-01T00:00:00-04:00"), datetime.fromisoformat("2026-07-01T00:00:00-04:00"))
ADA = caller(EXPORT, CHANGE)


@pytest.fixture(autouse=True)
def spends(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report type with two filters of the kind."""
    number_range.register(monkeypatch)
    settings = registry.settings
    (settings.report_types / "spends.yaml").write_text(REPORT_TYPE)
    (settings.sql / "spends.sql").write_text(SQL)


@pytest.fixture
def database(promo_database: Callable[[], PromoDatabase], monkeypatch: pytest.MonkeyPatch) -> None:
    """Spends of 5, 10, 15.50, 20 and 25 on one day of June."""
    import psycopg2

    made = promo_database()
    monkeypatch.setenv("AIRFLOW_CONN_PROMO_DB", made.reader_url)
    with contextlib.closing(psycopg2.connect(made.owner_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE spends (id bigint PRIMARY KEY, spent_at timestamptz, amount numeric(9, 2), discount numeric);"
            "INSERT INTO spends SELECT n, timestamptz '2026-06-03 12:00Z' + n * interval '1 minute', amount, n FROM "
            "unnest(ARRAY[5, 10, 15.5, 20, 25]) WITH ORDINALITY AS given (amount, n)"
        )


def write(registry: Registry, filters: str) -> None:
    lines = "id: june\nname: Spends of June\nreport_type: spends\nowner: growth@example.com\nfrequency: one_time\n"
    lines += "date_range: {first: 2026-06-01, last: 2026-06-30}\ndelivery: [download]\n"
    (registry.settings.reports / "june.yaml").write_text(f"{lines}filters: {filters}\n")


def refused(registry: Registry, filters: str) -> list[str]:
    write(registry, filters)
    with pytest.raises(InvalidInput) as wrong:
        registry.definition("june")
    return [f"{each.path}: {each.message}" for each in wrong.value.problems]


def test_a_definition_in_yaml(registry: Registry) -> None:
    hashes = set()
    for filters in ("{amount: {min: 10, max: 20}}", "{amount: 10..20}", "{amount: '10-20.0'}", "{amount: 10 to 20}"):
        write(registry, filters)
        definition = registry.definition("june")
        assert definition.filters == {"amount": ("10", "20"), "discount": None}
        hashes.add(definition.sha256)
    assert len(hashes) == 1
    shown = {each.key: (each.label, each.value) for each in configuration(definition, registry.account)}
    assert shown["filters.amount"] == ("Amount", "from 10 to 20 USD")
    assert shown["filters.discount"] == ("Discount", "All")


@pytest.mark.parametrize(
    ("filters", "problem"),
    [
        ("{}", "filters.amount: is required: write {min: 10, max: 20}, or 10..20."),
        ("{amount: {min: 10}}", "filters.amount.max: is required"),
        ("{amount: {min: ten, max: 20}}", "filters.amount.min: must be a number such as 10 or 2.5"),
        ("{amount: 20..10}", "filters.amount: is empty: 20 is more than 10"),
        ("{amount: 10..20, discount: many}", "filters.discount: is no range; write {min: 10, max: 20}, or 10..20."),
        ("{amount: all}", "filters.amount: is no range; write {min: 10, max: 20}, or 10..20."),
    ],
)
def test_what_is_no_range_is_refused_where_it_stands(registry: Registry, filters: str, problem: str) -> None:
    assert refused(registry, filters) == [problem]


def test_an_unknown_kind_is_refused(registry: Registry) -> None:
    path = registry.settings.report_types / "spends.yaml"
    path.write_text(REPORT_TYPE.replace("kind: number_range", "kind: number-range", 1))
    with pytest.raises(InvalidInput, match=r"spends.yaml:10: filters\[0\]\.kind: 'number-range' is not allowed; did"):
        registry.report_type("spends")


def test_the_template_gets_two_values(registry: Registry) -> None:
    report_type, settings = registry.report_type("spends"), registry.settings
    filters = {"amount": (Decimal(10), Decimal(20)), "discount": None}
    rows = load_report_query(report_type, settings.sql).rows(Parameters(filters, JUNE))
    assert "s.amount BETWEEN :part_amount_0 AND :part_amount_1" in rows.named()
    assert (rows.values["part_amount_0"], rows.values["part_amount_1"]) == (10, 20)
    for output, message in (
        ("{{ filters.amount.min }}", r"does not use filters\.amount\.max"),
        ("{{ filters.amount.most }}", r"spends\.sql:4: filters\.amount has no 'most' It has: min, max\."),
        ("{{ filters.amount }}", r"a filter with parts is no bind Write \{\{ filters\.amount\.min \}\}, "),
    ):
        (settings.sql / "spends.sql").write_text(SQL.replace("{{ filters.amount.max }}", output))
        with pytest.raises(SqlTemplateError, match=message):
            load_report_query(report_type, settings.sql)


def test_an_export_of_the_rows_in_the_range(registry: Registry, database: None, supervisor: Supervisor) -> None:
    created = checked_report(registry, ADA, BODY, key=None, at=NOON)
    run = SimpleNamespace(
        dag_id=created.dag_id,
        run_id=created.run_id,
        run_after=NOON,
        conf=created.conf(),
        data_interval_start=None,
        data_interval_end=None,
    )
    context = {"task_state_store": supervisor.store, "dag_run": run, "ti": SimpleNamespace(xcom_push=lambda **_: None)}
    operator = ExtractOperator(task_id="extract", report_type="spends")
    (handed,) = vars(ExtractOperator)["execute"].__wrapped__(operator, context)
    staged = StagingDirectory(registry.settings.staging).open(handed["staged"], dag_id=run.dag_id, run_id=run.run_id)
    manifest = staged.manifest
    assert (manifest.rows, manifest.totals) == (3, {"amount": "45.50"})
    assert json.loads(manifest.to_json())["filters"] == {"amount": ["10", "20"], "discount": None}


def test_a_report_created_on_the_page(registry: Registry) -> None:
    bucket = {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}
    daily = BODY | {"frequency": {"interval": "daily"}, "date_range": None, "delivery": [bucket]}
    created = keep(registry, ADA, checked_report(registry, ADA, daily, key="k", at=NOON))
    assert created.filters == {"amount": ("10", "20"), "discount": None}
    assert registry.store.read(created.id).mapping()["filters"] == {"amount": {"min": "10", "max": "20"}}
    body = body_of(created, registry.account)
    assert body["filters"] == {"amount": {"min": "10", "max": "20"}, "discount": "all"}
    again = checked_report(registry, ADA, body, key=None, at=NOON).definition
    assert (again.filters, registry.definition(created.id)) == (created.filters, created)


def test_the_form_and_the_preview(registry: Registry, database: None) -> None:
    form = ask("GET", "/api/form")
    (shown,) = (each for each in form["report_types"] if each["id"] == "spends")
    amount, discount = shown["filters"]
    assert amount == {
        "name": "amount",
        "kind": "number_range",
        "title": "Amount",
        "description": "Both ends are included.",
        "select": "one",
        "required": True,
        "default_all": False,
        "depends_on": None,
        "choices": [],
    }
    assert (discount["required"], discount["default_all"]) == (False, True)
    assert {each["kind"] for each in form["report_types"][0]["filters"]} == {"choice"}
    preview = ask("POST", "/api/drafts/preview", json=BODY | {"filters": {"amount": "10 - 16"}})
    assert [row[1:] for row in preview["rows"]] == [["2", "10.00"], ["3", "15.50"]]
    told = ask("POST", "/api/drafts/describe", json=BODY | {"filters": {"amount": "ten"}})
    assert told["error"]["problems"] == [
        {"path": "filters.amount", "message": "is no range; write {min: 10, max: 20}, or 10..20."}
    ]


def test_airflows_trigger_form_and_the_schemas_of_editors(registry: Registry) -> None:
    assert type_dag("spends").params["filters"] == {"amount": "", "discount": "all"}
    schemas = {name: json.loads(text) for name, text in json_schemas().items()}
    definition = jsonschema.Draft202012Validator(schemas["definition.schema.json"])
    filters: list[Any] = [{"amount": {"min": 10, "max": 20}}, {"amount": "10..20"}, {"wallet": ["a", "b"]}]
    for each in filters:
        errors = [error for error in definition.iter_errors({"filters": each}) if "filters" in error.absolute_path]
        assert errors == []
    report_type = jsonschema.Draft202012Validator(schemas["report_type.schema.json"])
    forms = schemas["report_type.schema.json"]["properties"]["filters"]["items"]["anyOf"]
    assert "unit" in next(each["properties"] for each in forms if each["title"] == "NumberRangeForm")
    named = {"name": "amount", "title": "Amount", "description": "An amount.", "kind": "number_range", "unit": "USD"}
    assert not [error for error in report_type.iter_errors({"filters": [named]}) if "filters" in error.absolute_path]


def ask(method: str, path: str, **more: Any) -> Any:
    """The answer of the API to Ada."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(make_app(_ada))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.invalid") as client:
            return await client.request(method, path, **more)

    return asyncio.run(asked()).json()


async def _ada(_: object) -> Caller:
    return ADA
