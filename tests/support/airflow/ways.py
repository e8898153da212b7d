"""The two ways to DAGs, as the dag-processor takes them: the files of the bundle, and those of the loader."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG

from promo_reports.orchestration.loader import PROBLEMS_FILE
from tests.support.airflow.bundles import new_bundle
from tests.support.project import ROOT

LOADER_FILE = "promo_reports_loader.py"
SHIPPED = ROOT / "plugins" / "promo_reports" / "shipped" / "project" / "dags"


class Parsed(NamedTuple):
    """What Airflow has after it has parsed everything: DAGs by id, import errors by file."""

    dags: Mapping[str, DAG]
    import_errors: Mapping[str, str]


def by_bundle(home: Path) -> Parsed:
    """Refresh and parse until a broken definition is in a file of its own."""
    bundle = new_bundle(home)
    bundle.refresh()
    _bag(bundle.path)
    bundle.refresh()
    return _parsed(_bag(bundle.path))


def by_loader(home: Path) -> Parsed:
    """Parse both files."""
    return _parsed(_bag(write_loader(home / "dags")))


WAYS: Mapping[str, Callable[[Path], Parsed]] = {"bundle": by_bundle, "loader": by_loader}


def write_loader(dags: Path) -> Path:
    """Write both files into a DAGs folder, as `promo-reports init` does."""
    dags.mkdir(exist_ok=True)
    for name in (LOADER_FILE, PROBLEMS_FILE):
        shutil.copy(SHIPPED / name, dags / name)
    return dags


def _bag(directory: Path) -> DagBag:
    # Python takes a file that changes within a second, and not in size, for the one whose bytecode it has. The
    # dag-processor refreshes a bundle more seldom.
    shutil.rmtree(directory / "__pycache__", ignore_errors=True)
    # With Airflow's search for files that mention it, as the dag-processor's default is.
    return DagBag(directory, safe_mode=True, bundle_path=directory, bundle_name="any")


def _parsed(bag: DagBag) -> Parsed:
    return Parsed(dict(bag.dags), dict(bag.import_errors))
