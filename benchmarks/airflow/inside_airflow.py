"""What a worker pays until it has a task's DAG, and the dag-processor for a refresh, in CPU milliseconds.

    python -m benchmarks.airflow.inside_airflow REPORT_ID OTHER_HOME     # in the environment of an Airflow that runs

Prints one JSON object with medians. Each task start is measured in a process of its own, forked before any of our code
is imported, as an executor does it; in turns with one in the other project, so that both see the same neighbours.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from promo_reports.domain.dag_ids import report_dag_id
from promo_reports.orchestration.generated import group_of

STARTS, REFRESHES = 25, 9


def milliseconds(call: Callable[[], object]) -> float:
    """CPU time of a call."""
    begun = time.process_time()
    call()
    return (time.process_time() - begun) * 1000


def in_a_fork(measure: Callable[[], list[float]]) -> list[float]:
    """What a forked process measures."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, json.dumps(measure()).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        found: list[float] = json.loads(answer.read())
    os.waitpid(pid, 0)
    return found


def start_of_task(report_id: str) -> list[float]:
    """A task's way to its DAG, as Airflow's task runner goes it: the bundle, then the DAG."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag

    os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = report_dag_id(report_id)
    begun = time.process_time()
    bundle = DagBundlesManager().get_bundle(name="promo-reports")
    bundle.initialize()
    file = bundle.path / f"reports.{group_of(report_id)}.py"
    bag = BundleDagBag(file, safe_mode=False, load_op_links=False, bundle_path=bundle.path, bundle_name=bundle.name)
    took = (time.process_time() - begun) * 1000
    if bag.dag_ids != [report_dag_id(report_id)]:
        raise RuntimeError(f"parsed {bag.dag_ids}: {bag.import_errors}")
    return [took]


def in_another_project(report_id: str, home: Path) -> list[float]:
    """The same for a project of fewer definitions, with generated files of its own."""
    os.environ["PROMO_REPORTS_HOME"] = str(home)
    os.environ["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH"] = str(home / "bundles")
    return start_of_task(report_id)


def refresh() -> list[float]:
    """A first refresh in a directory of its own, then the median of those that find nothing changed."""
    from promo_reports.orchestration.bundle import ReportBundle

    bundle = ReportBundle(name="promo-reports-benchmark")
    with tempfile.TemporaryDirectory() as place:
        bundle.base_dir = Path(place)
        first = milliseconds(bundle.refresh)
        return [first, statistics.median(milliseconds(bundle.refresh) for _ in range(REFRESHES))]


def main() -> None:
    """Measure for the report whose id is given."""
    import airflow.dag_processing.bundles.manager
    import airflow.dag_processing.dagbag
    import airflow.sdk  # noqa: F401 - what a worker has loaded before it knows its task

    report_id, other = sys.argv[1], Path(sys.argv[2])
    starts, others = [], []
    for _ in range(STARTS):
        starts += in_a_fork(lambda: start_of_task(report_id))
        others += in_a_fork(lambda: in_another_project(report_id, other))
    first, unchanged = in_a_fork(refresh)
    found = {
        "start": statistics.median(starts),
        "start_in_other": statistics.median(others),
        "first_refresh": first,
        "unchanged_refresh": unchanged,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
