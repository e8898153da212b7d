"""One run in a process of its own, through the operators that Airflow runs; it prints its figures as JSON.

    python -m benchmarks.exports.one_export <download|s3|spreadsheet> <report type> < conf.json
    python -m benchmarks.exports.one_export sql_to_s3 < query.sql

`download` and `s3` deliver the same file to the download area or to a bucket; `spreadsheet` is an export for download
alone, whose text cells are made safe; `sql_to_s3` is Airflow's own operator. With `--without-second-reading`, an export
does not read its file again, which the product cannot be told. The connections come from
`AIRFLOW_CONN_...`, the project's settings from `PROMO_REPORTS_...`. Seconds are wall time, `cpu` are processor seconds,
`memory` is the peak of the process in MB, both above what they were just before the first operator began, as in an idle
task.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from benchmarks.exports.unread_file import without_second_reading
from devstack.memory import peak

BUCKET = "bi-exports"
WITHOUT = "--without-second-reading"
STAGE = re.compile(r"(Counted and summed|Copied|Read again) in (\d+\.\d+) s")
TO_BUCKET = {"partner_export": {"partner": "amazon_s3", "bucket": BUCKET}}


class Seconds(logging.Handler):
    """Keeps what the pipeline's log says of its stages."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Take down a line that names a stage and its seconds."""
        if told := STAGE.fullmatch(record.getMessage()):
            self.of[told[1]] = float(told[2])


def conf(kind: str, start: datetime, end: datetime, filters: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of the export, as an API client would give it."""
    return {
        "name": "Benchmark",
        "filters": dict(filters),
        "date_range": {"start": start.isoformat(), "end": end.isoformat()},
        "delivery": ["download"] if kind == "spreadsheet" else ["download", TO_BUCKET],
    }


def export(kind: str, report_type: str, asked: dict[str, Any]) -> dict[str, float]:
    """Extract, and deliver to one destination; the seconds of each stage and task."""
    from promo_reports.orchestration import dag_factory
    from promo_reports.orchestration.operators import DeliverOperator, ExtractOperator

    dag_factory.type_dag(report_type)
    run = SimpleNamespace(
        dag_id=f"promo_reports.type.{report_type}",
        run_id="benchmark",
        conf=asked,
        run_after=datetime.now(UTC),
        data_interval_start=None,
        data_interval_end=None,
    )
    context: Any = {
        "dag_run": run,
        "task_state_store": SimpleNamespace(clear=lambda: None, set=lambda *_, **__: None),
        "ti": SimpleNamespace(xcom_push=lambda **_: None, map_index=int(kind == "s3")),
        "outlet_events": defaultdict(SimpleNamespace),
    }
    stages = Seconds()
    logging.getLogger("promo_reports").addHandler(stages)
    logging.getLogger("promo_reports").setLevel(logging.INFO)
    idle, used, begun = peak(), time.process_time(), time.perf_counter()
    extract = ExtractOperator(task_id="extract", report_type=report_type)
    handovers = vars(ExtractOperator)["execute"].__wrapped__(extract, context)
    extracted = time.perf_counter()
    deliver = DeliverOperator(task_id="deliver", handover=handovers[context["ti"].map_index])
    vars(DeliverOperator)["execute"].__wrapped__(deliver, context)
    ended = time.perf_counter()
    return {
        "seconds": ended - begun,
        "extract_task": extracted - begun,
        "deliver": ended - extracted,
        "cpu": time.process_time() - used,
        "memory": peak() - idle,
        **stages.of,
    }


def sql_to_s3(query: str) -> dict[str, float]:
    """What Airflow itself has for the purpose."""
    from airflow.providers.amazon.aws.transfers.sql_to_s3 import SqlToS3Operator

    operator = SqlToS3Operator(
        task_id="export", query=query, s3_bucket=BUCKET, s3_key="sql_to_s3.csv", replace=True,
        sql_conn_id="promo_db", aws_conn_id="bi_exports_s3", file_format="csv", pd_kwargs={"index": False},
    )  # fmt: skip
    idle, begun = peak(), time.perf_counter()
    SqlToS3Operator.execute.__wrapped__(operator, {})
    return {"seconds": time.perf_counter() - begun, "memory": peak() - idle}


def main(arguments: list[str]) -> None:
    """Run one kind and print its figures."""
    kind, *report_type = [each for each in arguments if each != WITHOUT]
    given = sys.stdin.read()
    if not report_type:
        print(json.dumps(sql_to_s3(given)))
        return
    with without_second_reading() if WITHOUT in arguments else nullcontext():
        print(json.dumps(export(kind, report_type[0], json.loads(given))))


if __name__ == "__main__":
    main(sys.argv[1:])
