"""What a task leaves of its run, through Airflow's own conversation between a task and its supervisor."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import Any

import pytest

from promo_reports.errors import NotRecorded
from promo_reports.orchestration import task_state as run_facts
from promo_reports.orchestration.task_state import TaskStateWriter
from tests.support.airflow.supervisor import Supervisor
from tests.support.manifest import MANIFEST, WINDOW


class Stopped(Exception):
    """What a signal's handler raises."""


def unanswered(supervisor: Supervisor) -> threading.Event:
    """Hold every answer until the event is set."""
    go = threading.Event()

    def wait(_: Any) -> None:
        assert go.wait(30)

    supervisor.before = wait
    return go


def test_an_attempt_begins_by_removing_what_an_earlier_one_left(supervisor: Supervisor) -> None:
    supervisor.kept.update(failure={"reason": "r"}, facts={"rows": 1})
    with TaskStateWriter(supervisor.store):
        assert supervisor.kept == {}


def test_a_staged_export(supervisor: Supervisor) -> None:
    with TaskStateWriter(supervisor.store) as facts:
        facts.staged(MANIFEST, [MANIFEST])
        assert supervisor.kept == {
            "facts": {
                "rows": 3,
                "bytes": 321,
                "window": WINDOW,
                "as_of": None,
                "file": {"name": "weekly_credits-12345678.csv", "bytes": 321, "sha256": "1" * 64},
                "delivers": ["1" * 64],
            },
            "manifest": json.loads(MANIFEST.to_json()),
        }


def test_a_delivered_export(supervisor: Supervisor) -> None:
    with TaskStateWriter(supervisor.store) as facts:
        facts.delivered("amazon_s3:bi-exports/a", MANIFEST, "s3://bi-exports/a/manifest.json", ("s3://bi-exports/a/f",))
    assert supervisor.kept["delivered"] == {
        "destination": "amazon_s3:bi-exports/a",
        "manifest": "s3://bi-exports/a/manifest.json",
        "files": ["s3://bi-exports/a/f"],
        "folder": "20261109T050000Z_20261116T050000Z",
        "sha256": "1" * 64,
        "facts": {
            "rows": 3,
            "bytes": 321,
            "window": WINDOW,
            "as_of": None,
            "file": {"name": "weekly_credits-12345678.csv", "bytes": 321, "sha256": "1" * 64},
        },
        "again": False,
    }
    assert supervisor.kept["manifest"] == json.loads(MANIFEST.to_json())


def test_a_delivery_keeps_what_it_delivered_before_until_it_has_delivered_again(supervisor: Supervisor) -> None:
    before = {"destination": "download", "manifest": "file:///m"}
    supervisor.kept.update(failure={"reason": "r"}, delivered=before, manifest={"rows": 1})
    with TaskStateWriter(supervisor.store, delivers=True) as facts:
        assert supervisor.kept == {"delivered": before, "manifest": {"rows": 1}}
        facts.failed("Error", "Reason.", "Fix.", retryable=True)
        assert supervisor.kept["delivered"] == before
        facts.delivered("download", MANIFEST, "file:///n", ())
    assert (supervisor.kept["delivered"]["manifest"], supervisor.kept["delivered"]["again"]) == ("file:///n", True)
    assert supervisor.kept["manifest"] == json.loads(MANIFEST.to_json())


def test_what_is_left_stays_as_long_as_its_run(supervisor: Supervisor) -> None:
    with TaskStateWriter(supervisor.store) as facts:
        facts.failed("Error", "Reason.", "Fix.", retryable=True)
    assert supervisor.kept == {"failure": {"error": "Error", "reason": "Reason.", "fix": "Fix.", "retryable": True}}
    assert supervisor.asked[-1]["expires_at"] is None


def test_of_progress_the_first_and_the_last_are_written_and_few_between(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_facts, "_SECONDS_BETWEEN_PROGRESS", 3600.0)
    with TaskStateWriter(supervisor.store) as facts:
        for written in range(5):
            facts.progress(written, 4)
            facts.failed("Error", "", "", retryable=False)  # is written after it
    noted = [each["value"] for each in supervisor.asked if each.get("key") == "progress"]
    assert noted == [{"written": 0, "counted": 4}, {"written": 4, "counted": 4}]


