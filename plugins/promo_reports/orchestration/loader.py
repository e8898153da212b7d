"""DAGs for hosts that allow no DAG bundle of their own: two files in `dags/`, of a few lines each (decisions, 18)::

    promo_reports_loader.py      globals().update(load_dags(__file__))
    promo_reports_problems.py    raise_problems()

An import error makes every DAG of its file stale. So the loader leaves out what cannot be made, and the second file,
which has no DAGs, raises it: Airflow shows the errors there, and the other DAGs stay. Neither writes anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from airflow.sdk import DAG, get_parsing_context

from promo_reports.domain.dag_ids import report_id_of, report_type_of
from promo_reports.errors import DagsMissing, InvalidInput, Problem, PromoReportsError, StoreError
from promo_reports.orchestration.airflow_internals import configuration
from promo_reports.orchestration.dag_factory import report_dag, type_dag
from promo_reports.orchestration.project import registry

PROBLEMS_FILE = "promo_reports_problems.py"
"""Name of the file beside the loader's that calls `raise_problems`."""

_BUNDLE = "promo_reports.orchestration.bundle.ReportBundle"


def load_dags(file: str) -> dict[str, DAG]:
    """Return the DAGs of all report types and definitions by DAG id; `file` is the `__file__` of the calling module.

    A task start makes only the DAG of the task, and raises its error. Otherwise what cannot be made or read is left
    out, and raised by the file of `raise_problems`; `DagsMissing` if that file is missing. Raises `InvalidInput` where
    `ReportBundle` is configured, which makes the same DAGs.
    """
    wanted = get_parsing_context().dag_id
    if wanted is not None:
        return {dag.dag_id: dag for dag in _dag_of(wanted)}
    _check_bundles(file)
    dags, errors = _make_all()
    if errors and not Path(file).with_name(PROBLEMS_FILE).is_file():
        _raise(errors, f"To keep the other DAGs in spite of them, put {PROBLEMS_FILE} beside {file} (docs/deploy.md).")
    return dags


def raise_problems() -> None:
    """Raise `DagsMissing` with the error of every report type and definition that cannot be read or made into a DAG."""
    if get_parsing_context().dag_id is None:
        _, errors = _make_all()
        if errors:
            _raise(errors)


def _dag_of(dag_id: str) -> Iterator[DAG]:
    """Yield one of our DAGs by its id; nothing for the DAG of another file."""
    report_id, report_type = report_id_of(dag_id), report_type_of(dag_id)
    if report_id is not None:
        yield report_dag(report_id)
    elif report_type is not None:
        yield type_dag(report_type)


def _make_all() -> tuple[dict[str, DAG], dict[str, Exception]]:
    """Return all DAGs by id, and the errors of those that cannot be made by file or directory."""
    dags: dict[str, DAG] = {}
    errors: dict[str, Exception] = {}
    with suppress(StoreError):  # told by those that are missing then
        registry().store.fetch()
    kinds = (registry().report_type_sources, type_dag), (registry().sources, report_dag)
    for listed, make in kinds:
        try:
            sources = listed()
        except StoreError as error:
            errors[str(error)] = error
            continue
        for source in sources:
            try:
                dag = make(source.key)
            except Exception as error:
                errors[source.shown] = error
            else:
                dags[dag.dag_id] = dag
    return dags, errors


def _raise(errors: dict[str, Exception], fix: str = "") -> NoReturn:
    unexpected = next((each for each in errors.values() if not isinstance(each, PromoReportsError)), None)
    said = (
        str(error) if isinstance(error, PromoReportsError) else f"{where}: {type(error).__name__}: {error}"
        for where, error in errors.items()
    )
    count = "1 error keeps" if len(errors) == 1 else f"{len(errors)} errors keep"
    lines = "\n\n".join(dict.fromkeys(said))
    raise DagsMissing(f"{count} report types or definitions from being DAGs:\n\n{lines}\n", fix) from unexpected


def _check_bundles(file: str) -> None:
    """Raise `InvalidInput` if Airflow has the bundle, too: a DAG would belong to whichever was parsed last."""
    if _BUNDLE in configuration().get("dag_processor", "dag_bundle_config_list", fallback=""):
        message = (
            f"a DAG bundle makes these DAGs already. Remove this file and {PROBLEMS_FILE}, or remove {_BUNDLE} "
            "from [dag_processor] dag_bundle_config_list"
        )
        raise InvalidInput(file, [Problem(file, "", message)])
