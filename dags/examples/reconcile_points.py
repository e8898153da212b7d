"""An example of a downstream DAG: started by an export's asset event, it reads the delivered rows with pandas.

`promo_reports.read` trusts nothing but the manifest: a file that is missing, damaged or not of that export fails the
task. The points are exact decimals, and are summed again and compared with the manifest's totals. Copy it to load a
warehouse, to feed a model, or to alert finance.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, dag, task

WALLET_TRANSACTIONS = Asset(name="promo_reports.type.wallet_transactions")
BUCKET_CONNECTION = "bi_exports_s3"


@dag(
    dag_id="promo_reports.example.reconcile_points",
    dag_display_name="Example: reconcile points downstream",
    schedule=[WALLET_TRANSACTIONS],
    is_paused_upon_creation=False,
    max_active_runs=4,
    tags=["promo_reports", "example"],
    default_args={"owner": "promo-reports"},
    doc_md=__doc__,
)
def reconcile_points() -> None:
    """One task; events may coalesce, so it goes through every manifest that its run was started by."""

    @task
    def reconcile(triggering_asset_events: Any = None) -> dict[str, str]:
        events = [event.extra for event in triggering_asset_events[WALLET_TRANSACTIONS]]
        manifests = {extra.get("export_key") or extra["event_key"]: extra["manifest"] for extra in events}
        return {key: _reconcile(address) for key, address in manifests.items()}

    reconcile()


def _reconcile(address: str) -> str:
    """Read the rows that a manifest names; fail where the points are not what it says."""
    from decimal import Decimal

    from airflow.exceptions import AirflowException

    import promo_reports

    frame = promo_reports.read(address, "pandas", connection=BUCKET_CONNECTION)
    manifest, points = frame.attrs["manifest"], frame["points"].sum()
    if points != Decimal(manifest["totals"]["points"]):
        raise AirflowException(f"{address}: {points} points were read, and its total is {manifest['totals']['points']}")
    return f"{manifest['report_name']}: {len(frame)} rows and {points} points"


reconcile_points()
