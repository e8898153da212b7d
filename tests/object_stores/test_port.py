"""What every object store keeps: whole objects, puts on a condition, folders apart from each other, and limits."""

from __future__ import annotations

import contextlib
import re
import stat
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from threading import Barrier

import pytest

from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Bucket
from promo_reports.errors import Damaged, StagingError
from promo_reports.object_stores.directory.store import DirectoryStore
from promo_reports.object_stores.port import MOST_BYTES, LostRace, Objects, ObjectStore, OpenObject
from promo_reports.object_stores.stores import STORES
from tests.support.delivery import memory_destination
from tests.support.delivery.exports import CLOUDS, PLACES, REPORT, WINDOW, Place, staged

NAME = "state.json"


@pytest.fixture
def store(place: Place) -> ObjectStore:
    """The store below each destination in turn."""
    assert isinstance(place.area, StoredExports)
    return place.area.store


def content(found: OpenObject | None) -> bytes:
    assert found is not None
    if isinstance(found.content, FileIO):
        with found.content as file:
            return file.readall() or b""
    with urllib.request.urlopen(found.content) as answer:
        body: bytes = answer.read()
        return body


def test_every_registered_store_is_held_to_the_contracts() -> None:
    assert STORES.keys() <= PLACES.keys() | CLOUDS.keys()


def test_an_object_is_put_where_there_is_none(store: ObjectStore) -> None:
    with store.folder(REPORT, WINDOW) as objects:
        assert objects.get(NAME) is None
        objects.put(NAME, b"one", replacing=None)
        found = objects.get(NAME)
        assert found is not None
        assert found.content == b"one"
        with pytest.raises(LostRace):
            objects.put(NAME, b"two", replacing=None)
        assert objects.get(NAME) == found


def test_an_object_is_replaced_by_its_tag_alone(store: ObjectStore) -> None:
    with store.folder(REPORT, WINDOW) as objects:
        objects.put(NAME, b"one", replacing=None)
        first = objects.get(NAME)
        assert first is not None
        objects.put(NAME, b"two", replacing=first.tag)
        second = objects.get(NAME)
        assert second is not None
        assert (second.content, second.tag != first.tag, second.written >= first.written) == (b"two", True, True)
        with pytest.raises(LostRace):
            objects.put(NAME, b"three", replacing=first.tag)
        assert objects.get(NAME) == second
        objects.delete([(NAME, None)])
        with pytest.raises(LostRace):
            objects.put(NAME, b"three", replacing=second.tag)
        assert objects.get(NAME) is None


@pytest.mark.parametrize("there", [True, False])
def test_of_several_puts_at_once_one_wins(store: ObjectStore, there: bool) -> None:
    tag = None
    if there:
        with store.folder(REPORT, WINDOW) as objects:
            objects.put(NAME, b"first", replacing=None)
            found = objects.get(NAME)
            assert found is not None
            tag = found.tag
    start = Barrier(4)

    def one(number: int) -> bytes | None:
        start.wait()
        with store.folder(REPORT, WINDOW) as objects:
            try:
                objects.put(NAME, b"%d" % number, replacing=tag)
            except LostRace:
                return None
        return b"%d" % number

    with ThreadPoolExecutor(4) as pool:
        (winner,) = [each for each in pool.map(one, range(4)) if each is not None]
    with store.folder(REPORT, WINDOW) as objects:
        found = objects.get(NAME)
        assert found is not None
        assert found.content == winner


def test_a_file_is_uploaded_whole_and_read_again(store: ObjectStore, tmp_path: Path) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n")
    (file,) = export.manifest.files
    with store.folder(REPORT, WINDOW) as objects:
        assert (objects.digest(file.name), objects.open(file.name)) == (None, None)
        objects.upload(file, export.directory / file.name)
        assert objects.digest(file.name) == (file.bytes, file.sha256)
        found = objects.open(file.name)
        assert found is not None
        assert (found.bytes, found.sha256 in (None, file.sha256)) == (file.bytes, True)
        assert content(found) == b"a,b\n1,2\n"
        assert _listed(objects) == {file.name: (file.bytes, False)}
    with store.reading(REPORT, WINDOW) as seen:
        assert seen is not None
        assert content(seen.open(file.name)) == b"a,b\n1,2\n"


def test_what_is_not_the_file_is_not_uploaded(store: ObjectStore, tmp_path: Path) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n")
    (file,) = export.manifest.files
    source = export.directory / file.name
    with store.folder(REPORT, WINDOW) as objects:
        for damage in (lambda: source.write_bytes(b"a,b\n1,3\n"), source.unlink):
            damage()
            with pytest.raises(StagingError):
                objects.upload(file, source)
            assert _listed(objects) == {}


