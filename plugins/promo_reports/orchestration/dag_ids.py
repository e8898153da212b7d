"""The names of our DAGs; what only needs a name need not import Airflow."""

from __future__ import annotations

DAG_PREFIX = "promo_reports."


def report_dag_id(report_id: str) -> str:
    """The DAG of a definition."""
    return f"{DAG_PREFIX}report.{report_id}"


def type_dag_id(report_type: str) -> str:
    """The on-demand DAG of a report type."""
    return f"{DAG_PREFIX}type.{report_type}"
