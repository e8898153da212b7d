"""What Airflow's providers manager is told of the package fits its own schema, and describes every setting."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema

from promo_reports.airflow_provider import provider_info
from promo_reports.settings import Settings


def test_it_fits_the_schema_of_this_airflow() -> None:
    schema = json.loads((files("airflow") / "provider_info.schema.json").read_text())
    jsonschema.validate(provider_info(), schema)


def test_every_setting_is_an_option_with_its_default() -> None:
    section = provider_info()["config"]["promo_reports"]
    assert list(section["options"]) == list(Settings.model_fields)
    for name, option in section["options"].items():
        field = Settings.model_fields[name]
        assert option["description"] == field.description
        if isinstance(field.default, int | str):
            assert option["default"] == str(field.default)
        else:
            assert option["default"] is None, "a default of Airflow's would count, and each host has its own"
    assert section["options"]["rows_per_file"]["type"] == "integer"
    assert section["options"]["home"]["type"] == "string"