def test_an_uploaded_file_is_downloaded_to_a_new_private_one(store: ObjectStore, tmp_path: Path) -> None:
    export = staged(tmp_path, b"0123456789abcde\n" * 150_000)
    (file,) = export.manifest.files
    target = tmp_path / "received"
    with store.folder(REPORT, WINDOW) as objects:
        objects.upload(file, export.directory / file.name)
        objects.download(file, target)
        assert target.read_bytes() == (export.directory / file.name).read_bytes()
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        with pytest.raises(FileExistsError):
            objects.download(file, target)
        assert target.exists()
        with pytest.raises(FileNotFoundError):
            objects.download(file, tmp_path / "no such directory" / "received")


@pytest.mark.parametrize("damage", [b"", b"a,b\n1,3\n", b"a,b\n1,2\nand more\n", None])
def test_what_is_not_the_file_is_neither_downloaded_nor_copied(
    store: ObjectStore, place: Place, tmp_path: Path, damage: bytes | None
) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n")
    (file,) = export.manifest.files
    refused = StagingError if damage is None else Damaged
    with store.folder(REPORT, WINDOW) as objects, store.folder(REPORT, f"{WINDOW}2") as other:
        objects.upload(file, export.directory / file.name)
        if damage is None:
            place.delete(file.name)
        else:
            place.overwrite(file.name, damage)
        with pytest.raises(refused, match=re.escape(objects.address(file.name))):
            objects.download(file, tmp_path / "received")
        assert not (tmp_path / "received").exists()
        with contextlib.suppress(refused):
            assert not other.copy(file, objects)
        assert _listed(other) == {}


def test_a_file_is_copied_by_the_store_or_not_at_all(store: ObjectStore, tmp_path: Path) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n", stem="K\u00f6ln 100% #1")
    (file,) = export.manifest.files
    with store.folder(REPORT, WINDOW) as objects, store.folder("deep", "down", "below") as other:
        objects.upload(file, export.directory / file.name)
        if not other.copy(file, objects):
            assert _listed(other) == {}
            return
        assert other.digest(file.name) == (file.bytes, file.sha256)
        assert content(other.open(file.name)) == b"a,b\n1,2\n"
        assert other.copy(file, objects)
        assert _listed(other) == _listed(objects) == {file.name: (file.bytes, False)}


def test_nothing_is_copied_from_a_folder_of_another_kind(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n")
    (file,) = export.manifest.files
    memory_destination.register(monkeypatch, "another")
    other: ObjectStore = memory_destination.MemoryStore(Bucket(memory_destination.KEY, "another", "none"))
    if type(other) is type(store):
        other = DirectoryStore(tmp_path / "another")
    with store.folder(REPORT, WINDOW) as objects, other.folder(REPORT, WINDOW) as source:
        source.upload(file, export.directory / file.name)
        assert not objects.copy(file, source)
        assert _listed(objects) == {}


def test_folders_do_not_see_each_other(store: ObjectStore) -> None:
    """Names that begin with one another, above and below."""
    places = [(REPORT, WINDOW), (f"{REPORT}2", WINDOW), (REPORT, f"{WINDOW}2")]
    for number, (name, below) in enumerate(places):
        with store.folder(name, below) as objects:
            objects.put(NAME, b"%d" % number, replacing=None)
            assert list(_listed(objects)) == [NAME]
    with store.folder(*places[0]) as objects:
        objects.delete([(NAME, None), ("never there", None)])
        assert _listed(objects) == {}
    for number, (name, below) in enumerate(places[1:], start=1):
        with store.reading(name, below) as seen:
            assert seen is not None
            found = seen.get(NAME)
            assert found is not None
            assert found.content == b"%d" % number


def test_no_more_than_its_limit_is_read_of_a_large_object(store: ObjectStore) -> None:
    with store.folder(REPORT, WINDOW) as objects:
        objects.put(NAME, b"x" * (MOST_BYTES + 10), replacing=None)
        found = objects.get(NAME)
        assert found is not None
        assert MOST_BYTES < len(found.content) <= MOST_BYTES + 10


def test_addresses_begin_with_the_scheme_of_the_kind(store: ObjectStore, place: Place) -> None:
    with store.folder(REPORT, WINDOW) as objects:
        assert objects.address("Köln 100%.csv") == place.address("Köln 100%.csv")


def _listed(objects: Objects) -> dict[str, tuple[int | None, bool]]:
    return {each.name: (each.bytes, each.unfinished) for each in objects.entries()}


def test_where_nobody_is_locked_out_a_listing_tells_the_tag(store: ObjectStore) -> None:
    """By it a host knows that what it has read is still what is there."""
    with store.folder(REPORT, WINDOW) as objects:
        objects.put(NAME, b"one", replacing=None)
        found = objects.get(NAME)
        assert found is not None
        assert objects.exclusive or [each.stamp for each in objects.entries()] == [found.tag]
