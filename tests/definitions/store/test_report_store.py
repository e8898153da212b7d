"""What every store of created reports keeps, in a directory as in an object store, for several hosts at once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from devstack.s3 import S3Server
from promo_reports.definitions.registry import Registry
from promo_reports.definitions.store import idempotency_keys, lifecycle, stored_reports
from promo_reports.definitions.store.idempotency_keys import Request
from promo_reports.definitions.store.report_store import ReportStore
from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.definitions.store.store_cache import CreatedReports
from promo_reports.domain.account import Bucket
from promo_reports.domain.dates.schedule import Stop
from promo_reports.errors import Conflict, InvalidInput, StoreError
from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
from promo_reports.object_stores.directory import private
from promo_reports.object_stores.small_folders import SmallFolder, watch
from promo_reports.settings import Settings
from tests.support.delivery import memory_destination
from tests.support.report_stores import REQUEST, directory_store, object_store

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
BODY: dict[str, Any] = {"name": "June audit", "delivery": ["download"]}
Hosts = Callable[[], ReportStore]
T = TypeVar("T")


@pytest.fixture(params=["directory", "memory", "s3"])
def host(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """Opens one and the same store, which nobody has made yet, as each of several hosts does."""
    if request.param == "directory":
        return lambda: directory_store(tmp_path / "created")
    monkeypatch.setattr(watch, "ASKED_AGAIN_AFTER", 0.0)
    numbers = itertools.count()  # which threads may ask at once
    if request.param == "memory":
        memory_destination.register(monkeypatch, "created")
        place = Bucket(memory_destination.KEY, "created", "none", "prefix")
        return lambda: object_store(memory_destination.memory_store(place), tmp_path / f"host {next(numbers)}")
    server: S3Server = request.getfixturevalue("s3")
    bucket = request.getfixturevalue("bucket")
    return lambda: object_store(
        AmazonS3Store("test_s3", bucket, "prefix", client=server.client), tmp_path / f"host {next(numbers)}"
    )


@pytest.fixture
def store(host: Hosts) -> ReportStore:
    """The store of one host, made."""
    store = host()
    store.prepare()
    return store


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """What each of so many threads returns that begin at one time."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> T:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_a_store_that_is_not_there_is_not_an_empty_one(host: Hosts) -> None:
    store = host()
    for ask in (
        store.exists,
        store.entries,
        store.mark_stamps,
        lambda: store.marks("a"),
        lambda: store.create("a", "id: a\n"),
        lambda: lifecycle.stop(store, "a", at=AT, by="ada"),
        lambda: store.claim("key", BODY, by="ada", at=AT),
    ):
        with pytest.raises(StoreError, match=r"The store of created reports at .* has no .*Mount it"):
            ask()
    store.prepare()
    host().prepare()
    assert (store.exists(), store.entries(), store.mark_stamps(), store.marks("a")) == (True, (), {}, Marks())


@pytest.mark.parametrize("report_id", ["..", "../a", "a/b", "A", "", "a\n", "a\x00", "%2e%2e", "x" * 101])
def test_only_ids_become_names(store: ReportStore, report_id: str) -> None:
    for call in (
        lambda: store.create(report_id, "x"),
        lambda: store.read(report_id),
        lambda: store.entry(report_id),
        lambda: store.marks(report_id),
        lambda: lifecycle.stop(store, report_id, at=AT, by="ada"),
        lambda: lifecycle.delete(store, report_id, at=AT, by="ada"),
    ):
        with pytest.raises(InvalidInput, match="is not an id"):
            call()


def test_a_definition_is_kept_once_and_for_ever(host: Hosts, store: ReportStore) -> None:
    store.create("a", "id: a\n")
    lifecycle.delete(store, "a", at=AT, by="ada")
    with pytest.raises(InvalidInput, match="'a' is the id of a created report already"):
        host().create("a", "id: b\n")
    assert host().read("a").mapping() == {"id": "a"}
    (entry,) = host().entries()
    assert entry == host().entry("a")
    assert (entry.key, entry.name, entry.shown, entry.stamp != "") == ("a", "a.yaml", "definitions/a.yaml", True)
    assert store.entry("b") is None
    with pytest.raises(InvalidInput, match="there is no such file"):
        store.read("b").mapping()


