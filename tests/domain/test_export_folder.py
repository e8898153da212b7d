"""Folders of exports: each on-demand export its own, a report's that of the report, and none of both."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from promo_reports.definitions.report.loading import conf_id
from promo_reports.domain.definition import is_report_id
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.layout import LONGEST_FOLDER, run_name
from tests.support.delivery.exports import WINDOW, staged_manifest

TYPE = "promo_reports.type.wallet_transactions"
REPORT = "promo_reports.report.daily_wallets"
RUN_IDS = st.text(st.characters(exclude_characters="\0"), max_size=300)


def on_demand(dag_id: str = TYPE, run_id: str = "manual__1", name: object = "June audit") -> ExportFolder:
    return ExportFolder(dag_id, run_id, conf_id(name, run_id), WINDOW)


def test_the_folder_of_a_report_is_its_id() -> None:
    folder = ExportFolder(REPORT, "scheduled__1", "daily_wallets", WINDOW)
    assert (folder.name, folder.names) == ("daily_wallets", ("daily_wallets",))


def test_the_folder_on_demand_tells_type_and_name_and_is_of_one_run() -> None:
    folder = on_demand()
    assert folder.name == "wallet_transactions.june_audit-" + run_name(TYPE, "manual__1")
    assert folder.names == (folder.name, folder.report_id)
    others = {on_demand(TYPE + "s"), on_demand(run_id="manual__2"), on_demand("promo_reports.type.user_errors")}
    assert len({each.name for each in others} | {folder.name}) == 4


def test_what_names_an_export_is_the_same_for_each_run_of_a_report_and_another_for_each_run_on_demand() -> None:
    reports = [ExportFolder(REPORT, run, "daily_wallets", window) for run in "ab" for window in (WINDOW, "another")]
    assert len({each.export_id for each in reports}) == 2
    runs = {on_demand(dag, run).export_id for dag in (TYPE, TYPE + "s") for run in ("manual__1", "manual__2")}
    assert len(runs | {each.export_id for each in reports}) == 6
    assert {len(each) for each in runs} == {32}


def test_the_hash_cannot_be_shifted_between_dag_and_run() -> None:
    assert len(run_name("ab", "c")) == 32
    assert len({run_name("ab", "c"), run_name("a", "bc"), run_name('a","b', "c"), run_name("a", 'b","c')}) == 4


@given(RUN_IDS, st.text(max_size=200))
def test_no_choice_of_names_gives_the_folder_of_a_report(run_id: str, name: str) -> None:
    folder = on_demand("promo_reports.type." + "x" * 63, run_id, name)
    assert folder.place.folder == (folder.name, WINDOW)
    assert not is_report_id(folder.name)
    assert len(folder.name) <= LONGEST_FOLDER


def test_a_report_owns_what_any_of_its_runs_and_the_command_line_have_made() -> None:
    made = replace(staged_manifest(), dag_id=REPORT, run_id="scheduled__1")
    for dag_id, run_id in ((REPORT, "scheduled__1"), (REPORT, "manual__2"), ("daily_wallets", "cli__1")):
        assert ExportFolder(dag_id, run_id, "daily_wallets", WINDOW).owns(made)
        assert ExportFolder(REPORT, "x", "daily_wallets", WINDOW).owns(replace(made, dag_id=dag_id, run_id=run_id))
    for folder in (
        ExportFolder(REPORT, "scheduled__1", "daily_wallets", "another"),
        ExportFolder(REPORT, "scheduled__1", "another", WINDOW),
        ExportFolder(REPORT + "s", "scheduled__1", "daily_wallets", WINDOW),
        ExportFolder(TYPE, "scheduled__1", "daily_wallets", WINDOW),
    ):
        assert not folder.owns(made)


def test_an_export_on_demand_owns_what_its_own_run_has_made() -> None:
    folder = on_demand()
    made = replace(staged_manifest(), dag_id=TYPE, run_id=folder.run_id, report_id=folder.report_id)
    assert folder.owns(made)
    assert not folder.owns(replace(made, run_id="manual__2"))
    assert not folder.owns(replace(made, dag_id="promo_reports.type.user_errors"))
    assert not folder.owns(replace(made, dag_id=folder.report_id))
