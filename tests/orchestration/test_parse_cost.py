"""What a parse, a task start and a refresh load and read, counted: the same for any number of definitions.

Each count is taken in a process of its own, as Airflow's are, and does not depend on the machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from promo_reports.orchestration.generated import group_of
from tests.support.project import ROOT, new_project, write_weekly

HEAVY = ("pandas", "pyarrow", "duckdb", "boto3", "botocore", "sqlalchemy", "psycopg2")
FEW, MANY = 3, 600
SCRIPT = """
import json, os, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
# What Airflow has loaded before any code of ours.
import airflow.timetables.base, airflow.dag_processing.bundles.base, airflow.version
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, Asset, BaseOperator
from airflow.serialization.serialized_objects import DagSerialization

if sys.argv[3] == "loaded":
    with DAG("any") as any_dag:
        BaseOperator(task_id="task", outlets=[Asset("asset")])
    DagSerialization.to_dict(any_dag)

home, heavy, group = Path(os.environ["PROMO_REPORTS_HOME"]), sys.argv[1].split(","), sys.argv[2]
events, before = [], set(sys.modules)


def audit(event, arguments):
    if event in ("open", "os.scandir", "os.listdir") and str(arguments[0]).startswith(str(home)):
        events.append((event, os.path.relpath(str(arguments[0]), home)))


sys.addaudithook(audit)
from promo_reports.orchestration.bundle import ReportBundle


class NoDatabase:
    dag_ids, deletions = frozenset, dict

    def make_pools(self, names):
        pass


def new_bundle():
    made = ReportBundle(name="promo-reports", refresh_interval=5)
    made.base_dir, made.metadata = home / "bundle", NoDatabase()
    return made


def counted(call):
    events.clear()
    call()
    opened = [path for event, path in events if event == "open"]
    return {
        "sources read": sorted(path for path in opened if path.endswith((".yaml", ".sql"))),
        "other files opened": len([path for path in opened if not path.endswith((".yaml", ".sql"))]),
        "directories listed": sorted({path for event, path in events if event != "open"}),
    }


def parse(path):
    bag = DagBag(path, safe_mode=False, bundle_path=path.parent, bundle_name="any")
    for dag in bag.dags.values():
        DagSerialization.to_dict(dag)
    return len(bag.dags)


def parse_one(path):
    os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = "promo_reports.report.weekly_0"
    assert parse(path) == 1


bundle = new_bundle()
found = {"the first refresh": counted(bundle.refresh)}
found["a task start: the bundle"] = counted(new_bundle().initialize)
refreshed = set(sys.modules)
found["a task start: its DAG"] = counted(lambda: parse_one(bundle.path / group))
found["imported by a parse"] = sorted(name for name in set(sys.modules) - refreshed if "reports_" not in name)
found["a refresh when nothing has changed"] = counted(bundle.refresh)
with (home / "reports" / "weekly_0.yaml").open("a") as file:
    file.write("# changed")
found["a refresh after one change"] = counted(bundle.refresh)
loader = home / "loader.py"
loader.write_text("from promo_reports.orchestration.loader import load_dags; globals().update(load_dags(__file__))")
found["a task start: its DAG through the loader"] = counted(lambda: parse_one(loader))
if sys.argv[3] == "loaded":
    del os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"]
    (home / "promo_reports_problems.py").touch()
    assert parse(loader) > 1
found["loaded"] = sorted(
    name for name in set(sys.modules) - before
    if name.split(".")[0] in heavy or name.startswith("airflow.providers.")
)
print(json.dumps(found))
"""


def counts(home: Path, definitions: int, *, loaded: bool = False) -> dict[str, Any]:
    """What a process counts in a project with so many definitions, long after the last of them was written.

    `loaded` is for a process that has serialized another DAG before.
    """
    for number in range(definitions):
        write_weekly(home, f"weekly_{number}")
    for name in ("reports", "report_types", "include/account.yaml"):
        os.utime(home / name, (1_700_000_000, 1_700_000_000))
    group = f"reports.{group_of('weekly_0')}.py"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, ",".join(HEAVY), group, "loaded" if loaded else "fresh"],
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT / "plugins"),
            "PROMO_REPORTS_HOME": str(home),
            "PROMO_REPORTS_DATA_DIR": str(home / "data"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return counts(new_project(tmp_path_factory.mktemp("few")), FEW)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return counts(new_project(tmp_path_factory.mktemp("many")), MANY)


def test_importing_and_parsing_load_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    """Beyond what Airflow loads for any DAG."""
    assert counts(new_project(tmp_path), FEW, loaded=True)["loaded"] == []


def test_a_parser_that_is_forked_after_a_refresh_imports_nothing(few: dict[str, Any]) -> None:
    assert few["imported by a parse"] == []


def test_a_task_start_reads_its_own_definition_and_what_that_is_made_of(few: dict[str, Any]) -> None:
    assert few["a task start: the bundle"] == {
        "sources read": [],
        "other files opened": 1,  # the generation
        "directories listed": [],
    }
    # The report types and the account are kept since the refresh.
    assert few["a task start: its DAG"]["sources read"] == ["reports/weekly_0.yaml"]
    assert few["a task start: its DAG"]["directories listed"] == []
    through_loader = few["a task start: its DAG through the loader"]
    assert through_loader["sources read"] == ["reports/weekly_0.yaml"]
    assert through_loader["directories listed"] == []


def test_a_refresh_when_nothing_has_changed_reads_no_file_of_a_definition_or_dag(few: dict[str, Any]) -> None:
    assert few["a refresh when nothing has changed"]["sources read"] == []
    assert few["a refresh when nothing has changed"]["other files opened"] == 1  # the generation


def test_no_count_grows_with_the_definitions(few: dict[str, Any], many: dict[str, Any]) -> None:
    # The first one makes the groups' files, of which there are more.
    assert {**many, "the first refresh": None} == {**few, "the first refresh": None}


def test_the_first_refresh_reads_one_definition(many: dict[str, Any]) -> None:
    first = many["the first refresh"]
    assert [path for path in first["sources read"] if path.startswith("reports/")] == ["reports/weekly_0.yaml"]