def test_of_several_who_create_one_id_at_once_one_succeeds(host: Hosts, store: ReportStore) -> None:
    texts = [f"id: a\nname: {'x' * 50_000}{number}\n" for number in range(6)]

    def create(number: int) -> bool:
        try:
            host().create("a", texts[number])
        except InvalidInput:
            return False
        return True

    won = at_once(len(texts), create)
    assert won.count(True) == 1
    assert store.read("a").mapping()["name"].endswith(str(won.index(True)))
    assert [each.key for each in store.entries()] == ["a"]


def test_no_change_of_marks_is_lost_to_another_at_the_same_time(host: Hosts, store: ReportStore) -> None:
    """Stopped and resumed by several hosts that have all read what was there before any of them."""
    have_read = threading.Barrier(4)

    def stop_and_resume(number: int) -> Marks:
        waits = [True]

        def change(marks: Marks) -> Marks:
            if waits:
                waits.clear()
                have_read.wait()
            by = f"person {number}"
            return marks.with_stop(AT, by).with_resume(AT, by)

        return host().change_marks("a", change)

    at_once(4, stop_and_resume)
    assert sorted(each.stopped_by for each in store.marks("a").stops) == [f"person {number}" for number in range(4)]


@pytest.mark.parametrize("first", ["stop", "deletion"])
def test_a_deletion_is_not_lost_to_a_stop(host: Hosts, store: ReportStore, first: str) -> None:
    store.create("a", "id: a\n")
    done: list[Marks] = []

    def stopped(marks: Marks) -> Marks:
        if not done and first == "deletion":
            done.append(lifecycle.delete(host(), "a", at=AT, by="bob"))
        return marks.with_stop(AT, "ada")

    def deleted(marks: Marks) -> Marks:
        if not done and first == "stop":
            done.append(lifecycle.stop(host(), "a", at=AT, by="ada"))
        return marks.with_deletion(AT, "bob")

    store.change_marks("a", stopped if first == "deletion" else deleted)
    assert store.marks("a").deleted_by == "bob"
    assert bool(store.marks("a").stops) is (first == "stop")


def test_marks_that_others_replace_again_and_again(
    store: ReportStore, host: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_reports, "MOST_TRIES", 10)
    others = host()

    def change(marks: Marks) -> Marks:
        others.change_marks("a", lambda other: other.with_stop(AT, "bob").with_resume(AT, "bob"))
        return marks.with_stop(AT, "ada")

    with pytest.raises(StoreError, match="being replaced by others") as refused:
        store.change_marks("a", change)
    assert refused.value.retryable
    assert {each.stopped_by for each in store.marks("a").stops} == {"bob"}


def test_a_change_that_changes_nothing_writes_nothing(host: Hosts, store: ReportStore) -> None:
    assert lifecycle.resume(store, "a", at=AT, by="ada") == Marks()
    assert store.mark_stamps() == {}
    lifecycle.stop(store, "a", at=AT, by="ada")
    before = store.mark_stamps()
    lifecycle.stop(host(), "a", at=AT + HOUR, by="bob")
    assert store.mark_stamps() == before
    assert store.marks("a").as_stops() == (Stop(AT),)


def test_a_revision_differs_after_every_change_and_the_contents_too(host: Hosts, store: ReportStore) -> None:
    seen, contents = [host().revision()], [store.contents()]
    for change in (
        lambda: store.create("a", "id: a\n"),
        lambda: lifecycle.stop(store, "a", at=AT, by="ada"),
        lambda: lifecycle.resume(store, "a", at=AT, by="ada"),
        lambda: store.create("b", "id: b\n"),
    ):
        change()
        assert host().revision() not in seen
        assert store.contents() not in contents
        assert store.contents() == host().contents()
        seen.append(host().revision())
        contents.append(store.contents())


