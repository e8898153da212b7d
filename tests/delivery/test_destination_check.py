"""A check of a destination says what is wrong in one sentence, whatever the kind, and leaves nothing behind."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from promo_reports.delivery import destination_check
from promo_reports.delivery.destination_check import FOLDER, DestinationCheck
from promo_reports.delivery.destinations import buckets_by_id
from promo_reports.delivery.probe import WRITERS
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain import delivery
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.check_result import CheckState
from promo_reports.domain.delivery import DOWNLOAD
from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.object_stores.port import LostRace, Objects, ObjectStore
from promo_reports.object_stores.stores import store_at
from promo_reports.settings import Settings
from tests.support.delivery import memory_destination
from tests.support.delivery.exports import LocalPlace, MemoryPlace, Place
from tests.support.delivery.memory_destination import Written
from tests.support.delivery.sftp import SftpPlace, bucket_of

STEPS = ["list", "write", "read", "replace", "upload", "open", "delete"]
CALLS = {"put": "write", "get": "read", "upload": "upload", "digest": "upload", "entries": "upload", "open": "open"}
"""Methods of the port, each with the step that fails where it does."""


def store_of(place: Place) -> ObjectStore:
    assert isinstance(place.area, StoredExports)
    return place.area.store


def checked(place: Place, destination_id: str = DOWNLOAD, seconds: float = 60.0) -> dict[str, tuple[CheckState, str]]:
    """Check a destination; the result of each step."""
    if isinstance(place, LocalPlace) and not isinstance(place, SftpPlace):
        place.root.mkdir(exist_ok=True)
    check = DestinationCheck(destination_id, bucket_of(place))
    check.run(seconds)
    return {each.subject: (each.state, each.sentence) for each in check.results}


def problems(found: dict[str, tuple[CheckState, str]]) -> dict[str, str]:
    return {step: sentence for step, (state, sentence) in found.items() if state is CheckState.PROBLEM}


def assert_nothing_is_left(place: Place) -> None:
    assert (place.contents(), place.unfinished(), list(store_of(place).folders())) == ({}, [], [])
    if isinstance(place, LocalPlace):
        assert list(place.root.iterdir()) == []


class Replaced:
    """The objects of a folder, some of whose methods are others."""

    def __init__(self, objects: Objects, methods: dict[str, Callable[..., Any]]) -> None:
        self._objects, self._methods = objects, methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._objects, name)


def replace(monkeypatch: pytest.MonkeyPatch, make: Callable[[Objects], dict[str, Callable[..., Any]]]) -> None:
    """Let checks work on objects of which `make` gives other methods."""

    class Store:
        def __init__(self, store: ObjectStore) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        @contextmanager
        def folder(self, *names: str) -> Iterator[Any]:
            with self._store.folder(*names) as objects:
                yield Replaced(objects, make(objects))

    monkeypatch.setattr(destination_check, "store_at", lambda bucket: Store(store_at(bucket)))


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_one_that_is_well_passes_every_step_and_is_as_it_was(place: Place) -> None:
    found = checked(place)
    assert list(found) == STEPS
    assert problems(found) == {}
    assert {state for state, _ in found.values()} == {CheckState.OK}
    assert_nothing_is_left(place)


def test_what_others_keep_there_stays(place: Place) -> None:
    place.overwrite("manifest.json", b"theirs")
    assert problems(checked(place)) == {}
    assert place.contents() == {"manifest.json": b"theirs"}
    assert FOLDER not in store_of(place).folders()


def test_links_are_asked_for_where_people_download_alone(in_memory: MemoryPlace) -> None:
    """Signing needs a permission of its own in some clouds, which no other destination needs."""
    assert list(checked(in_memory, "memory:exports")) == [step for step in STEPS if step != "open"]


@pytest.mark.parametrize("call", CALLS)
def test_a_step_that_fails_is_the_last(in_memory: MemoryPlace, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    assert_is_the_last(in_memory, monkeypatch, call)


def test_nothing_is_left_of_a_check_that_fails(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_is_the_last(place, monkeypatch, "digest")


def assert_is_the_last(place: Place, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    said = DestinationRefused("Bucket 'b' of connection 'c' answers It with Denied.", "Grant it.")
    calls = {"times": 0}

    def once(objects: Objects) -> dict[str, Callable[..., Any]]:
        def fail(*given: object, **named: object) -> Any:
            calls["times"] += 1
            if calls["times"] == 1:
                raise said
            return getattr(objects, call)(*given, **named)

        return {call: fail}

    replace(monkeypatch, once)
    found = checked(place)
    assert problems(found) == {CALLS[call]: "Bucket 'b' of connection 'c' answers It with Denied. Grant it."}
    later = STEPS[STEPS.index(CALLS[call]) + 1 : -1]
    assert all(found[step] == (CheckState.NOT_CHECKED, "It was not reached.") for step in later)
    assert_nothing_is_left(place)


def test_what_cannot_be_deleted_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, lambda _: {"delete": failing(DestinationRefused("Denied.", "Grant it."))})
    said = problems(checked(place))
    assert list(said) == ["delete"]
    (below,) = store_of(place).folders(FOLDER)
    with store_of(place).folder(FOLDER, below) as objects:
        names = sorted(each.name for each in objects.entries())
        addresses = ", ".join(sorted(objects.address(name) for name in names))
        assert said["delete"] == f"Denied. Grant it. This may be left, delete it: {addresses}."
        assert len(names) == 2
        objects.delete([(name, None) for name in names])


def test_one_that_is_away_is_told_once_and_what_may_be_left_is_named(
    in_memory: MemoryPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = failing(DestinationUnavailable("It cannot be reached."))
    replace(monkeypatch, lambda _: dict.fromkeys(("put", "delete", "entries"), away))
    said = problems(checked(in_memory))
    assert said["write"] == "It cannot be reached."
    assert "This may be left, delete it: memory://exports/exports/promo/promo-reports-check/" in said["delete"]


def test_a_refused_write_leaves_nothing_that_would_have_to_be_deleted(
    in_memory: MemoryPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may read alone is told of writing alone."""
    denied = DestinationRefused("Denied.")

    def only_nothing(names: Any) -> None:
        assert list(names) == []

    replace(monkeypatch, lambda _: {"put": failing(denied), "delete": only_nothing})
    assert problems(checked(in_memory)) == {"write": "Denied."}


