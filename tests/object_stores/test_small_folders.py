"""Folders of small objects as hosts see them: what a look for changes costs, who sees what when, and outages."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from devstack.s3 import S3Server
from promo_reports.domain.account import Bucket
from promo_reports.errors import DestinationUnavailable
from promo_reports.object_stores.amazon_s3 import errors
from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
from promo_reports.object_stores.bucket_access import BucketAccess
from promo_reports.object_stores.port import Incomplete, LostRace, Stored
from promo_reports.object_stores.small_folders import SmallFolder, SmallFolders, watch
from promo_reports.object_stores.small_folders.local_copy import LocalCopy
from tests.support.delivery import memory_destination
from tests.support.report_stores import Clock, FlakyStore

POLL = ["get .revision"]
LISTING = ["entries definitions/", "entries state/"]
Hosts = Callable[[str], SmallFolders]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still."""
    return Clock(monkeypatch)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FlakyStore:
    """A bucket in memory, whose requests are noted."""
    memory_destination.register(monkeypatch, "created")
    return FlakyStore(memory_destination.memory_store(Bucket(memory_destination.KEY, "created", "none", "a/b")))


@pytest.fixture
def host(store: FlakyStore, tmp_path: Path) -> Hosts:
    """Opens the folders as a process of a host does; each host has a copy of its own."""

    def opened(name: str) -> SmallFolders:
        copy = tmp_path / name / "copy"
        return SmallFolders(store, ("definitions", "state"), address="memory://created", copy=copy)

    opened("first").prepare()
    store.requests.clear()
    return opened


def definitions(folders: SmallFolders) -> SmallFolder:
    return folders.watched("definitions")


def names(folders: SmallFolders) -> list[str]:
    return [each.name for each in definitions(folders).entries() if each.name != watch.MARKER]


def test_a_look_at_what_has_not_changed_is_one_request(host: Hosts, store: FlakyStore, clock: Clock) -> None:
    """However many there are, of a process that has just started, too; within a second there is none."""
    writer = host("writer")
    for number in range(50):
        definitions(writer).put(f"{number}.yaml", b"id: a", replacing=None)
    reader = host("reader")
    seen = definitions(reader).revision()
    store.requests.clear()
    for _ in range(3):
        clock.now += 5
        process = host("reader")
        for looks in (reader, process):
            assert looks.exist()
            assert (definitions(looks).revision(), definitions(looks).contents()) == (seen, seen)
            assert looks.watched("state").contents() == looks.watched("state").revision()
            assert len(names(looks)) == 50
    assert store.requests == POLL * 6


def test_a_change_is_listed_once_and_only_what_changed_is_read(host: Hosts, store: FlakyStore, clock: Clock) -> None:
    writer, reader = host("writer"), host("reader")
    for name in ("a", "b", "c"):
        definitions(writer).put(name, name.encode(), replacing=None)
    reader.fetch()
    before = definitions(reader).revision()
    definitions(writer).put("d", b"d", replacing=None)
    b = definitions(writer).recent("b")
    assert b is not None
    definitions(writer).put("b", b"b2", replacing=b.tag)
    clock.now += 2
    store.requests.clear()
    assert definitions(reader).revision() != before
    assert store.requests == POLL + LISTING
    store.requests.clear()
    reader.fetch()
    assert sorted(store.requests) == ["get definitions/b", "get definitions/d"]
    store.requests.clear()
    found = {each: definitions(reader).recent(each) for each in "abcd"}
    assert {name: each.content for name, each in found.items() if each} == {"a": b"a", "b": b"b2", "c": b"c", "d": b"d"}
    assert definitions(reader).recent("e") is None
    assert store.requests == []