class Killed(BaseException):
    """What ends a process in the middle of its work."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_of_a_creator_that_is_killed_a_whole_report_is_left_or_nothing(
    host: Hosts, store: ReportStore, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """No step that matters follows the entry: whoever lists the store sees it."""
    before = host().revision()
    with monkeypatch.context() as patch:
        for folder in (private.PrivateFolder, SmallFolder):
            patch.setattr(folder, "put", _killed(folder.put, when))
        with pytest.raises(Killed):
            store.create("a", "id: a\n")
    left = ["a"] if when == "after" else []
    assert [each.key for each in host().entries()] == left
    if left:
        assert host().revision() != before
        assert CreatedReports(host()).ids() == {"a"}
        assert host().read("a").mapping() == {"id": "a"}
    else:
        host().create("a", "id: a\n")


def _killed(put: Callable[..., None], when: str) -> Callable[..., None]:
    def call(*arguments: Any, **named: Any) -> None:
        if when == "after":
            put(*arguments, **named)
        raise Killed

    return call


def test_a_key_that_two_hosts_claim_at_once_is_one_request(host: Hosts, store: ReportStore) -> None:
    instants = [AT + timedelta(seconds=number) for number in range(4)]
    free = store.look_up("key", BODY, by="ada", at=AT)
    answers = set(at_once(4, lambda number: host().claim("key", BODY, by="ada", at=instants[number])))
    assert len(answers) == 1
    request = answers.pop()
    assert request.at in instants
    assert (request == free) is (request.at == AT)
    assert store.look_up("key", BODY, by="ada", at=AT + HOUR) == request
    assert store.claim("key", BODY, by="bob", at=AT).token != request.token


def test_of_two_bodies_that_two_hosts_send_at_once_one_is_refused(host: Hosts, store: ReportStore) -> None:
    def claim(number: int) -> Request | None:
        try:
            return host().claim("key", BODY | {"name": f"Audit {number}"}, by="ada", at=AT)
        except Conflict:
            return None

    assert len([each for each in at_once(4, claim) if each is not None]) == 1
    with pytest.raises(Conflict):
        store.look_up("key", BODY, by="ada", at=AT)


def test_old_keys_are_forgotten_and_young_ones_not(
    host: Hosts, store: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.claim("key", BODY, by="ada", at=AT)
    store.claim("other", BODY, by="ada", at=AT)
    assert host().claim("key", BODY, by="ada", at=AT + HOUR) == first
    with monkeypatch.context() as patch:
        patch.setattr(idempotency_keys, "SWEPT", timedelta(days=-1))
        host().claim("key", BODY, by="ada", at=AT + HOUR)
        assert store.look_up("key", BODY, by="ada", at=AT + HOUR) == first
        patch.setattr(idempotency_keys, "KEPT", timedelta(days=-1))
        host().claim("other", BODY, by="ada", at=AT)
    assert store.look_up("key", BODY, by="ada", at=AT + HOUR).at == AT + HOUR


def test_a_registry_works_on_any_store(host: Hosts, registry: Registry) -> None:
    """Created by one host, seen by another, stopped by a third."""

    def project() -> Registry:
        return Registry(registry.settings, host())

    project().store.prepare()
    other = project()
    cache = CreatedReports(other.store)
    seen, looks = other.generation(), other.look_at_reports()
    assert cache.ids() == frozenset()
    made = project().create(REQUEST | {"id": "nightly"}, by="ada@example.com", at=AT)
    cache.changed()
    assert other.generation() != seen
    assert other.look_at_reports() != looks
    assert other.definition("nightly") == made
    assert {each.source.key: each.error for each in other.check_all()} == {"ledger_daily": None, "nightly": None}
    assert cache.created("nightly") == (AT, "ada@example.com")
    project().stop("nightly", at=AT, by="bob")
    cache.changed()
    assert cache.stopped()["nightly"].stops[-1].stopped_by == "bob"
    assert other.definition("nightly").stopped_since == AT
    assert not (registry.settings.store).exists()


def test_a_store_is_that_of_the_settings(registry: Registry) -> None:
    def address(**named: Any) -> str:
        return Registry(Settings(home=registry.settings.home, **named)).store.address

    assert address(store_dir=Path("/mnt/created")) == "/mnt/created"
    assert address(store_bucket="s3://promo/created/", store_connection="store_s3") == "s3://promo/created"
