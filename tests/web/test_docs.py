"""docs/api.md says every route, every code and every limit of the API, and none that is not there."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from fastapi.openapi.utils import get_openapi

from promo_reports.definitions.inputs.yaml_reader import MAX_BYTES
from promo_reports.definitions.store.idempotency_keys import KEPT
from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.export_status import ExportStatus, ReportStatus
from promo_reports.settings import Settings
from promo_reports.web import error_handlers
from promo_reports.web.app import make_app
from promo_reports.web.form import preview
from promo_reports.web.form.creation import MAX_KEY
from promo_reports.web.models import ErrorCode
from promo_reports.web.queries.filters import ExportSort, Order, ReportSort
from promo_reports.web.reports.past_windows_routes import MOST_DAYS
from tests.support.project import ROOT

TEXT = (ROOT / "docs" / "api.md").read_text()
ROUTE = re.compile(r"`(GET|HEAD|POST|PUT|PATCH|DELETE) (/[^`]*)`")
UNDESCRIBED = {("GET", "/api/openapi.json")}


def described() -> set[tuple[str, str]]:
    paths = get_openapi(title="x", version="1", routes=make_app().routes)["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert lines is not None
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in lines.group().splitlines()[2:]]


def test_every_route_is_in_the_table_and_no_other_one() -> None:
    named = [ROUTE.fullmatch(row[0]) for row in table("Routes")]
    assert all(named)
    routes = [(each.group(1), each.group(2)) for each in named if each]
    assert len(set(routes)) == len(routes)
    assert set(routes) == described() | UNDESCRIBED


def test_no_unknown_route_is_named_anywhere() -> None:
    elsewhere = {("POST", "/auth/token")}
    assert set(ROUTE.findall(TEXT)) <= described() | UNDESCRIBED | elsewhere


def test_every_example_asks_for_a_route_that_is_there() -> None:
    patterns = [re.sub(r"\{\w+\}", r"[^/?\\s]+", path).removeprefix("/api") for _, path in described()]
    asked = re.findall(r"\$API(/[^\s\"?)]*)", TEXT)
    assert len(asked) > 15
    assert [path for path in asked if not any(re.fullmatch(each, path) for each in patterns)] == []


def test_every_code_is_in_the_table_with_its_status() -> None:
    told = {(int(row[0]), row[1].strip("`")) for row in table("Errors")}
    usual = set(error_handlers._CODES.items())
    of_their_own = set(re.findall(r"(\d{3}),(?:(?!Refusal)[^)])*?code=ErrorCode\.(\w+)", _sources(), re.DOTALL))
    assert told == usual | {(int(status), ErrorCode[code]) for status, code in of_their_own} | {(500, "internal")}
    assert {code for _, code in told} == set(ErrorCode)


def _sources() -> str:
    web = ROOT / "plugins" / "promo_reports" / "web"
    return "\n".join(path.read_text() for path in sorted(web.rglob("*.py")))


def test_the_limits_are_those_of_the_code() -> None:
    told = {row[0]: row[1] for row in table("Limits")}
    assert told["a body"] == f"{MAX_BYTES // 1024} KiB"
    assert told["rows of a preview"] == f"{preview.ROWS}, in at most {preview.SECONDS:.0f} s"
    assert told["days of one backfill"].startswith(f"{MOST_DAYS}, ")
    per_person, per_process = (
        Settings.model_fields[name].default for name in ("downloads_per_person", "downloads_per_process")
    )
    assert told["open downloads"].startswith(f"{per_person} of one person, {per_process} in all, ")
    assert told["an Idempotency-Key"] == f"{MAX_KEY} characters, kept for {KEPT.days} days"
    parameters = get_openapi(title="x", version="1", routes=make_app().routes)["paths"]["/api/exports"]["get"]
    (limit,) = [each["schema"] for each in parameters["parameters"] if each["name"] == "limit"]
    assert told["a page of a list"] == f"{limit['maximum']} rows"
    assert f"{limit['default']} where absent" in TEXT


def test_the_words_of_the_lists_are_those_of_the_code() -> None:
    told = {row[0].strip("`"): [set(re.findall(r"`(\w+)`", cell)) for cell in row[1:]] for row in table("Lists")}
    assert told["status"] == [{each.value for each in ExportStatus}, {each.value for each in ReportStatus}]
    assert told["sort"][0] == {each.value for each in ExportSort}
    assert told["sort"][0] | told["sort"][1] == {each.value for each in ReportSort}
    assert told["order"][0] == {each.value for each in Order}
    assert told["frequency"][1] == {each.value for each in Interval}
    paths = get_openapi(title="x", version="1", routes=make_app().routes)["paths"]
    for path in ("/api/exports", "/api/reports"):
        names = {each["name"] for each in paths[path]["get"]["parameters"]}
        assert names <= told.keys()


@pytest.mark.parametrize("script", re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL))
def test_scripts_are_shell(script: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_bodies_are_json() -> None:
    bodies = re.findall(r"-d '(\{.*?\})'", TEXT) + re.findall(r"<<'END'\n(.*?)END", TEXT, re.DOTALL)
    assert len(bodies) > 5
    for body in bodies:
        json.loads(body)
