"""What stands beside the package imports in one direction. import-linter holds the package, and sees packages alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("promo_reports", "devstack", "include", "benchmarks", "tests")
MAY_IMPORT = {
    "plugins": {"promo_reports"},
    "dags": {"promo_reports"},
    "devstack": {"promo_reports", "devstack"},
    "include": {"promo_reports", "devstack", "include"},
    "benchmarks": {"promo_reports", "devstack", "include", "benchmarks"},
    "tests": {"promo_reports", "devstack", "include", "tests"},
}
AIRFLOW_INTERNALS = ("orchestration/airflow_internals.py", "web/airflow/access.py")
AIRFLOW_DOCUMENTED = (
    "airflow.sdk",
    "airflow.dag_processing.bundles.base",  # "Dag Bundles": a bundle of one's own
    "airflow.exceptions",
    "airflow.plugins_manager",  # "Plugins"
    "airflow.providers",
    "airflow.task.priority_strategy",  # "Priority weights": a strategy of one's own
    "airflow.timetables",  # "Timetables"
)
"""What Airflow's documentation offers to authors of DAGs and plugins."""
ASSEMBLED = "tests.end_to_end.real_airflow"
"""Classes of tests that share one stack: tests/end_to_end/test_*.py import them, and each file starts one."""


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, at its top and within its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_those_below_it(folder: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / folder).rglob("*.py")
        for name in imported(path)
        if (top := name.partition(".")[0]) in OURS and top not in MAY_IMPORT[folder]
    }
    assert wrong == set()


def test_no_test_imports_a_test() -> None:
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "tests").rglob("*.py")
        for name in imported(path)
        if name.startswith("tests.")
        and not name.startswith("tests.support.")
        and not (path.match("tests/end_to_end/test_*.py") and name.startswith(f"{ASSEMBLED}."))
    }
    assert wrong == set()


def test_internals_of_airflow_are_imported_in_the_two_modules_that_say_since_when() -> None:
    package = ROOT / "plugins" / "promo_reports"
    wrong = {
        f"{path.relative_to(package)}: {name}"
        for path in package.rglob("*.py")
        if str(path.relative_to(package)) not in AIRFLOW_INTERNALS
        for name in imported(path)
        if name.startswith("airflow.") and not name.startswith(tuple(f"{each}." for each in AIRFLOW_DOCUMENTED))
    }
    # A type of the interface of PriorityWeightStrategy, for the type checker alone.
    assert wrong == {"orchestration/priority.py: airflow.models.taskinstance.TaskInstance"}


@pytest.mark.parametrize("module", AIRFLOW_INTERNALS)
def test_each_internal_of_airflow_stands_in_the_table_of_its_module(module: str) -> None:
    path = ROOT / "plugins" / "promo_reports" / module
    table = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    internal = [name for name in imported(path) if name.startswith("airflow.") and not name.startswith("airflow.sdk.")]
    assert internal
    assert [name for name in internal if name.rpartition(".")[2] not in table] == []