@pytest.mark.parametrize("broken", ["ignores the tag", "compares, then writes"])
def test_a_server_that_keeps_no_conditions_is_found(
    in_memory: MemoryPlace, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Also where the store compares by itself before it asks: then only writers at one time tell."""
    at_once = threading.Barrier(WRITERS)

    def methods(objects: Objects) -> dict[str, Callable[..., Any]]:
        def put(name: str, content: bytes, *, replacing: str | None) -> None:
            present = objects.get(name)
            if broken == "compares, then writes":
                if (present.tag if present else None) != replacing:
                    raise LostRace
                if b"writer" in content:
                    at_once.wait(30)
            in_memory.objects[objects.address(name).removeprefix("memory://exports/")] = Written(content)

        return {"put": put}

    replace(monkeypatch, methods)
    said = problems(checked(in_memory))
    assert list(said) == ["replace"]
    assert "conditions" in said["replace"]
    assert_nothing_is_left(in_memory)


def test_a_kind_that_cannot_compare_and_replace_says_so(
    in_memory: MemoryPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = dataclasses.replace(memory_destination.KIND, conditional=False)
    monkeypatch.setitem(delivery.KINDS, kind.key, kind)
    state, said = checked(in_memory)["replace"]
    assert state is CheckState.OK
    assert "This Process cannot do both in one step" in said


def test_one_that_does_not_answer_is_left_in_time_and_tidied_once_it_does(
    in_memory: MemoryPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destination_check, "SECONDS_TO_DELETE", 0.1)
    answers = threading.Event()

    def methods(objects: Objects) -> dict[str, Callable[..., Any]]:
        def get(name: str) -> Any:
            assert answers.wait(60)
            return objects.get(name)

        return {"get": get}

    replace(monkeypatch, methods)
    said = problems(checked(in_memory, seconds=0.3))
    try:
        assert said["read"] == (
            "memory://exports/exports/promo did not answer through connection 'none' within 0.3 s. Check the network."
        )
        (left,) = in_memory.objects
        assert f"memory://exports/{left}" in said["delete"]
    finally:
        answers.set()
    ends = time.monotonic() + 60
    while in_memory.objects:
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_defect_shows_its_name_and_not_its_text(in_memory: MemoryPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, lambda _: {"get": failing(KeyError("https://x/?sig=feedface"))})
    assert problems(checked(in_memory)) == {"read": "The check itself failed, which is a defect of it: KeyError."}
    assert in_memory.objects == {}


def test_a_directory_that_is_not_there_is_not_made(local: LocalPlace) -> None:
    check = DestinationCheck(DOWNLOAD, local.settings().download_area)
    check.run()
    (said,) = (each.sentence for each in check.results if each.state is CheckState.PROBLEM)
    assert said.startswith(f"This host does not see the download area at {local.root}: there is no such directory.")
    assert not local.root.exists()


def test_every_destination_has_an_id(tmp_path: Path) -> None:
    connected = (Bucket("amazon_s3", "bi-exports", "bi_s3", "promo"), Bucket("amazon_s3", "audit", "audit_s3"))
    account = Account("UTC", "monday", connected)
    settings = Settings(download_dir=tmp_path)
    found = buckets_by_id(account, settings)
    assert found == {
        "download": settings.download_area,
        "amazon_s3:bi-exports": connected[0],
        "amazon_s3:audit": connected[1],
    }
