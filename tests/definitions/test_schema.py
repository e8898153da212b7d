from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from promo_reports.definitions.report.form import DefinitionForm
from promo_reports.definitions.report_type.form import ReportTypeForm
from promo_reports.definitions.schema import DIRECTORY, json_schemas, write

PROJECT = Path(__file__).parent / "project"


class Text(yaml.SafeLoader):
    """Reads dates as text, as editors do."""


Text.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def errors(schema: str, text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads(json_schemas()[schema]))
    return [error.message for error in validator.iter_errors(yaml.load(text, Loader=Text))]


def test_the_files_are_current(tmp_path: Path) -> None:
    for name, text in json_schemas().items():
        assert (DIRECTORY / name).read_text() == text, "run python -m promo_reports.definitions.schema"
    write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(json_schemas())


def test_they_are_schemas_that_describe_every_key() -> None:
    for text in json_schemas().values():
        schema = json.loads(text)
        jsonschema.Draft202012Validator.check_schema(schema)
        for model in (schema, *schema["$defs"].values()):
            for key, value in model.get("properties", {}).items():
                assert value.get("description"), key
        for key, value in schema["properties"].items():
            for example in value.get("examples", []):
                whole = {"$defs": schema["$defs"], **value}
                assert jsonschema.Draft202012Validator(whole).is_valid(example), (key, example)


def test_our_own_files_fit() -> None:
    for path in sorted((PROJECT / "reports").glob("*.yaml")):
        assert errors("definition.schema.json", path.read_text()) == []
    for path in sorted((PROJECT / "report_types").glob("*.yaml")):
        assert errors("report_type.schema.json", path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "nmae: x", "frequency: {interval: weekly}", "frequency: {interval: daily, delivery_day: monday}",
        "frequency: daily", "delivery: download", "date_range: last_week", "filters: [x]", "id: Big", "name: ''",
    ],
)  # fmt: skip
def test_an_editor_marks_what_we_refuse(line: str) -> None:
    good = (PROJECT / "reports" / "ledger_daily.yaml").read_text()
    data = yaml.load(good, Loader=Text) | yaml.safe_load(line)
    assert errors("definition.schema.json", yaml.safe_dump(data)) != []


def test_the_schema_has_the_keys_of_the_forms() -> None:
    schemas = {name: json.loads(text) for name, text in json_schemas().items()}
    assert list(schemas["definition.schema.json"]["properties"]) == list(DefinitionForm.model_fields)
    assert list(schemas["report_type.schema.json"]["properties"]) == list(ReportTypeForm.model_fields)
