"""What counts as delivered is what the deliveries of this attempt have delivered, whatever was cleared and marked."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session  # noqa: TID253 - nothing is parsed here

from promo_reports.definitions.registry import Registry
from promo_reports.domain.export_status import ExportStatus
from promo_reports.domain.manifest import ExportFile
from promo_reports.web.exports.failures import UNDELIVERED
from promo_reports.web.exports.models import ExportRow
from promo_reports.web.exports.rows import Rows as RowsOfPage
from promo_reports.web.queries.exports import list_exports, one_export
from promo_reports.web.queries.filters import EVERYTHING, ExportQuery
from promo_reports.web.queries.records import ExportRecord
from promo_reports.web.queries.task_facts import facts_of_export
from tests.support.airflow.rows import NOON, Rows
from tests.support.manifest import MANIFEST
from tests.support.web.callers import caller

BEFORE, NOW, OTHER = "b" * 64, "a" * 64, "c" * 64
DOWNLOAD, BUCKET = "download", "amazon_s3:bi-exports"


class Run:
    """One run of a report's DAG, as Airflow and its tasks leave it."""

    def __init__(self, rows: Rows, session: Session, state: str = "success") -> None:
        self.rows, self.session = rows, session
        self.dag_id = rows.report("once", "Once")
        self.id = rows.run(self.dag_id, state, run_id="manual__x", delivered=False, end_date=NOON)

    def extracted(self, sha256: str | None, state: str = "success", **facts: Any) -> None:
        self.rows.task(self.dag_id, "manual__x", "extract", state=state)
        file = {"name": "once-aaaaaaaa.csv", "bytes": 9} | ({"sha256": sha256} if sha256 else {})
        self.rows.fact(self.id, "extract", "facts", {"rows": 3446, "bytes": 9, "file": file, **facts})
        files = (ExportFile("once-aaaaaaaa.csv", 3446, 9, sha256 or NOW),)
        self.rows.fact(self.id, "extract", "manifest", json.loads(replace(MANIFEST, files=files).to_json()))

    def delivered(self, index: int, to: str, sha256: str | None, state: str | None = "success") -> None:
        self.rows.task(self.dag_id, "manual__x", "deliver", index, state=state)
        self.left(index, to, sha256)

    def left(self, index: int, to: str, sha256: str | None) -> None:
        value = {"destination": to, "manifest": "m"} | ({"sha256": sha256} if sha256 else {})
        self.rows.fact(self.id, "deliver", "delivered", value, index)

    def record(self) -> ExportRecord:
        """The export, which the list and its own page must tell alike."""
        found = one_export(self.session, self.id)
        assert found is not None
        assert list_exports(self.session, ExportQuery(), EVERYTHING).items == (found,)
        assert facts_of_export(self.session, self.id).deliveries == found.facts.deliveries
        return found


@pytest.fixture
def run(rows: Rows, session: Session) -> Run:
    return Run(rows, session)


def shown(registry: Registry, record: ExportRecord, monkeypatch: pytest.MonkeyPatch) -> ExportRow:
    monkeypatch.setattr("promo_reports.web.exports.rows.now", lambda: NOON)
    return RowsOfPage.of(registry, caller()).row(record)


def test_a_delivery_that_its_definition_has_lost_offers_no_download(
    run: Run, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git report lost `download`, gained rows and was cleared: Airflow has removed the second delivery."""
    run.extracted(NOW)
    run.delivered(0, BUCKET, NOW)
    run.delivered(1, DOWNLOAD, BEFORE, "removed")
    record = run.record()
    assert [each["destination"] for each in record.facts.delivered] == [BUCKET]
    row = shown(registry, record, monkeypatch)
    assert (row.status, row.rows, row.download) == ("created", 3446, None)


@pytest.mark.parametrize("state", [None, "failed", "upstream_failed", "skipped", "removed", "up_for_retry", "running"])
def test_what_an_earlier_attempt_delivered_does_not_count(run: Run, state: str | None) -> None:
    run.extracted(NOW)
    run.delivered(0, BUCKET, NOW)
    run.delivered(1, DOWNLOAD, BEFORE, state)
    assert [each["destination"] for each in run.record().facts.delivered] == [BUCKET]


def test_a_delivery_that_somebody_marked_has_not_delivered_the_file_of_this_attempt(
    run: Run, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.extracted(NOW)
    run.delivered(0, DOWNLOAD, BEFORE)
    record = run.record()
    assert (record.status, record.facts.delivered) == (ExportStatus.FAILED, ())
    row = shown(registry, record, monkeypatch)
    assert (row.status, row.download, row.failure) == ("failed", None, UNDELIVERED)


@pytest.mark.parametrize(("first", "second", "there"), [(NOW, OTHER, 2), (OTHER, NOW, 0), (NOW, BEFORE, 1)])
def test_each_delivery_has_the_file_that_was_made_for_it(run: Run, first: str, second: str, there: int) -> None:
    run.extracted(NOW, delivers=[NOW, OTHER])
    run.delivered(0, DOWNLOAD, first)
    run.delivered(1, BUCKET, second)
    assert len(run.record().facts.delivered) == there


@pytest.mark.parametrize(("made", "sent"), [(None, None), (NOW, None), (None, NOW), (NOW, NOW)])
def test_what_the_release_before_left_has_no_hashes(
    run: Run, registry: Registry, made: str | None, sent: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.extracted(made)
    run.delivered(0, DOWNLOAD, sent)
    record = run.record()
    assert record.status is ExportStatus.CREATED
    assert shown(registry, record, monkeypatch).download is not None


def test_the_last_run_that_airflow_keeps_without_its_tasks_stays_created(run: Run, rows: Rows) -> None:
    """`airflow db clean` keeps a DAG's last run, and removes its old task instances."""
    rows.fact(run.id, "extract", "facts", {"rows": 1, "bytes": 9, "file": {"name": "f.csv", "bytes": 9}})
    run.left(0, DOWNLOAD, NOW)
    assert (run.record().status, len(run.record().facts.delivered)) == (ExportStatus.CREATED, 1)


def test_keys_that_a_later_release_has_added_are_ignored(run: Run, rows: Rows) -> None:
    rows.task(run.dag_id, "manual__x", "deliver", 0, state="success")
    later: dict[str, Any] = {"new": [1], "rows": 3, "bytes": 9, "file": {"name": "f.csv", "bytes": 9, "new": 1}}
    rows.fact(run.id, "extract", "facts", later)
    manifest = json.loads(MANIFEST.to_json())
    rows.fact(run.id, "extract", "manifest", manifest | {"new": 1, "files": [manifest["files"][0] | {"new": {}}]})
    rows.fact(run.id, "deliver", "delivered", {"destination": DOWNLOAD, "manifest": "m", "new": None}, 0)
    record = run.record()
    assert (record.facts.extract["facts"]["rows"], len(record.facts.delivered)) == (3, 1)
    assert facts_of_export(run.session, run.id).extract["manifest"]["rows"] == 3
