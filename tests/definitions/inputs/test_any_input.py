"""Whatever is in a file or a conf is a definition or `InvalidInput`; and what is written is read again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from promo_reports.definitions.filter_kinds.choice import ChoiceFilter
from promo_reports.definitions.inputs.forms import read_form
from promo_reports.definitions.inputs.yaml_reader import parse_yaml
from promo_reports.definitions.inputs.yaml_writer import to_yaml
from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.filters import canonical_filters
from promo_reports.definitions.report.form import DefinitionForm
from promo_reports.definitions.report_type.loading import load_report_type
from promo_reports.domain.filters import Select
from promo_reports.errors import InvalidInput
from promo_reports.settings import Settings

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
PROJECT = Path(__file__).parents[1] / "project"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    home = tmp_path_factory.mktemp("any") / "home"
    shutil.copytree(PROJECT, home)
    return Registry(Settings(home=home, data_dir=home / ".data"))


LEDGER = load_report_type(PROJECT / "report_types" / "ledger.yaml", options=PROJECT / "include" / "sql" / "options")
GOOD = (PROJECT / "reports" / "ledger_daily.yaml").read_text()
SEEDS = "download one_time date_range: {first: start: end: last: past_week 2026-02-30 2026-01-01T00:00:00Z no 1e3 0123"
SIGNS = ["\n", "\n  ", "\n- ", "- ", ": ", *"[]{},|>?'\"\t", "&a", "*a", "!!int", "---"]
WORDS = st.sampled_from([*GOOD.split(), *SEEDS.split(), *SIGNS])
YAML_LIKE = st.lists(WORDS, max_size=60).map(" ".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | WORDS, inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from([*DefinitionForm.model_fields, "extra"])


ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
ANY_BYTES = YAML_LIKE.map(str.encode) | st.binary(max_size=300) | ANY_TEXT.map(str.encode)


def refusal(call: Callable[[], object]) -> InvalidInput | None:
    """What the call refuses; any other exception is a failure of the test."""
    try:
        call()
    except InvalidInput as refused:
        return refused
    return None


@settings(max_examples=400)
@given(ANY_BYTES)
def test_a_file_of_anything_is_a_definition_or_refused(project: Registry, raw: bytes) -> None:
    path = project.settings.report_types / "r.yaml"
    path.write_bytes(raw)
    assert refusal(lambda: load_report_type(path)) is not None
    (project.settings.reports / "r.yaml").write_bytes(raw)
    refused = refusal(lambda: project.definition("r"))
    assert refused is None or refused.problems


@settings(max_examples=400)
@example(conf={"\0": False})
@given(st.dictionaries(KEYS, JSON, max_size=8) | JSON)
def test_a_conf_of_anything_is_a_definition_or_refused(project: Registry, conf: object) -> None:
    base: dict[str, Any] = {"name": "x", "filters": {"wallet": "w", "kind": "credit"}, "delivery": ["download"]}
    for whole in (conf, base | {"date_range": "past_week"} | conf if isinstance(conf, dict) else None):
        refused = refusal(partial(project.from_conf, whole, run_id="r", at=AT, report_type="ledger"))
        assert refused is None or all(line.isprintable() for line in str(refused).split("\n"))


LINES = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() and text.isprintable()) | st.sampled_from(
    [
        "no",
        " no ",
        "1e3",
        "0123",
        "12:30",
        "~",
        "null",
        "2026-01-01",
        "=",
        "- a",
        "a: b",
        "#x",
        "'",
        '"',
        "[a]",
        "{a}",
        "&a",
        "*a",
    ]
)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    first = draw(DAYS)
    bucket = {"partner": "amazon_s3", "bucket": "bi-exports"}
    content: dict[str, Any] = {
        "id": draw(st.from_regex(r"[a-z][a-z0-9_-]{0,99}", fullmatch=True)),
        "name": draw(LINES),
        "report_type": "ledger",
        "owner": draw(LINES),
        "filters": draw(st.dictionaries(LINES, LINES | st.lists(LINES, max_size=3), max_size=3)),
        "delivery": draw(st.sampled_from([["download"], ["download", {"partner_export": bucket | {"prefix": "a/b"}}]])),
        "timezone": draw(st.sampled_from(["UTC", "Asia/Kolkata"])),
    }
    if draw(st.booleans()):
        ranges = [
            "past_week",
            {"first": str(first), "last": str(first + timedelta(days=9))},
            {"start": f"{first}T00:00:00.000001+05:30", "end": f"{first + timedelta(days=1)}T00:00:00Z"},
        ]
        return content | {"frequency": "one_time", "date_range": draw(st.sampled_from(ranges))}
    weekly = {"interval": "weekly", "delivery_day": "friday", "delivery_time": "12:30"}
    return content | {"frequency": draw(st.sampled_from([{"interval": "daily"}, weekly])), "starts_on": str(first)}


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(contents())
def test_what_is_written_is_read_again(content: dict[str, Any]) -> None:
    form = _read(to_yaml(content))
    filters = _canonical(form)
    again = _read(to_yaml(form.content(filters)))
    assert _canonical(again) == filters
    assert again.content(filters) == form.content(filters)
    assert again.sha256(filters) == form.sha256(filters)
    assert form.name == content["name"].strip()
    assert {name: sorted({value} if isinstance(value, str) else set(value))
            for name, value in content["filters"].items()} == filters  # fmt: skip


def _canonical(form: DefinitionForm) -> dict[str, Any]:
    given = form.filters or {}
    named = tuple(ChoiceFilter(name, "A filter", "Any values.", Select.ALL) for name in given)
    return canonical_filters(replace(LEDGER, filters=named), given)


def _read(text: str) -> DefinitionForm:
    document = parse_yaml(text.encode(), "r.yaml")
    form = read_form(DefinitionForm, document.mapping(), document.findings)
    document.findings.raise_any()
    return form