def test_what_a_host_has_written_it_sees_at_once_without_a_listing(
    host: Hosts, store: FlakyStore, clock: Clock
) -> None:
    folder = definitions(host("host"))
    seen = [folder.revision()]
    store.requests.clear()
    folder.put("a", b"one", replacing=None)
    seen.append(folder.revision())
    found = folder.recent("a")
    assert found is not None
    assert found.content == b"one"
    assert folder.stamp("a") == found.tag
    folder.put("a", b"two", replacing=found.tag)
    again: Stored | None = None
    other = definitions(host("host"))  # another process of the host
    for each in (folder, other):
        again = each.recent("a")
        assert again is not None
        assert (again.content, each.stamp("a")) == (b"two", again.tag)
        seen.append(each.revision())
    with pytest.raises(LostRace):
        folder.put("a", b"three", replacing=found.tag)
    assert again is not None
    folder.discard("a", stamp=again.tag)
    assert (folder.recent("a"), folder.stamp("a")) == (None, "")
    assert len({*seen, folder.revision()}) == 3, "what is there again as it was has the revision that it had"
    assert not [each for each in store.requests if each.startswith("entries")]


def test_hosts_agree_on_revisions_and_contents(host: Hosts, clock: Clock) -> None:
    one, two = definitions(host("one")), definitions(host("two"))
    for number, writer in enumerate((one, two, one)):
        writer.put(f"{number}", b"x", replacing=None)
        clock.now += 2
        assert one.revision() == two.revision()
        assert one.contents() == two.contents()


