"""The store of created reports in a directory: its modes, links and locks, and what a full disk leaves."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from promo_reports import atomic_files
from promo_reports.atomic_files import create_file, replace_file
from promo_reports.definitions.inputs.yaml_reader import MAX_BYTES
from promo_reports.definitions.store.lifecycle import delete, resume, stop
from promo_reports.definitions.store.stop_marks import Marks, StopMark
from promo_reports.definitions.store.stored_reports import StoredReports
from promo_reports.domain.dates.schedule import Stop
from promo_reports.errors import InvalidInput, StoreError
from tests.support.report_stores import directory_store

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "created"


@pytest.fixture
def store(root: Path) -> StoredReports:
    store = directory_store(root)
    store.prepare()
    return store


def test_directories_and_files_are_private(store: StoredReports, root: Path) -> None:
    store.create("a", "id: a\n")
    stop(store, "a", at=AT, by="ada")
    resume(store, "a", at=AT, by="ada")
    found = [root, *root.rglob("*")]
    modes = {path.relative_to(root).as_posix(): oct(path.stat().st_mode & 0o777) for path in found}
    assert modes == {
        ".": "0o700", ".lock": "0o600", "definitions": "0o700", "definitions/a.yaml": "0o600", "state": "0o700",
        "state/a.yaml": "0o600",
    }  # fmt: skip


def test_of_many_who_create_one_id_one_succeeds_and_its_file_is_whole(store: StoredReports, root: Path) -> None:
    texts = [f"id: a\nname: {'x' * 50_000}{number}\n" for number in range(16)]
    barrier = threading.Barrier(len(texts))

    def create(text: str) -> bool:
        barrier.wait()
        try:
            store.create("a", text)
        except InvalidInput:
            return False
        return True

    with ThreadPoolExecutor(len(texts)) as pool:
        won = list(pool.map(create, texts))
    assert won.count(True) == 1
    assert (root / "definitions" / "a.yaml").read_text() == texts[won.index(True)]
    assert [path.name for path in (root / "definitions").iterdir()] == ["a.yaml"]


def test_stopping_twice_is_one_stop_and_resuming_what_runs_is_nothing(store: StoredReports, root: Path) -> None:
    assert resume(store, "a", at=AT, by="ada") == Marks()
    assert not ((root / "state") / "a.yaml").exists()
    first = stop(store, "a", at=AT, by="ada")
    assert stop(store, "a", at=AT + HOUR, by="bob") == first
    resume(store, "a", at=AT + HOUR, by="bob")
    stop(store, "a", at=AT, by="eve")  # her clock is behind: stops do not overlap
    assert store.marks("a").as_stops() == (Stop(AT, AT + HOUR), Stop(AT + HOUR))
    store.create("a", "id: a\n")
    deleted = delete(store, "a", at=AT + 2 * HOUR, by="ada")
    assert delete(store, "a", at=AT + 3 * HOUR, by="bob") == deleted == store.marks("a")
    assert stop(store, "a", at=AT + 4 * HOUR, by="ada") == deleted
    assert (deleted.deleted_at, deleted.deleted_by, deleted.stopped) == (AT + 2 * HOUR, "ada", True)


def test_a_report_can_be_stopped_any_number_of_times_and_deleted_then(store: StoredReports, root: Path) -> None:
    """A file of the store has at most 64 KiB: the oldest stops make room."""
    one = Marks((StopMark(AT, "ada@example.com", AT, "bob@example.com"),))
    full = Marks(one.stops * (MAX_BYTES // len(one.to_yaml().removeprefix("stops:\n"))))
    ((root / "state") / "a.yaml").write_text(full.to_yaml())
    store.create("a", "id: a\n")
    stopped = stop(store, "a", at=AT + HOUR, by="ada@example.com")
    assert stopped == store.marks("a")
    assert stopped.stops == (*full.stops[-len(stopped.stops) + 1 :], StopMark(AT + HOUR, "ada@example.com"))
    assert len(stopped.stops) > 300
    ((root / "state") / "a.yaml").write_text(full.to_yaml())
    deleted = delete(store, "a", at=AT + HOUR, by="ada@example.com")
    assert deleted == store.marks("a")
    assert deleted.deleted_by == "ada@example.com"


def test_names_that_cannot_be_kept_are_refused_and_change_nothing(store: StoredReports) -> None:
    for name in ("", "a\nb", "a\u202eb", "\ud800"):
        with pytest.raises(InvalidInput):
            stop(store, "a", at=AT, by=name)
    stop(store, "a", at=AT, by="no: [x] #")
    assert store.marks("a").stops[0].stopped_by == "no: [x] #"


def test_instants_need_a_timezone_and_are_kept_in_utc(store: StoredReports, root: Path) -> None:
    with pytest.raises(ValueError, match="needs a timezone"):
        stop(store, "a", at=datetime(2026, 7, 15), by="ada")  # noqa: DTZ001
    stop(store, "a", at=AT.astimezone(timezone(timedelta(hours=5, minutes=30))), by="ada")
    assert "2026-07-15T14:30:00+00:00" in ((root / "state") / "a.yaml").read_text()


def test_a_broken_mark_is_told_and_never_taken_for_running(store: StoredReports, root: Path) -> None:
    ((root / "state") / "a.yaml").write_text("stops:\n- stopped_at: yesterday\n  by: ada\n")
    with pytest.raises(InvalidInput) as told:
        store.marks("a").as_stops()
    assert [str(each).removeprefix(str(root / "state")) for each in told.value.problems] == [
        "/a.yaml:2: stops[0].stopped_at: must be a time with offset like 2026-01-31T00:00:00-05:00, not 'yesterday'",
        "/a.yaml:2: stops[0].stopped_by: is required",
    ]


def test_keys_that_a_later_release_has_added_to_a_mark_are_ignored(store: StoredReports, root: Path) -> None:
    stop(store, "a", at=AT, by="ada")
    known = store.marks("a")
    path = (root / "state") / "a.yaml"
    path.write_text(path.read_text().replace("stopped_by:", "why: [no budget]\n  stopped_by:") + "paused: true\n")
    assert store.marks("a") == known
    resume(store, "a", at=AT + HOUR, by="bob")
    assert store.marks("a").as_stops() == (Stop(AT, AT + HOUR),)


def test_a_store_may_be_missing_only_where_it_is_made_on_first_use(tmp_path: Path) -> None:
    own = directory_store(tmp_path / "created", may_be_missing=True)
    assert not own.exists()
    assert own.marks("a").as_stops() == ()
    stop(own, "a", at=AT, by="ada")
    assert own.exists()
    (tmp_path / "created" / "definitions").rmdir()  # half a store is a fault, wherever it lies
    with pytest.raises(StoreError, match="has no definitions/ directory"):
        own.marks("a").as_stops()
    with pytest.raises(StoreError, match="has no definitions/ directory"):
        stop(directory_store(tmp_path / "mount"), "a", at=AT, by="ada")
    assert not (tmp_path / "mount").exists()


@pytest.mark.parametrize("failing", ["link", "fsync"])
def test_a_full_disk_leaves_no_half_definition(
    store: StoredReports, root: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(StoreError, match="fails: No space left on device"):
        store.create("a", "id: a\n")
    assert list((root / "definitions").iterdir()) == []


def test_a_failed_replacement_keeps_the_old_file(
    store: StoredReports, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop(store, "a", at=AT, by="ada")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError):
        resume(store, "a", at=AT, by="ada")
    monkeypatch.undo()
    assert store.marks("a").as_stops() == (Stop(AT),)
    assert [path.name for path in (root / "state").iterdir()] == ["a.yaml"]


def test_what_a_killed_writer_left_behind_is_removed_later(tmp_path: Path) -> None:
    old, young = tmp_path / ".new-old", tmp_path / ".new-young"
    for path in (old, young):
        path.write_text("half")
    long_ago = old.stat().st_mtime - atomic_files.LEFT_BEHIND_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    create_file(tmp_path / "a.yaml", "a")
    replace_file(tmp_path / "a.yaml", "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".new-young", "a.yaml"]
    assert (tmp_path / "a.yaml").read_text() == "b"


def test_refusals_name_the_id(store: StoredReports, problems: Callable[[Callable[[], object]], list[str]]) -> None:
    assert problems(lambda: delete(store, "a", at=AT, by="ada")) == [
        "request: id: 'a' is not a created report; a definition in git is deleted in git"
    ]
