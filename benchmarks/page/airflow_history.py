"""A metadata database of Airflow with years of Promo Reports in it: made by COPY, the same at every run."""

from __future__ import annotations

import contextlib
import io
import json
import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

REPORTS = 10_000
EXPORTS = 100_000
OF_REPORTS = 0.6
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
PEOPLE = [f"{name}@example.com" for name in ("growth", "finance", "support", *(f"user{n:03}" for n in range(197)))]
TYPES = {
    "wallet_transactions": ("Wallet Transactions", "Loyalty Wallet"),
    "wallet_summary": ("Wallet Summary", "Loyalty Wallet"),
    "user_ledger_summary": ("User Ledger Summary", "Loyalty Wallet"),
    "voucher_assignment_logs": ("Voucher Assignment Logs", "Partner Vouchers"),
    "reward_assignment": ("Reward Assignment", "Promo Campaigns"),
    "user_errors": ("User Errors", "Promo Campaigns"),
}
_NAMES = ("Grocery Rewards", "Fuel Points", "Student Cashback", "Airline Miles", "App Channel", "Été Promo", "50% Off")


def fill(url: str, exports: int = EXPORTS) -> None:
    """Fill a migrated, empty metadata database with so many exports and ANALYZE it."""
    import psycopg2

    chance = random.Random(1)  # noqa: S311 - rows, not secrets
    with contextlib.closing(psycopg2.connect(url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO dag_bundle (name, active) VALUES ('promo-reports', true)")
            reports = list(_reports(chance))
            _copy(cursor, "dag", _DAG, (_dag(*each) for each in [*reports, *_type_dags()]))
            _copy(cursor, "dag_tag", ("name", "dag_id"), _tags([*reports, *_type_dags()]))
            _copy(cursor, "dag_version", _VERSION, _versions(chance, [each[0] for each in reports]))
            runs = list(_runs(chance, reports, exports))
            _copy(cursor, "dag_run", _RUN, runs)
            cursor.execute("SELECT setval('dag_run_id_seq', %s)", [exports])
            _copy(cursor, "dag_run_note", _NOTE, _notes(runs))
            _copy(cursor, "task_state_store", _FACT, _facts(runs))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


_DAG = (
    *("dag_id", "dag_display_name", "owners", "is_paused", "is_stale", "bundle_name", "timetable_type"),
    *("timetable_summary", "max_active_tasks", "max_active_runs", "max_consecutive_failed_dag_runs"),
    *("has_task_concurrency_limits", "partition_mapper_info", "next_dagrun_create_after", "last_parsed_time"),
)
_VERSION = ("id", "version_number", "dag_id", "bundle_name", "created_at", "last_updated")
_RUN = (
    *("id", "dag_id", "run_id", "run_type", "triggered_by", "triggering_user_name", "state", "conf", "created_at"),
    *("queued_at", "run_after", "logical_date", "data_interval_start", "data_interval_end", "start_date", "end_date"),
    *("clear_number", "span_status", "context_carrier", "updated_at"),
)
_NOTE = ("dag_run_id", "user_id", "content", "created_at", "updated_at")
_FACT = ("dag_run_id", "dag_id", "run_id", "task_id", "map_index", "key", "value", "updated_at")

Report = tuple[str, str, str, list[str]]  # dag_id, name, owner, tags


def _reports(chance: random.Random) -> Iterator[Report]:
    for number in range(REPORTS):
        frequency = chance.choice(("daily", "daily", "weekly"))
        report_type = chance.choice(list(TYPES))
        title, promotion = TYPES[report_type]
        name = f"{frequency.title()} {title}, {chance.choice(_NAMES)} {number:05}"
        tags = ["promo_reports", promotion, title, frequency, *(["created"] if number % 5 else [])]
        yield f"promo_reports.report.{frequency}_{report_type}_{number:05}", name, chance.choice(PEOPLE), tags


def _type_dags() -> list[Report]:
    return [
        (
            f"promo_reports.type.{key}",
            f"{title} (on demand)",
            "promo-reports",
            ["promo_reports", promotion, title, "one_time", "on_demand"],
        )
        for key, (title, promotion) in TYPES.items()
    ]


def _dag(dag_id: str, name: str, owner: str, tags: list[str]) -> list[Any]:
    number = hash_of(dag_id)
    due = NOW + timedelta(hours=number % 24) if "one_time" not in tags else None
    timetable = "promo_reports.orchestration.timetable.RecurringTimetable"
    return [
        *(dag_id, name, owner, number % 40 == 0, number % 25 == 0, "promo-reports", timetable),
        *(f"{tags[3].title()} at 06:00", 16, 1 if due else 64, 0, False, "[]", due, NOW),
    ]


def _tags(reports: Iterable[Report]) -> Iterator[list[Any]]:
    return ([tag, dag_id] for dag_id, _, _, tags in reports for tag in sorted(set(tags)))


def _versions(chance: random.Random, dag_ids: list[str]) -> Iterator[list[Any]]:
    for dag_id in dag_ids:
        made = NOW - YEAR * chance.random()
        for number in range(1, chance.choice((2, 2, 3))):
            at = made + timedelta(days=number)
            yield [str(uuid.UUID(int=chance.getrandbits(128))), number, dag_id, "promo-reports", at, at]


def _runs(chance: random.Random, reports: list[Report], exports: int) -> Iterator[list[Any]]:
    for export_id in range(1, exports + 1):
        made = NOW - YEAR * ((exports - export_id) / exports)
        day = made.replace(hour=0, minute=0, second=0, microsecond=0)
        state = "success" if chance.random() < 0.95 else "failed"
        if export_id > exports - 40:
            state = chance.choice(("queued", "running"))
        end = made + timedelta(seconds=40) if state in ("success", "failed") else None
        times = [made, made, made]
        window: list[datetime | None] = [None, None, None]
        if chance.random() < OF_REPORTS:
            dag_id = chance.choice(reports)[0]
            run_id = f"scheduled__{made.isoformat()}"
            who: list[Any] = ["scheduled", "TIMETABLE", None]
            window = [made, day - timedelta(days=1), day]
            conf: dict[str, Any] = {}
        else:
            key = chance.choice(list(TYPES))
            dag_id, run_id = f"promo_reports.type.{key}", f"manual__{made.isoformat()}_{export_id:x}"
            who = ["manual", "REST_API", chance.choice(PEOPLE)]
            conf = _conf(chance, key, export_id)
        carrier = {"__var": {}, "__type": "dict"}
        yield [
            *(export_id, dag_id, run_id, *who, state, json.dumps(conf), *times, *window, made, end),
            *(0, "not_started", json.dumps(carrier), made),
        ]


def _conf(chance: random.Random, report_type: str, number: int) -> dict[str, Any]:
    return {
        "name": f"{TYPES[report_type][0]} for {chance.choice(_NAMES)}, audit {number:06}",
        "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit", "debit", "expired"]},
        "date_range": {"start": "2026-10-01T00:00:00-04:00", "end": "2026-11-01T00:00:00-04:00"},
        "delivery": ["download", {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
    }


def _notes(runs: list[list[Any]]) -> Iterator[list[Any]]:
    for row in runs:
        if row[6] == "failed" and row[0] % 3 == 0:
            yield [row[0], "1", f"Cancelled by {PEOPLE[row[0] % 200]}", row[9], row[9] + timedelta(seconds=20)]


def _facts(runs: list[list[Any]]) -> Iterator[list[Any]]:
    manifest = json.dumps(
        {"format": 1, "filters": {}, "columns": [f"column {n}" for n in range(60)], "sha256": "0" * 64}
    )
    delivered = json.dumps({"destination": "download", "manifest": "wallets/manifest.json", "files": ["export.csv"]})
    for row in runs:
        rows = row[0] % 900_000
        progress = {"written": rows, "counted": rows}
        file = {"name": "export-00000000.csv", "bytes": rows * 160}
        facts = {"rows": rows, "bytes": rows * 160, "window": None, "as_of": None, "file": file}
        left = [("progress", json.dumps(progress)), ("facts", json.dumps(facts)), ("manifest", manifest)]
        for key, value in left:
            yield [*row[:3], "extract", -1, key, value, row[9]]
        yield [*row[:3], "deliver", 0, "delivered", delivered, row[9]]


def hash_of(text: str) -> int:
    """A number of a text that is the same in every process."""
    return uuid.uuid5(uuid.NAMESPACE_OID, text).int


def _copy(cursor: Any, table: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    text = io.StringIO()
    for row in rows:
        text.write("\t".join("\\N" if each is None else str(each).replace("\\", "\\\\") for each in row) + "\n")
    text.seek(0)
    cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", text)
