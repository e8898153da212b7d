"""The store as the page's list sees it: nothing is read twice that has not changed, and nothing is taken for less."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.definitions.store.store_cache import LISTED_AGAIN_AFTER, CreatedReports
from promo_reports.definitions.store.stored_reports import StoredReports
from promo_reports.errors import StoreError
from promo_reports.object_stores.directory.file_stamps import RACY_NANOSECONDS
from promo_reports.object_stores.directory.private import PrivateFolder
from promo_reports.object_stores.port import Entry
from tests.support.report_stores import REQUEST, directory_store

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
LATER = AT + timedelta(days=1)


class Told(CreatedReports):
    """The store as the process that writes to it sees it: told of every change."""

    def ids(self) -> frozenset[str]:
        self.changed()
        return super().ids()

    def stopped(self) -> Mapping[str, Marks]:
        self.changed()
        return super().stopped()


@pytest.fixture
def created(registry: Registry) -> CreatedReports:
    return Told(registry.store)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The directories that were listed."""
    found: list[str] = []
    real = PrivateFolder.entries

    def counted(folder: PrivateFolder) -> Sequence[Entry]:
        found.append(folder.path.name)
        return real(folder)

    monkeypatch.setattr(PrivateFolder, "entries", counted)
    return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock shows, in seconds."""
    shows = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: shows[0])
    return shows


def create(registry: Registry, report_id: str, by: str = "ada", at: datetime = AT) -> None:
    registry.create(REQUEST | {"id": report_id}, by=by, at=at)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids whose files were read."""
    found: list[str] = []

    def counted(real: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            found.append(name(*arguments))
            return real(*arguments)

        return call

    monkeypatch.setattr(StoredReports, "read", counted(StoredReports.read, lambda store, key: key))
    monkeypatch.setattr(StoredReports, "marks", counted(StoredReports.marks, lambda store, key: f"marks of {key}"))
    return found


def test_a_store_that_was_never_written_is_empty(created: CreatedReports, registry: Registry) -> None:
    assert (created.ids(), created.stopped(), created.created("a")) == (frozenset(), {}, None)
    assert not registry.settings.store.exists()


def test_ids_follow_the_store(created: CreatedReports, registry: Registry) -> None:
    create(registry, "one")
    assert created.ids() == {"one"}
    create(registry, "two")
    registry.delete("one", at=AT, by="ada")
    assert created.ids() == {"one", "two"}


def unnoticed(registry: Registry, report_id: str) -> None:
    """Another process creates a report within the same instant of the directory's clock."""
    status = (registry.settings.store / "definitions").stat()
    create(registry, report_id)
    os.utime((registry.settings.store / "definitions"), ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_directory_of_another_time_is_listed_at_once(registry: Registry, clock: list[float]) -> None:
    created = CreatedReports(registry.store)
    create(registry, "one")
    assert created.ids() == {"one"}
    create(registry, "two")
    changed = (registry.settings.store / "definitions").stat().st_mtime_ns + 1
    os.utime((registry.settings.store / "definitions"), ns=(changed, changed))
    assert created.ids() == {"one", "two"}


def test_what_this_process_wrote_is_seen_at_once(registry: Registry, clock: list[float]) -> None:
    created = CreatedReports(registry.store)
    create(registry, "one")
    assert (set(created.ids()), created.stopped()) == ({"one"}, {})
    unnoticed(registry, "two")
    status = (registry.settings.store / "state").stat()
    registry.stop("one", at=AT, by="ada")
    os.utime((registry.settings.store / "state"), ns=(status.st_atime_ns, status.st_mtime_ns))
    created.changed()
    assert (set(created.ids()), set(created.stopped())) == ({"one", "two"}, {"one"})


def test_what_others_wrote_in_the_same_instant_is_seen_half_a_second_later(
    registry: Registry, clock: list[float], listed: list[str]
) -> None:
    created = CreatedReports(registry.store)
    create(registry, "one")
    assert created.ids() == {"one"}
    unnoticed(registry, "two")
    clock[0] += LISTED_AGAIN_AFTER - 0.1
    assert [created.ids() for _ in range(20)] == [{"one"}] * 20
    assert listed == ["definitions"]
    clock[0] += 0.1
    assert [created.ids() for _ in range(20)] == [{"one", "two"}] * 20
    assert listed == ["definitions"] * 2


def test_a_directory_that_has_been_left_alone_is_not_listed_again(
    registry: Registry, clock: list[float], listed: list[str]
) -> None:
    created = CreatedReports(registry.store)
    create(registry, "one")
    long_ago = (registry.settings.store / "definitions").stat().st_mtime_ns - 2 * RACY_NANOSECONDS
    for folder in ("definitions", "state"):
        os.utime(registry.settings.store / folder, ns=(long_ago, long_ago))
    for _ in range(5):
        assert created.ids() == {"one"}
        clock[0] += 60
    assert listed == ["definitions"]


def test_nobody_waits_for_a_thread_that_lists(
    registry: Registry, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it found is not taken for the state after a change that was told meanwhile."""
    created = CreatedReports(registry.store)
    create(registry, "one")
    assert created.ids() == {"one"}
    clock[0] += LISTED_AGAIN_AFTER
    begun, goes_on = threading.Event(), threading.Event()

    real = PrivateFolder.entries

    def slow(folder: PrivateFolder) -> Sequence[Entry]:
        found = real(folder)
        begun.set()
        assert goes_on.wait(30)
        return found

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(PrivateFolder, "entries", slow)
        lists = pool.submit(created.ids)
        assert begun.wait(30)
        monkeypatch.setattr(PrivateFolder, "entries", None)
        assert created.ids() == {"one"}
        monkeypatch.setattr(PrivateFolder, "entries", real)
        unnoticed(registry, "two")
        created.changed()
        assert created.ids() == {"one", "two"}
        goes_on.set()
        assert lists.result() == {"one"}
    assert created.ids() == {"one", "two"}


def test_who_created_a_report_and_when(created: CreatedReports, registry: Registry, reads: list[str]) -> None:
    create(registry, "one", by="ada@example.com")
    assert created.created("one") == (AT, "ada@example.com")
    assert created.created("ledger_daily") is None
    assert created.created("../one") is None
    reads.clear()
    assert created.created("one") == (AT, "ada@example.com")
    assert reads == []


@pytest.mark.parametrize(
    "text",
    ["created_at: 2026-13-01\ncreated_by: ada\n", "created_at: []\ncreated_by: ada\n", "id: [", "- a\n", "",
     "created_at: 2026-07-15T14:30:00+00:00\n"],
)  # fmt: skip
def test_a_definition_that_somebody_broke_has_no_creator(
    created: CreatedReports, registry: Registry, text: str
) -> None:
    create(registry, "good")
    (registry.settings.store / "definitions" / "broken.yaml").write_text(text)
    assert created.ids() == {"broken", "good"}
    assert created.created("broken") is None
    assert created.created("good") == (AT, "ada")


def test_stopped_are_those_that_are_stopped_or_deleted_now(created: CreatedReports, registry: Registry) -> None:
    for report_id in ("stopped", "resumed", "deleted", "active"):
        create(registry, report_id)
    registry.stop("stopped", at=AT, by="ada")
    registry.stop("resumed", at=AT, by="ada")
    registry.delete("deleted", at=AT, by="bob")
    registry.stop("ledger_daily", at=AT, by="ada")
    assert set(created.stopped()) == {"stopped", "resumed", "deleted", "ledger_daily"}
    registry.resume("resumed", at=LATER, by="ada")
    stopped = created.stopped()
    assert set(stopped) == {"stopped", "deleted", "ledger_daily"}
    assert stopped["deleted"].deleted_by == "bob"
    assert stopped["stopped"].stops[-1].stopped_by == "ada"


def test_only_what_changed_is_read(created: CreatedReports, registry: Registry, reads: list[str]) -> None:
    for report_id in ("one", "two", "three"):
        create(registry, report_id)
        registry.stop(report_id, at=AT, by="ada")
    reads.clear()
    created.stopped()
    assert sorted(reads) == ["marks of one", "marks of three", "marks of two"]
    reads.clear()
    created.stopped()
    assert reads == []
    registry.resume("two", at=LATER, by="ada")
    reads.clear()
    assert set(created.stopped()) == {"one", "three"}
    assert reads == ["marks of two"]


def test_marks_that_somebody_broke_count_as_stopped_until_they_are_mended(
    created: CreatedReports, registry: Registry
) -> None:
    create(registry, "one")
    registry.stop("one", at=AT, by="ada")
    registry.resume("one", at=LATER, by="ada")
    assert created.stopped() == {}
    path = (registry.settings.store / "state") / "one.yaml"
    good = path.read_text()
    replaced(path, "stops: yes\n")
    assert created.stopped() == {"one": Marks()}
    replaced(path, good)
    assert created.stopped() == {}


def replaced(path: Path, text: str) -> None:
    new = path.with_name(".editing")
    new.write_text(text)
    new.replace(path)


def test_a_store_that_is_away_is_not_an_empty_one(registry: Registry, tmp_path: Path) -> None:
    store = directory_store(tmp_path / "mount")
    store.prepare()
    created = CreatedReports(store)
    shutil.copytree(registry.settings.reports, tmp_path / "mount" / "definitions", dirs_exist_ok=True)
    assert created.ids() == {"ledger_daily"}
    shutil.move(tmp_path / "mount", tmp_path / "elsewhere")
    for read in (created.ids, created.stopped, lambda: created.created("other")):
        with pytest.raises(StoreError, match="has no definitions/ directory"):
            read()
    shutil.move(tmp_path / "elsewhere", tmp_path / "mount")
    assert created.ids() == {"ledger_daily"}


def test_threads_may_ask_at_once(created: CreatedReports, registry: Registry) -> None:
    for number in range(20):
        create(registry, f"report_{number}")
        registry.stop(f"report_{number}", at=AT, by="ada")

    def ask(_: int) -> tuple[int, int, object]:
        return len(created.ids()), len(created.stopped()), created.created("report_7")

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(40))) == {(20, 20, (AT, "ada"))}
