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
