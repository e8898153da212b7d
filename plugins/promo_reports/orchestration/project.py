"""The project of an Airflow process: its settings, also from Airflow's configuration, and what is registered."""

from __future__ import annotations

import configparser
import os
from functools import cache

from promo_reports.definitions.registry import Registry
from promo_reports.errors import InvalidInput, Problem
from promo_reports.orchestration.airflow_internals import configuration
from promo_reports.settings import SECTION, SECTION_PREFIX, Given, Settings


@cache
def registry() -> Registry:
    """Return the registry of this process; files are read again when they have changed, settings are not.

    Raises `InvalidInput` if the settings are not sound.
    """
    return Registry(Settings.from_environment(os.environ, section()))


def section() -> dict[str, Given]:
    """Return what the section of Airflow's configuration sets, by key: airflow.cfg, and Airflow's variables over it.

    Defaults are left out: those of the provider's metadata are the defaults of the settings.
    """
    conf = configuration()
    in_file = conf.options(SECTION) if conf.has_section(SECTION) else ()
    of_all_sections = conf.defaults().keys() - Settings.model_fields.keys()
    places = {key: f"[{SECTION}] {key} in airflow.cfg" for key in in_file if key not in of_all_sections}
    places |= {name.removeprefix(SECTION_PREFIX).lower(): name for name in os.environ if _is_variable(name)}
    return {key: Given(place, _value(key, place)) for key, place in places.items()}


def _is_variable(name: str) -> bool:
    """Return whether Airflow reads an option from a variable of this name, which is in capital letters throughout."""
    return name.startswith(SECTION_PREFIX) and name == name.upper()


def _value(key: str, place: str) -> str:
    """Return a value as Airflow reads it; `InvalidInput` for a `%` that airflow.cfg takes for a reference."""
    try:
        return str(configuration().get(SECTION, key, fallback=os.environ.get(place, "")))
    except configparser.InterpolationError:
        problem = Problem(place, "", "has a % that refers to nothing: write %% for a percent sign")
        raise InvalidInput("The configuration", [problem]) from None
