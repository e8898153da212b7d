"""JSON Schemas for editors, made from the forms; `python -m promo_reports.definitions.schema` writes docs/schemas/.

They help while typing: keys, words, patterns. What needs other files (filter names, buckets, report types) is left to
`promo-reports validate`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from promo_reports.definitions.inputs.forms import Form
from promo_reports.definitions.report import rules as definition_rules
from promo_reports.definitions.report.form import DefinitionForm
from promo_reports.definitions.report_type import form as report_type_form
from promo_reports.definitions.report_type.form import ReportTypeForm

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DIRECTORY = Path(__file__).resolve().parents[1] / "shipped" / "schemas"
"""Of the package; in a checkout, a link to docs/schemas/."""


class _ForEditors(GenerateJsonSchema):
    """Schemas without null, defaults and generated titles: in a file a key is present or absent."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schemas() -> dict[str, str]:
    """Return the text of each schema by its file name."""
    definition = _schema(DefinitionForm, definition_rules.REQUIRED)
    definition["$defs"]["RecurringForm"] |= {
        "if": {"properties": {"interval": {"const": "weekly"}}},
        "then": {"required": ["interval", "delivery_day"]},
        "else": {"properties": {"delivery_day": False}},
    }
    report_type = _schema(ReportTypeForm, report_type_form.REQUIRED)
    for key in report_type_form.MAY_BE_NULL:
        report_type["properties"][key]["type"] = [report_type["properties"][key]["type"], "null"]
    schemas = {"definition.schema.json": definition, "report_type.schema.json": report_type}
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()}


def write(directory: Path = DIRECTORY) -> None:
    """Write the schema files into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in json_schemas().items():
        (directory / name).write_text(text)


def _schema(form: type[Form], required: tuple[str, ...]) -> dict[str, Any]:
    schema = form.model_json_schema(schema_generator=_ForEditors)
    return {"$schema": DIALECT, **schema, "required": list(required)}


if __name__ == "__main__":
    write()
