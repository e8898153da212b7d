"""The DAG that removes expired exports, and staged ones that nobody delivered (reliability, P15)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.sdk import dag, task

from promo_reports.orchestration.project import registry

if TYPE_CHECKING:
    from promo_reports.delivery import Swept

with_settings = registry().settings


@dag(
    dag_id="promo_reports.retention",
    dag_display_name="Promo Reports: retention",
    description=f"Removes exports older than {with_settings.retention_days} days from the download area.",
    schedule="17 3 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["promo_reports", "maintenance"],
    default_args={"owner": "promo-reports", "retries": 1},
    doc_md=__doc__,
)
def retention() -> None:
    """Two independent sweeps; an open download keeps its file until it ends."""

    @task
    def sweep_downloads(dag_run: Any = None) -> str:
        from promo_reports.delivery import sweep

        days = timedelta(days=with_settings.retention_days)
        return said(sweep(with_settings.downloads, older_than=dag_run.run_after - days))

    @task
    def sweep_staged(dag_run: Any = None) -> str:
        from promo_reports.pipeline.staging.area import staging_area

        days = timedelta(days=with_settings.staging_days)
        return said(staging_area(with_settings).sweep(older_than=dag_run.run_after - days))

    sweep_downloads()
    sweep_staged()


def said(swept: Swept) -> str:
    """What was removed; fails where something could not be, so that a disk does not fill up unseen."""
    from airflow.exceptions import AirflowException

    if swept.failed:
        raise AirflowException(f"Could not be removed: {', '.join(swept.failed)}. Check the owner and permissions.")
    return f"{len(swept.removed)} directories, {swept.files} files, {swept.bytes} bytes removed"
