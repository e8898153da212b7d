"""What Airflow's configuration says of this installation, and the command line, which needs no Airflow, reads not."""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping
from pathlib import Path

from promo_reports.errors import InvalidInput, Problem
from promo_reports.settings import PREFIX, SECTION, SECTION_PREFIX
from promo_reports.settings.areas import AREAS

_PLACES = ("home", "data_dir", *(f"{area}_{kind}" for area in AREAS for kind in ("dir", "bucket")))


def check_no_other_places(environment: Mapping[str, str]) -> None:
    """Raise `InvalidInput` for each directory or bucket that Airflow's processes work on and this command would not.

    `environment` has what the command reads. A report would be stopped in one store, while Airflow goes by another.
    """
    problems = [
        Problem(
            place, "", f"is not read by the command line, which works with variables alone: set {PREFIX}{key.upper()}"
        )
        for key, place in _of_airflow(environment)
        if PREFIX + key.upper() not in environment
    ]
    if problems:
        raise InvalidInput("The configuration", problems)


def _of_airflow(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield key and place of the directories and buckets that Airflow's variables and airflow.cfg name."""
    home = environment.get("AIRFLOW_HOME", "~/airflow")
    file = Path(environment.get("AIRFLOW_CONFIG", f"{home}/airflow.cfg")).expanduser()
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read(file, encoding="utf-8")
    except (OSError, configparser.Error, UnicodeDecodeError):
        return  # what is wrong with it, Airflow says
    for key in _PLACES:
        name = SECTION_PREFIX + key.upper()
        if name in environment:
            yield key, name
        elif parser.get(SECTION, key, fallback=None):
            yield key, f"[{SECTION}] {key} in {file}"
