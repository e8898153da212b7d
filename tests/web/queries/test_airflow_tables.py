"""Airflow's tables are what the module takes them for: an upgrade of Airflow that changes them fails here."""

from __future__ import annotations

import pytest
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here

from promo_reports.web.queries import airflow_tables as tables

COLUMNS = {
    "dag": {
        *("dag_id", "dag_display_name", "owners", "is_paused", "is_stale", "has_import_errors", "max_active_runs"),
        *("timetable_summary", "next_dagrun_create_after", "last_parsed_time"),
        *("next_dagrun_data_interval_start", "next_dagrun_data_interval_end"),
    },
    "dag_run": {
        *("id", "dag_id", "run_id", "run_type", "state", "triggered_by", "triggering_user_name", "conf", "run_after"),
        *("logical_date", "data_interval_start", "data_interval_end", "created_at", "queued_at", "start_date"),
        *("end_date", "clear_number"),
    },
    "dag_tag": {"dag_id", "name"},
    "dag_run_note": {"dag_run_id", "content", "updated_at"},
    "dag_version": {"dag_id", "created_at"},
    "log": {"dag_id", "event", "dttm", "owner"},
    "job": {"job_type", "state", "latest_heartbeat"},
    "task_state_store": {"dag_run_id", "task_id", "map_index", "key", "value"},
    "task_instance": {
        *("dag_id", "run_id", "task_id", "map_index", "rendered_map_index", "state", "try_number", "max_tries"),
        *("start_date", "end_date"),
    },
}
UNIQUE = {
    "dag": {"dag_id"},
    "dag_run": {"id"},
    "dag_run_note": {"dag_run_id"},
    "dag_tag": {"name", "dag_id"},
}
MODELS = [
    tables.run,
    tables.dag,
    tables.tag,
    tables.note,
    tables.version,
    tables.state_store,
    tables.task,
    tables.log,
    tables.job,
]


@pytest.mark.parametrize("table", COLUMNS)
def test_airflow_has_the_columns_that_the_lists_read(metadata: sa.Engine, table: str) -> None:
    there = {column["name"] for column in sa.inspect(metadata).get_columns(table)}

    missing = COLUMNS[table] - there
    assert not missing, f"this Airflow's table {table} lacks {missing}: adapt promo_reports.web.queries to it"


@pytest.mark.parametrize("table", UNIQUE)
def test_what_is_joined_once_is_unique_in_airflow(metadata: sa.Engine, table: str) -> None:
    key = sa.inspect(metadata).get_pk_constraint(table)["constrained_columns"]

    assert set(key) == UNIQUE[table], f"a join to this Airflow's {table} could double a row of the lists"


def test_the_models_are_of_the_tables_that_are_named_here() -> None:
    assert {table.name for table in MODELS} == set(COLUMNS)


def test_a_value_of_the_state_store_is_unique_for_its_task_and_key(metadata: sa.Engine) -> None:
    unique = sa.inspect(metadata).get_unique_constraints("task_state_store")

    assert {"dag_run_id", "task_id", "map_index", "key"} in [set(each["column_names"]) for each in unique]


def test_runs_have_no_other_states_than_the_four_that_are_a_status() -> None:
    from airflow.utils.state import DagRunState

    assert {state.value for state in DagRunState} == {"queued", "running", "success", "failed"}
