"""Runs of Airflow as rows of the page: what is said of each status, and what its reader may do with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.domain.export_status import ExportStatus
from promo_reports.errors import SourceUnavailable
from promo_reports.web.exports import rows as export_rows
from promo_reports.web.exports.failures import SILENT, UNDELIVERED, failure_of
from promo_reports.web.exports.models import ExportRow
from promo_reports.web.exports.rows import Rows, window_of
from promo_reports.web.queries.records import ExportRecord, TaskFacts
from tests.support.web.callers import (
    CHANGE,
    CHANGE_EXPORTS,
    CONF,
    EXPORT,
    NOON,
    NOTHING_LEFT,
    REPORT,
    TYPE,
    Permitted,
    caller,
    dag,
    export,
    left,
)

ZONE = ZoneInfo("America/New_York")
CREATING, CREATED = ExportStatus.CREATING, ExportStatus.CREATED
FAILED, CANCELLED = ExportStatus.FAILED, ExportStatus.CANCELLED
ADA = caller(EXPORT, CHANGE_EXPORTS)
SPLIT = {"reason": "The disk is full.", "fix": "Make room.", "retryable": True}
WRONG = {"reason": "There is no such wallet.", "fix": "", "retryable": False}


@pytest.fixture(autouse=True)
def a_day_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_rows, "now", lambda: NOON + timedelta(days=1))


@pytest.fixture
def rows(registry: Registry) -> Rows:
    return Rows.of(registry, ADA)


def of(registry: Registry, who: Permitted, record: ExportRecord) -> ExportRow:
    return Rows.of(registry, who).row(record)


def open_export(**changes: Any) -> ExportRecord:
    known = {"status": CREATING, "state": "running", "ended_at": None, "facts": NOTHING_LEFT, **changes}
    return export(**known)


def failed(extract: dict[str, Any] | None = None, *deliveries: dict[str, Any], **changes: Any) -> ExportRecord:
    facts = TaskFacts(extract or {}, dict(enumerate(deliveries)))
    return export(**{"status": FAILED, "state": "failed", "facts": facts, "conf": CONF, **changes})


def test_a_created_export(rows: Rows) -> None:
    shown = rows.row(export()).model_dump(mode="json")
    window = {"start": "2026-11-09T00:00:00-05:00", "end": "2026-11-16T00:00:00-05:00"}
    assert shown == {
        "id": 7,
        "name": "June audit",
        "report": None,
        "origin": "page",
        "report_type": {"id": "wallet_transactions", "label": "Wallet Transactions"},
        "promotion_type": {"id": "loyalty_wallet", "label": "Loyalty Wallet"},
        "status": "created",
        "waiting": None,
        "created_by": "ada",
        "created_at": "2026-11-18T12:00:00-05:00",
        "window": {**window, "first": "2026-11-09", "last": "2026-11-15", "open": False},
        "as_of": None,
        "rows": 10,
        "bytes": 1234,
        "started_at": "2026-11-18T12:00:00-05:00",
        "seconds": 12.5,
        "progress": None,
        "failure": None,
        "download": {
            "url": "promo-reports/api/exports/7/download",
            "name": "june_audit-5ba45e00.csv",
            "bytes": 1234,
        },
        "earlier": False,
        "actions": ["duplicate"],
    }


def test_an_export_that_is_being_made(rows: Rows) -> None:
    extracting = TaskFacts({"progress": {"written": 200, "counted": 1000}}, {})
    row = rows.row(open_export(facts=extracting))
    assert (row.status, row.seconds, row.download, row.failure, row.waiting) == ("creating", None, None, None, None)
    assert row.progress is not None
    assert (row.progress.written, row.progress.counted) == (200, 1000)
    assert rows.row(open_export(state="queued", facts=extracting)).progress is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"dag": dag(is_paused=True)}, "It is paused in Airflow, and goes on when somebody resumes it there."),
        ({"dag": dag(is_stale=True, is_paused=True)},
         "Its definition is not registered any more, so Airflow does not go on with it."),
        ({"dag": None}, "Its definition is not registered any more, so Airflow does not go on with it."),
        ({"state": "queued", "running_before": 4}, "It waits: 4 exports of the same report are being made."),
        ({"state": "queued", "running_before": 1, "dag": dag(max_active_runs=1)},
         "It waits: another export of the same report is being made."),
        ({"state": "queued", "running_before": 3}, None),
        ({"state": "queued", "running_before": 9, "dag": dag(max_active_runs=None)}, None),
        ({"facts": TaskFacts({"failure": SPLIT}, {})}, "The last attempt failed and is retried: The disk is full."),
        ({"facts": TaskFacts({"failure": WRONG}, {})}, None),
        ({"state": "queued", "facts": TaskFacts({"failure": SPLIT}, {})}, None),
        ({"facts": TaskFacts({}, {0: {}, 1: {"failure": SPLIT}})},
         "The last attempt failed and is retried: The disk is full."),
        ({"status": CREATED, "dag": dag(is_paused=True)}, None),
    ],
)  # fmt: skip
def test_why_nothing_moves(rows: Rows, changes: dict[str, Any], expected: str | None) -> None:
    assert rows.row(open_export(**changes)).waiting == expected


@pytest.mark.parametrize(
    ("record", "reason", "fix"),
    [
        (failed({"failure": WRONG}), "There is no such wallet.", ""),
        (failed({}, {"delivered": {"destination": "download"}}, {"failure": SPLIT}), "The disk is full.", "Make room."),
        (failed({"failure": WRONG}, {"failure": SPLIT}), "There is no such wallet.", ""),
        (failed(), SILENT.reason, SILENT.fix),
        (export(status=CANCELLED, note="Cancelled by ada"), "Cancelled by ada.", "Retry makes it after all."),
        (export(status=CANCELLED, note=None), "Cancelled.", "Retry makes it after all."),
    ],
)
def test_why_it_failed(record: ExportRecord, reason: str, fix: str) -> None:
    failure = failure_of(record, ZONE)
    assert failure is not None
    assert (failure.reason, failure.fix) == (reason, fix)


@pytest.mark.parametrize("record", [export(), open_export(facts=TaskFacts({"failure": SPLIT}, {}))])
def test_what_did_not_fail_has_no_reason(record: ExportRecord) -> None:
    assert failure_of(record, ZONE) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"status": CREATING, "ended_at": None},
        {"status": FAILED},
        {"status": CANCELLED},
        {"facts": left("amazon_s3:bi-exports")},
        {"facts": NOTHING_LEFT},
        {"facts": left("download", extract={})},
    ],
    ids=["creating", "failed", "cancelled", "only in a bucket", "nothing left", "no file"],
)
def test_no_icon_where_there_is_nothing_to_download(rows: Rows, changes: dict[str, Any]) -> None:
    assert rows.row(export()).download is not None
    assert rows.row(export(**changes)).download is None


def test_a_download_among_other_destinations(rows: Rows) -> None:
    assert rows.row(export(facts=left("amazon_s3:bi-exports", "download"))).download is not None


def test_the_icon_goes_when_retention_has_passed(registry: Registry, rows: Rows) -> None:
    kept = timedelta(days=registry.settings.retention_days)
    day = NOON + timedelta(days=1)
    assert rows.row(export(ended_at=day - kept)).download is not None
    assert rows.row(export(ended_at=day - kept - timedelta(seconds=1))).download is None


@pytest.mark.parametrize(
    ("changes", "may", "expected"),
    [
        ({}, (EXPORT, CHANGE_EXPORTS), ["duplicate"]),
        ({}, (), []),
        ({"status": CREATING}, (EXPORT, CHANGE_EXPORTS), ["cancel", "duplicate"]),
        ({"status": CREATING}, (EXPORT,), ["duplicate"]),
        ({"status": CREATING}, (CHANGE_EXPORTS,), ["cancel"]),
        ({"status": FAILED}, (EXPORT, CHANGE_EXPORTS), ["retry", "duplicate"]),
        ({"status": CANCELLED}, (CHANGE_EXPORTS,), ["retry"]),
        ({"status": FAILED}, (CHANGE,), []),
        ({"status": FAILED, "dag": dag(is_stale=True)}, (EXPORT, CHANGE_EXPORTS), ["duplicate"]),
        ({"status": FAILED, "dag": None}, (CHANGE_EXPORTS,), []),
        ({"status": FAILED, "conf": CONF | {"filters": {}}}, (CHANGE_EXPORTS,), []),
    ],
)
def test_what_may_be_done(
    registry: Registry, changes: dict[str, Any], may: tuple[str, ...], expected: list[str]
) -> None:
    assert of(registry, caller(*may), export(**{"conf": CONF, **changes})).actions == expected


def test_a_copy_is_an_export_of_the_type_whatever_may_be_done_with_the_report(registry: Registry) -> None:
    record = export(dag_id=REPORT, status=FAILED)
    assert of(registry, caller(EXPORT, CHANGE_EXPORTS, only=REPORT), record).actions == ["retry"]
    assert of(registry, caller(EXPORT, CHANGE_EXPORTS, only=TYPE), record).actions == ["duplicate"]


@pytest.mark.parametrize(
    ("changes", "report", "origin"),
    [
        ({}, None, "page"),
        ({"run_id": "manual__2026-11-18"}, None, "api"),
        ({"dag_id": REPORT, "dag": dag(tags=("Wallet Transactions", "weekly"))}, ("weekly_credits", "weekly"), "git"),
        ({"dag_id": REPORT, "dag": dag(tags=("daily", "created"))}, ("weekly_credits", "daily"), "page"),
        ({"dag_id": REPORT, "dag": dag()}, ("weekly_credits", "one_time"), "git"),
        ({"dag_id": REPORT, "dag": None}, ("weekly_credits", "one_time"), "git"),
    ],
)
def test_where_it_comes_from(rows: Rows, changes: dict[str, Any], report: tuple[str, str] | None, origin: str) -> None:
    row = rows.row(export(**changes))
    assert ((row.report.id, row.report.frequency) if row.report else None) == report
    assert row.origin == origin


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"dag_id": REPORT}, ("wallet_transactions", "Wallet Transactions")),
        ({"dag_id": REPORT, "dag": dag(tags=("weekly",))}, ("", "")),
        ({"dag_id": "promo_reports.type.gone"}, ("gone", "gone")),
    ],
)
def test_its_report_type(rows: Rows, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    shown = rows.row(export(**changes)).report_type
    assert (shown.id, shown.label) == expected


def test_a_broken_report_type_leaves_the_others_their_names(registry: Registry) -> None:
    (registry.settings.report_types / "user_errors.yaml").write_text("id: [")
    assert Rows.of(registry, ADA).row(export()).report_type.label == "Wallet Transactions"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("2026-11-09", "2026-11-15")),
        ({"facts": NOTHING_LEFT}, None),
        ({"facts": NOTHING_LEFT, "dag_id": REPORT, "data_interval_start": datetime(2026, 11, 2, 5, tzinfo=UTC),
          "data_interval_end": datetime(2026, 11, 3, 5, tzinfo=UTC)}, ("2026-11-02", "2026-11-02")),
        # Whoever starts a run on demand may give it any interval, of which the export makes nothing.
        ({"facts": NOTHING_LEFT, "data_interval_start": datetime(1971, 1, 1, tzinfo=UTC),
          "data_interval_end": datetime(2190, 1, 1, tzinfo=UTC)}, None),
        # A run on demand has an interval without length; its conf says the range.
        ({"facts": NOTHING_LEFT, "data_interval_start": NOON, "data_interval_end": NOON,
          "conf": {"date_range": {"start": "2026-11-01T04:00:00Z", "end": "2026-11-02T05:00:00Z"}}},
         ("2026-11-01", "2026-11-01")),
        ({"facts": NOTHING_LEFT, "conf": {"date_range": "past_week"}}, None),
        ({"facts": NOTHING_LEFT, "conf": {"date_range": {"first": "2026-11-01", "last": "2026-11-02"}}}, None),
        ({"facts": NOTHING_LEFT, "conf": {"date_range": {"start": 1, "end": []}}}, None),
        ({"facts": NOTHING_LEFT, "conf": {"date_range": {"start": "tomorrow", "end": "2026-11-02T05:00:00Z"}}}, None),
        ({"facts": NOTHING_LEFT,
          "conf": {"date_range": {"start": "2026-11-01T00:00:00", "end": "2026-11-02T00:00:00"}}}, None),
        ({"facts": NOTHING_LEFT,
          "conf": {"date_range": {"start": "2026-11-03T00:00:00Z", "end": "2026-11-02T00:00:00Z"}}}, None),
    ],
)  # fmt: skip
def test_its_window_whoever_wrote_its_conf(
    rows: Rows, changes: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    record = export(**changes)
    shown = rows.row(record).window
    assert ((str(shown.first), str(shown.last)) if shown else None) == expected
    assert (window_of(record) is None) == (expected is None)


def test_a_window_that_had_not_settled_is_open(rows: Rows) -> None:
    window = {"start": "2026-11-18T00:00:00-05:00", "end": "2026-11-18T12:00:00-05:00", "open": True}
    shown = rows.row(export(facts=left(extract={"facts": {"rows": 1, "bytes": 2, "window": window}}))).window
    assert shown is not None
    assert shown.open


def test_a_snapshot_is_as_of_an_instant_of_the_account(rows: Rows) -> None:
    facts = left(extract={"facts": {"rows": 3, "bytes": 4, "window": None, "as_of": "2026-11-18T17:00:00+00:00"}})
    row = rows.row(export(facts=facts)).model_dump(mode="json")
    assert (row["window"], row["as_of"]) == (None, "2026-11-18T12:00:00-05:00")


def test_a_clock_that_went_back_gives_no_negative_time(rows: Rows) -> None:
    assert rows.row(export(ended_at=NOON - timedelta(seconds=1))).seconds == 0.0


def test_a_run_that_succeeded_without_delivering_failed(rows: Rows) -> None:
    row = rows.row(failed(state="success"))
    assert (row.status, row.failure) == ("failed", UNDELIVERED)


def test_no_attempt_follows_by_itself_once_it_has_failed(rows: Rows) -> None:
    away = {"reason": "The promo database is away.", "fix": SourceUnavailable.AGAIN, "retryable": True}
    row = rows.row(failed({"failure": away}))
    assert row.failure is not None
    assert (row.failure.reason, row.failure.fix) == ("The promo database is away.", "Retry it.")