def test_the_change_of_a_writer_that_died_is_seen_by_all_within_five_minutes(
    host: Hosts, store: FlakyStore, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever lists first puts a new revision, so that the others learn of it by their next poll."""
    lists, polls = host("dag-processor"), host("worker")
    seen = definitions(lists).contents(), definitions(polls).revision()
    with monkeypatch.context() as patch:
        patch.setattr(watch.Watch, "announce", lambda _: None)
        definitions(host("api-server")).put("a", b"id: a", replacing=None)
    clock.now += watch.LISTED_AGAIN_AFTER - 1
    assert (definitions(lists).contents(), definitions(polls).revision()) == seen
    clock.now += 1
    with caplog.at_level(logging.WARNING):
        assert definitions(lists).contents() != seen[0]
    assert "a writer has died" in caplog.text
    clock.now += 2
    store.requests.clear()
    assert definitions(polls).revision() != seen[1]
    assert store.requests == POLL + LISTING
    assert names(polls) == ["a"]
    store.requests.clear()
    clock.now += watch.LISTED_AGAIN_AFTER
    assert definitions(lists).contents() == definitions(polls).revision()
    assert store.requests.count("entries definitions/") == 1, "a task start does not list because time has passed"
    assert "put .revision" not in store.requests


def test_what_is_known_is_known_while_the_store_is_away(
    host: Hosts, store: FlakyStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    definitions(host("writer")).put("a", b"id: a", replacing=None)
    before = host("reader")
    before.fetch()
    store.away = DestinationUnavailable("Bucket 'created' cannot be reached.")
    clock.now += 2
    store.requests.clear()
    for folders in (before, host("reader")):
        folder = definitions(folders)
        assert (folders.copied(), folders.exist()) == (True, True)
        for ask in (folder.revision, folder.contents, folders.fetch):
            with pytest.raises(DestinationUnavailable, match="cannot be reached"):
                ask()
        assert names(folders) == ["a"]
        found = folder.recent("a")
        assert found is not None
        assert (found.content, folder.stamp("a"), folder.recent("b")) == (b"id: a", found.tag, None)
    assert store.requests.count("get .revision") == 2, "it is not asked again and again"
    assert "taken as it was when it last answered" in caplog.text
    for name in ("a", "b"):
        with pytest.raises(DestinationUnavailable):
            definitions(before).put(name, b"new", replacing=None)
    assert names(before) == ["a"]
    kept = definitions(before).recent("a")
    assert kept is not None
    assert kept.content == b"id: a"
    with pytest.raises(DestinationUnavailable):
        definitions(before).recent("b")  # it may be there
    with pytest.raises(DestinationUnavailable):
        host("new host").exist()
    store.away = None
    clock.now += watch.TRIED_AGAIN_AFTER
    assert definitions(before).revision()
    assert names(before) == ["a"]


def test_a_store_that_does_not_answer_is_left_in_time(
    host: Hosts, store: FlakyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = definitions(host("host"))
    assert folder.revision()
    monkeypatch.setattr(watch, "SECONDS_TO_GET", 0.2)
    monkeypatch.setattr(watch, "ASKED_AGAIN_AFTER", 0.0)
    ended = threading.Event()
    monkeypatch.setattr(memory_destination.MemoryObjects, "get", lambda *_: ended.wait(60))
    with pytest.raises(DestinationUnavailable, match=r"did not answer within 0\.2 s"):
        folder.revision()
    ended.set()


def test_folders_that_were_emptied_are_not_empty_ones(host: Hosts, clock: Clock) -> None:
    """Another prefix, or a bucket that somebody has emptied: nothing of the copy is given up for it."""
    writer, reader = definitions(host("writer")), host("reader")
    writer.put("a", b"id: a", replacing=None)
    reader.fetch()
    memory_destination.BUCKETS["created"].clear()
    clock.now += 2
    for ask in (definitions(reader).revision, definitions(reader).contents):
        with pytest.raises(Incomplete) as told:
            ask()
        assert told.value.missing == f"object definitions/{watch.MARKER}"
    assert names(reader) == ["a"]


def test_a_failing_listing_changes_nothing(host: Hosts, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = definitions(host("writer")), definitions(host("reader"))
    seen = reader.revision()
    writer.put("a", b"id: a", replacing=None)
    clock.now += 2
    real = memory_destination.MemoryObjects.entries
    with monkeypatch.context() as patch:

        def fails(objects: memory_destination.MemoryObjects) -> object:
            if objects.address("").endswith("/state/"):
                raise DestinationUnavailable("The second page was not answered.")
            return real(objects)

        patch.setattr(memory_destination.MemoryObjects, "entries", fails)
        with pytest.raises(DestinationUnavailable, match="second page"):
            reader.revision()
        assert [each.name for each in reader.entries()] == [watch.MARKER]
    clock.now += watch.TRIED_AGAIN_AFTER
    assert reader.revision() not in (seen, "")


def test_a_hint_that_cannot_be_put_keeps_no_change_from_being_made(
    host: Hosts, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = definitions(host("host"))
    real = memory_destination.MemoryObjects.put

    def put(objects: memory_destination.MemoryObjects, name: str, content: bytes, *, replacing: str | None) -> None:
        if name == watch.REVISION:
            raise DestinationUnavailable("It answers 503.")
        real(objects, name, content, replacing=replacing)

    monkeypatch.setattr(memory_destination.MemoryObjects, "put", put)
    folder.put("a", b"id: a", replacing=None)
    assert "only when they list it: It answers 503." in caplog.text
    assert folder.recent("a") is not None


def copies(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.rglob("*.sqlite"))


def test_a_copy_is_private_and_is_made_anew_where_it_is_damaged(host: Hosts, tmp_path: Path, clock: Clock) -> None:
    definitions(host("writer")).put("a", b"id: a", replacing=None)
    assert names(host("reader")) == ["a"]
    path = next(each for each in copies(tmp_path) if "reader" in str(each))
    assert [each.stat().st_mode & 0o777 for each in (path, path.parent)] == [0o600, 0o700]
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DestinationUnavailable, match=r"copy of it, .*\.sqlite, cannot be used") as told:
        names(host("reader"))
    assert not [each for each in Path("/proc/self/fd").iterdir() if path.name in os.path.realpath(each)], told
    assert names(host("reader")) == ["a"]
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    assert names(host("reader")) == ["a"], "a copy of a later release"


def test_a_disk_that_takes_no_copy(store: FlakyStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folders = SmallFolders(store, ("definitions",), address="memory://created", copy=tmp_path / "file")
    with pytest.raises(DestinationUnavailable) as told:
        folders.prepare()
    assert "PROMO_REPORTS_SCRATCH_DIR" in told.value.fix


def test_a_poll_of_s3_is_one_request(s3: S3Server, bucket: str, tmp_path: Path, clock: Clock) -> None:
    client = s3.client()
    sent: list[str] = []
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(f"{request.method} {request.url}"))
    folders = SmallFolders(
        AmazonS3Store("test_s3", bucket, "created", client=lambda: client),
        ("definitions", "state"),
        address=f"s3://{bucket}/created",
        copy=tmp_path / "copy",
    )
    folders.prepare()
    definitions(folders).put("a.yaml", b"id: a", replacing=None)
    folders.fetch()
    seen = definitions(folders).contents()
    clock.now += 5
    sent.clear()
    assert folders.exist()
    assert (definitions(folders).revision(), definitions(folders).contents()) == (seen, seen)
    assert sent == [f"GET {s3.endpoint_url}/{bucket}/created/{watch.REVISION}"]


def test_a_process_that_was_forked_has_connections_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    def client() -> object:
        made.append(object())
        return made[-1]

    access = BucketAccess("promo", "store_s3", client, errors)
    assert access.ask(lambda client: client) is access.ask(lambda client: client) is made[0]
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert access.ask(lambda client: client) is access.ask(lambda client: client) is made[1]


class HostsMachine(RuleBasedStateMachine):
    """Three hosts that write, die after a put, look, list and lose their copies, in any order."""

    hosts = st.integers(0, 2)

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.clock = Clock(self.patch)
        memory_destination.register(self.patch, "created")
        self.directory = Path(tempfile.mkdtemp(prefix="hosts-"))
        self.written: dict[str, bytes] = {}
        self.open = [self.host(number) for number in range(3)]
        self.open[0].prepare()

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.directory)

    def host(self, number: int) -> SmallFolders:
        store = memory_destination.memory_store(Bucket(memory_destination.KEY, "created", "none", "p"))
        return SmallFolders(
            store, ("definitions", "state"), address="memory://created", copy=self.directory / str(number)
        )

    @rule(number=hosts, name=st.sampled_from("abc"), dies=st.booleans())
    def write(self, number: int, name: str, dies: bool) -> None:
        folder = definitions(self.open[number])
        before = folder.get(name)
        content = b"%d" % len(self.written) + name.encode()
        with pytest.MonkeyPatch.context() as patch:
            if dies:
                patch.setattr(watch.Watch, "announce", lambda _: None)
                patch.setattr(LocalCopy, "doubt", lambda *_: None)
            folder.put(name, content, replacing=None if before is None else before.tag)
        self.written[name] = content
        if dies:
            self.open[number] = self.host(number)
        else:
            found = folder.recent(name)
            assert found is not None
            assert found.content == content

    @rule(seconds=st.sampled_from([0.5, 2.0, 61.0, 301.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(number=hosts)
    def look(self, number: int) -> None:
        definitions(self.open[number]).revision()

    @rule(number=hosts)
    def list_all(self, number: int) -> None:
        self.open[number].fetch()

    @rule(number=hosts, name=st.sampled_from("abc"))
    def read(self, number: int, name: str) -> None:
        found = definitions(self.open[number]).recent(name)
        assert found is None or name in self.written

    @rule(number=hosts)
    def start_anew(self, number: int) -> None:
        self.open[number] = self.host(number)

    @precondition(lambda self: self.written)
    @rule(first=hosts)
    def five_minutes_later_all_know_all(self, first: int) -> None:
        self.clock.now += watch.LISTED_AGAIN_AFTER
        definitions(self.open[first]).contents()
        self.clock.now += 2
        for each in self.open:
            definitions(each).revision()
            known = {name: definitions(each).recent(name) for name in self.written}
            assert {name: found.content for name, found in known.items() if found} == self.written
        assert len({definitions(each).revision() for each in self.open}) == 1

    @invariant()
    def nothing_is_listed_that_is_not_there(self) -> None:
        listed = {each.name for host in self.open for each in host._watch.copy.entries("definitions")}
        assert listed <= {watch.MARKER, *self.written}


TestHosts = HostsMachine.TestCase
TestHosts.settings = hypothesis_settings(max_examples=12, stateful_step_count=15, deadline=None, derandomize=True)
