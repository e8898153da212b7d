"""An example of a downstream DAG: started by an export's asset event, it reads the delivered files with pandas.

It trusts nothing but the manifest: every file it names is read, and the points are summed again as exact decimals and
compared with the manifest's totals. Copy it to load a warehouse, to feed a model, or to alert finance.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

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
        manifests = {event.extra["event_key"]: event.extra for event in triggering_asset_events[WALLET_TRANSACTIONS]}
        return {key: _reconcile(extra["manifest"]) for key, extra in manifests.items()}

    reconcile()


def _reconcile(address: str) -> str:
    """Read every file of a manifest; fail where rows or points are not what it says."""
    import json
    from decimal import Decimal

    import pandas as pd
    from airflow.exceptions import AirflowException

    with _opened(address) as file:
        manifest = json.load(file)
    rows, points = 0, Decimal(0)
    for delivered in manifest["files"]:
        with _opened(address.rpartition("/")[0] + "/" + delivered["name"]) as file:
            for csv in _members(file, delivered["name"]):
                # Read as text: decimals stay exact, ids stay whole.
                for chunk in pd.read_csv(csv, dtype=str, keep_default_na=False, chunksize=100_000):
                    rows += len(chunk)
                    points += sum(map(Decimal, chunk["points"]), Decimal(0))
    read = f"{rows} rows and {points} points"
    if (rows, points) != (manifest["rows"], Decimal(manifest["totals"]["points"])):
        said = f"{manifest['rows']} rows and {manifest['totals']['points']} points"
        raise AirflowException(f"{address}: {read} were read, the manifest says {said}")
    return f"{manifest['report_name']}: {read}"


@contextmanager
def _opened(address: str) -> Iterator[IO[bytes]]:
    """A delivered file, from the download area or from the bucket through Airflow's own hook."""
    import tempfile
    from urllib.parse import unquote, urlsplit

    place = urlsplit(address)
    if place.scheme == "file":
        with open(unquote(place.path), "rb") as file:  # noqa: PTH123
            yield file
        return
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    with tempfile.TemporaryFile() as file:
        S3Hook(BUCKET_CONNECTION).get_conn().download_fileobj(place.netloc, unquote(place.path.lstrip("/")), file)
        file.seek(0)
        yield file


def _members(file: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """The CSVs in a delivered file, in order, read as they are unpacked."""
    import zipfile

    if not name.endswith(".zip"):
        yield file
        return
    with zipfile.ZipFile(file) as archive:
        for member in archive.namelist():
            with archive.open(member) as csv:
                yield csv


reconcile_points()
