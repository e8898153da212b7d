"""A request that comes with Airflow's cookie must be our page's own; what the list asks is what one report asks."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.configuration import conf
from airflow.models.dag import DagModel
from starlette.requests import Request

from promo_reports.web.airflow import access
from promo_reports.web.airflow.access import Caller
from promo_reports.web.error_handlers import Refusal

OURS = {"host": "airflow.example.com", "x-requested-with": "promo-reports"}


def ask(**headers: str) -> Request:
    named = {**OURS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in named.items() if value]
    return Request({"type": "http", "method": "POST", "headers": raw})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://airflow.example.com"},
        {"origin": "https://airflow.example.com", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"host": "10.0.0.7:8080", "origin": "https://public.example.com"},  # behind a proxy: its own address is told
    ],
)
def test_our_page_may_ask(monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]) -> None:
    monkeypatch.setattr(conf, "get", lambda *_, **__: "https://public.example.com/airflow")
    access._refuse_other_sites(ask(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example.com"},
        {"origin": "https://airflow.example.com.evil.example.com"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"x_requested_with": ""},
        {"host": "", "origin": "null"},
        {"origin": "http://["},
        {"origin": "http://[::1"},
    ],
)
def test_another_page_may_not(monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]) -> None:
    monkeypatch.setattr(conf, "get", lambda *_, **__: "")
    with pytest.raises(Refusal) as refused:
        access._refuse_other_sites(ask(**headers))
    assert (refused.value.status, refused.value.code) == (403, "cross_origin")


class Manager:
    """Grants the DAGs named `all...` whole, and those named `dag...` without their runs; knows the teams it is told."""

    def __init__(self) -> None:
        self.asked: set[Any] = set()

    def filter_authorized_dag_ids(self, *, dag_ids: set[str], team_name: str | None, **_: Any) -> set[str]:
        self.asked.add(team_name)
        return {each for each in dag_ids if each.startswith(("all", "dag"))}

    def is_authorized_dag(self, *, access_entity: Any, details: Any, **_: Any) -> bool:
        return details.id.startswith("all") or (access_entity is None and details.id.startswith("dag"))


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Manager:
    made = Manager()
    monkeypatch.setattr(access, "get_auth_manager", lambda: made)
    return made


def test_the_list_asks_what_one_report_asks(manager: Manager) -> None:
    dag_ids = ["all_of_it", "dag_only", "hidden"]
    caller = Caller("ada", "token")
    assert caller.readable(dag_ids) == {each for each in dag_ids if caller.may_read(each)} == {"all_of_it"}
    assert manager.asked == {None}


def test_where_airflow_has_teams_each_is_asked_for_its_own(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf, "getboolean", lambda *_, **__: True)
    teams = {"all_of_growth": "growth", "all_of_finance": "finance"}
    monkeypatch.setattr(DagModel, "get_dag_id_to_team_name_mapping", lambda _: teams)
    caller = Caller("ada", "token")
    assert caller.readable([*teams, "all_of_nobody"]) == {*teams, "all_of_nobody"}
    assert manager.asked == {"growth", "finance", None}