def test_progress_goes_on_after_a_while(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_facts, "_SECONDS_BETWEEN_PROGRESS", 0.0)
    with TaskStateWriter(supervisor.store) as facts:
        for written in range(3):
            facts.progress(written, 10)
            facts.failed("Error", "", "", retryable=False)
    assert [each["value"]["written"] for each in supervisor.asked if each.get("key") == "progress"] == [0, 1, 2]


def test_progress_waits_for_nobody(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_facts, "_SECONDS_BETWEEN_PROGRESS", 0.0)
    with TaskStateWriter(supervisor.store) as facts:
        go = unanswered(supervisor)
        for written in range(1000):
            facts.progress(written, 10_000)
        go.set()
        facts.failed("Error", "", "", retryable=False)
    assert sum(each.get("key") == "progress" for each in supervisor.asked) == 1


def test_what_cannot_be_written_is_logged_once_and_fails_nothing(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_: Any) -> None:
        raise OSError("the api-server is away")

    supervisor.before = away
    with TaskStateWriter(supervisor.store) as facts:
        facts.progress(0, 10)
        facts.progress(10, 10)
        facts.staged(MANIFEST, [MANIFEST])
    (warning,) = caplog.records
    assert "the api-server is away" in warning.getMessage()
    assert sum(each.get("key") == "progress" for each in supervisor.asked) == 0
    assert {each.get("key") for each in supervisor.asked} == {None, "facts", "manifest"}


def test_an_outage_that_is_over_costs_nothing_but_progress(supervisor: Supervisor) -> None:
    def away(asked: Any) -> None:
        if asked.get("key") == "progress":
            raise OSError

    supervisor.before = away
    with TaskStateWriter(supervisor.store) as facts:
        facts.progress(0, 10)
        facts.staged(MANIFEST, [MANIFEST])
    assert set(supervisor.kept) == {"facts", "manifest"}


def test_a_delivery_that_cannot_be_noted_is_tried_again(supervisor: Supervisor) -> None:
    def away(_: Any) -> None:
        raise OSError("the api-server is away")

    supervisor.before = away
    with (
        TaskStateWriter(supervisor.store) as facts,
        pytest.raises(NotRecorded, match="did not record it") as raised,
    ):
        facts.delivered("download", MANIFEST, "file:///manifest.json", ())
    assert raised.value.retryable


def test_a_delivery_without_a_thread_to_note_it_is_tried_again(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    with TaskStateWriter(supervisor.store) as facts, pytest.raises(NotRecorded, match="RuntimeError"):
        facts.delivered("download", MANIFEST, "file:///manifest.json", ())


def test_nobody_waits_for_ever_for_what_an_export_can_do_without(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(run_facts, "_PATIENCE", 0.05)
    go = unanswered(supervisor)
    with TaskStateWriter(supervisor.store) as facts:
        facts.staged(MANIFEST, [MANIFEST])
        go.set()
        facts.delivered("download", MANIFEST, "file:///manifest.json", ())  # waits for its answer
    assert set(supervisor.kept) == {"facts", "manifest", "delivered"}
    (warning,) = caplog.records
    assert "no answer within 0.05 s" in warning.getMessage()


def test_no_thread_is_no_failure(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    with TaskStateWriter(supervisor.store) as facts:
        facts.progress(0, 10)
        facts.failed("Error", "", "", retryable=False)
    assert "can't start new thread" in caplog.text


def test_a_signal_ends_the_wait_and_leaves_the_conversation_whole(supervisor: Supervisor) -> None:
    """Interrupted while it reads an answer, Airflow would take that answer for the one to its next question."""

    told = threading.Event()
    go = threading.Event()

    def stop(*_: Any) -> None:
        if not told.is_set():
            told.set()
            raise Stopped

    def interrupt(_: Any) -> None:
        while not told.wait(0.01):  # a signal that comes just before the wait does not end it
            os.kill(os.getpid(), signal.SIGUSR1)
        assert go.wait(30)

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        with TaskStateWriter(supervisor.store) as facts:
            supervisor.before = interrupt
            with pytest.raises(Stopped):
                facts.staged(MANIFEST, [MANIFEST])
            go.set()
            facts.failed("Error", "Stopped.", "", retryable=True)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert supervisor.store.get("failure") == {"error": "Error", "reason": "Stopped.", "fix": "", "retryable": True}
