"""docs/definitions.md and docs/settings.md say everything that the models say, and nothing that is not so."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from promo_reports.definitions.account import AccountForm, BucketForm
from promo_reports.definitions.filter_kinds.choice import ChoiceFilterForm, ChoiceForm
from promo_reports.definitions.inputs.yaml_reader import parse_yaml
from promo_reports.definitions.report.form import (
    DaysForm,
    DefinitionForm,
    InstantsForm,
    PartnerExportForm,
    RecurringForm,
)
from promo_reports.definitions.report_type.form import ColumnForm, ReportTypeForm
from promo_reports.domain.dates.calendar import WEEKDAYS
from promo_reports.domain.dates.window import Preset, resolve
from promo_reports.domain.delivery import KINDS
from promo_reports.domain.places.pattern import DIRECTIVES, TOKENS
from promo_reports.settings import PREFIX, Settings
from tests.support.project import ROOT

DEFINITIONS = (ROOT / "docs" / "definitions.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
SETTING_ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)


def test_every_setting_is_documented_as_it_is() -> None:
    rows = {name: (default, text) for name, default, text in SETTING_ROW.findall(SETTINGS)}
    assert list(rows) == [PREFIX + name.upper() for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        default, text = rows[PREFIX + name.upper()]
        assert text == field.description
        if isinstance(field.default, int | str):
            assert default == f"`{field.default}`"


@pytest.mark.parametrize(
    "form",
    [DefinitionForm, RecurringForm, DaysForm, InstantsForm, PartnerExportForm,
     ReportTypeForm, ChoiceFilterForm, ChoiceForm, ColumnForm, AccountForm, BucketForm],
)  # fmt: skip
def test_every_key_is_documented(form: type[DefinitionForm]) -> None:
    missing = [key for key in form.model_fields if f"`{key}`" not in DEFINITIONS]
    assert missing == []


def test_every_token_and_every_key_of_a_kind_is_documented() -> None:
    everywhere = DEFINITIONS + (ROOT / "docs" / "delivery.md").read_text()
    keys = {each.name for kind in KINDS.values() for each in kind.bucket_keys}
    assert [key for key in sorted(keys) if f"`{key}`" not in everywhere] == []
    assert [token for token in TOKENS if f"`{{{token}}}`" not in DEFINITIONS] == []
    assert [each for each in DIRECTIVES if not re.search(rf"`[^`]*%{each}\b", DEFINITIONS)] == []


def test_allowed_words_are_documented() -> None:
    for word in (*WEEKDAYS, *(preset.value for preset in Preset)):
        assert f"`{word}`" in DEFINITIONS


def test_the_presets_table_is_computed_for_its_example_date() -> None:
    zone = ZoneInfo("America/New_York")
    at = datetime(2026, 7, 15, 10, 30, tzinfo=zone)
    for preset in Preset:
        window = resolve(preset, at, zone, "monday")
        assert window is not None
        first, last = window.days(zone)
        shown = f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        row = next(line for line in DEFINITIONS.splitlines() if line.startswith(f"| `{preset.value}` |"))
        assert f"| {shown}" in row
        assert (window.end - window.start < timedelta(days=1)) == ("up to now" in row)


def test_examples_are_yaml() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", DEFINITIONS, re.DOTALL)
    assert len(examples) >= 2
    for text in examples:
        document = parse_yaml(text.encode(), "docs/definitions.md")
        assert document.findings.problems() == []
