"""What every object store keeps: whole objects, puts on a condition, folders apart from each other, and limits."""

from __future__ import annotations

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from threading import Barrier

import pytest

from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.errors import StagingError
from promo_reports.object_stores.port import MOST_BYTES, LostRace, Objects, ObjectStore, OpenObject
from promo_reports.object_stores.stores import STORES
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
