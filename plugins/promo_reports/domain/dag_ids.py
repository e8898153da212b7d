"""The names of our DAGs; what only needs a name need not import Airflow."""

from __future__ import annotations

DAG_PREFIX = "promo_reports."
REPORT_PREFIX = f"{DAG_PREFIX}report."
TYPE_PREFIX = f"{DAG_PREFIX}type."


def report_dag_id(report_id: str) -> str:
    """Return the id of a definition's DAG."""
    return f"{REPORT_PREFIX}{report_id}"


def type_dag_id(report_type: str) -> str:
    """Return the id of a report type's on-demand DAG."""
    return f"{TYPE_PREFIX}{report_type}"


def report_id_of(dag_id: str) -> str | None:
    """Return the id of the report that a DAG belongs to, or None."""
    return dag_id[len(REPORT_PREFIX) :] if dag_id.startswith(REPORT_PREFIX) else None


def report_type_of(dag_id: str) -> str | None:
    """Return the id of the report type whose on-demand DAG it is, or None."""
    return dag_id[len(TYPE_PREFIX) :] if dag_id.startswith(TYPE_PREFIX) else None
