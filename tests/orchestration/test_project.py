"""Settings from the section `[promo_reports]` of Airflow's configuration: airflow.cfg, and variables over it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from airflow.configuration import conf

from promo_reports.errors import InvalidInput
from promo_reports.orchestration.project import registry
from promo_reports.settings import SECTION
from tests.support.project import new_project

Configured = Callable[..., None]


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """A function that sets options of the section as airflow.cfg does; no other setting is in the environment."""
    for name in [name for name in os.environ if name.startswith("PROMO_REPORTS_")]:
        monkeypatch.delenv(name)
    registry.cache_clear()
    yield lambda **options: conf.read_string(
        f"[{SECTION}]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
    )
    conf.remove_section(SECTION)
    registry.cache_clear()


def problems() -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        registry()
    return [str(each) for each in refused.value.problems]


def test_a_project_of_airflow_cfg_is_the_one_of_the_process(configured: Configured, tmp_path: Path) -> None:
    home = new_project(tmp_path)
    configured(home=str(home), rows_per_file="007", pool="1.0", staging_dir="/srv/50%%")
    settings = registry().settings
    assert (settings.home, settings.rows_per_file, settings.pool) == (home, 7, "1.0"), "as they are written"
    assert (settings.staging, settings.retries) == (Path("/srv/50%"), 3)
    assert registry().report_types


def test_variables_win_over_airflows_and_those_over_the_file(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(retries="1", retention_days="1", staging_days="1")
    monkeypatch.setenv("AIRFLOW__PROMO_REPORTS__RETRIES", "2")
    monkeypatch.setenv("AIRFLOW__PROMO_REPORTS__RETENTION_DAYS", "2")
    monkeypatch.setenv("PROMO_REPORTS_RETRIES", "5")
    settings = registry().settings
    assert (settings.retries, settings.retention_days, settings.staging_days) == (5, 2, 1)


def test_problems_are_told_where_they_stand(configured: Configured, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(rows_per_file="many", colour="blue", Pool="p", staging_dir="")
    monkeypatch.setenv("AIRFLOW__PROMO_REPORTS__RETRIES", "-1")
    monkeypatch.setenv("AIRFLOW__PROMO_REPORTS__STORE_DIR_CMD", "cat /etc/hostname")
    monkeypatch.setenv("PROMO_REPORTS_SETTLE_MINUTES", "0")
    told = dict(each.split(": ", 1) for each in problems())
    unknown = "is not a setting; docs/settings.md lists them"
    assert told["[promo_reports] colour in airflow.cfg"] == unknown
    assert told["[promo_reports] Pool in airflow.cfg"] == unknown
    assert told["AIRFLOW__PROMO_REPORTS__STORE_DIR_CMD"] == unknown
    assert told["[promo_reports] rows_per_file in airflow.cfg"].endswith("; it is 'many'")
    assert told["[promo_reports] staging_dir in airflow.cfg"].startswith("is empty")
    assert told["AIRFLOW__PROMO_REPORTS__RETRIES"].endswith("; it is '-1'")
    assert told["PROMO_REPORTS_SETTLE_MINUTES"].endswith("; it is '0'")
    assert len(told) == 7


def test_two_settings_that_do_not_fit_are_both_named_where_they_stand(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(pool="exports", store_dir="/srv/promo")
    monkeypatch.setenv("AIRFLOW__PROMO_REPORTS__ON_DEMAND_POOL", "exports")
    (problem,) = problems()
    assert problem.startswith(
        "AIRFLOW__PROMO_REPORTS__ON_DEMAND_POOL: must be another pool than [promo_reports] pool in "
    )
    monkeypatch.setenv("AIRFLOW__PROMO_REPORTS__ON_DEMAND_POOL", "others")
    monkeypatch.setenv("PROMO_REPORTS_STAGING_DIR", "/srv/promo/staging")
    (problem,) = problems()
    assert problem.startswith("The areas: PROMO_REPORTS_STAGING_DIR (/srv/promo/staging) lies inside [promo_reports] ")


def test_a_percent_sign_that_airflow_takes_for_a_reference(configured: Configured) -> None:
    configured(staging_dir="/srv/50%")
    assert problems() == [
        "[promo_reports] staging_dir in airflow.cfg: has a % that refers to nothing: write %% for a percent sign"
    ]


def test_what_airflow_cfg_says_of_all_sections_is_no_setting_of_ours(configured: Configured) -> None:
    conf.defaults()["colour"] = "blue"
    conf.defaults()["retries"] = "7"
    try:
        configured(pool="exports")
        assert (registry().settings.pool, registry().settings.retries) == ("exports", 7)
    finally:
        conf.defaults().clear()
