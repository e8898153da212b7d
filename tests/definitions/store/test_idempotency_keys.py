"""Idempotency-Keys: the same key makes one report, however often, by however many at once, and after a crash."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from promo_reports import atomic_files
from promo_reports.definitions.store.idempotency_keys import KEPT, SWEPT, Request
from promo_reports.definitions.store.stored_reports import StoredReports
from promo_reports.errors import Conflict, StoreError
from promo_reports.object_stores.directory import private
from tests.support.report_stores import directory_store

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
BODY: dict[str, Any] = {"name": "June audit", "filters": {"wallet": "grocery-rewards"}, "delivery": ["download"]}

Claim = Callable[..., Request]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the keys lie."""
    return tmp_path / "created" / "requests"


@pytest.fixture
def requests(directory: Path) -> StoredReports:
    store = directory_store(directory.parent)
    store.prepare()
    return store


@pytest.fixture
def claim(requests: StoredReports) -> Claim:
    def claimed(key: str = "key", body: dict[str, Any] = BODY, *, by: str = "ada", at: datetime = AT) -> Request:
        return requests.claim(key, body, by=by, at=at)

    return claimed


def test_the_same_key_for_the_same_body_is_the_same_request(claim: Claim) -> None:
    first = claim()
    assert first.at == AT
    again = claim(body=dict(reversed(BODY.items())), at=AT + HOUR)
    assert again == first


def test_the_same_key_for_another_body_is_a_conflict(claim: Claim) -> None:
    first = claim()
    with pytest.raises(Conflict, match="was used for another report") as refused:
        claim(body=BODY | {"name": "July audit"})
    assert "Send a new key" in refused.value.fix
    assert claim() == first


def test_tokens_are_those_of_one_user_and_one_key(claim: Claim) -> None:
    tokens = [claim().token, claim(by="bob").token, claim("other").token, claim("\0key", by="").token]
    assert len(set(tokens)) == 4
    assert all(len(token) == 24 and token.isalnum() for token in tokens)


def test_a_users_name_and_his_key_are_not_run_together(claim: Claim) -> None:
    assert claim("bc", by="a").token != claim("c", by="ab").token


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b", "x" * 255, "\u00fc\u00e9", " ", "."])
def test_a_key_is_never_the_name_of_a_file(directory: Path, claim: Claim, key: str) -> None:
    claim(key)
    (kept,) = directory.rglob("*.json")
    assert kept.parent == directory
    assert len(kept.name) == 64 + len(".json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700


def test_neither_the_body_nor_the_key_is_kept_as_it_is(directory: Path, claim: Claim) -> None:
    claim("a-key-that-is-seen")
    (kept,) = directory.glob("*.json")
    assert "June" not in kept.read_text()
    assert "a-key-that-is-seen" not in kept.read_text()


@pytest.mark.parametrize("dies_at", ["link", "unlink"])
def test_a_repetition_after_a_crash_is_the_request_that_was_taken(
    claim: Claim, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    """Killed before the key is visible, nothing was asked; killed after it, the first instant holds."""

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "link", killed) if dies_at == "link" else (Path, "unlink", killed)))
        with pytest.raises(Killed):
            claim()
    again = claim(at=AT + HOUR)
    assert again.at == (AT + HOUR if dies_at == "link" else AT)
    assert claim(at=AT + 2 * HOUR) == again


def test_of_many_at_once_all_learn_the_same(claim: Claim) -> None:
    instants = [AT + timedelta(seconds=number) for number in range(16)]
    barrier = threading.Barrier(len(instants))

    def ask(at: datetime) -> Request:
        barrier.wait()
        return claim(at=at)

    with ThreadPoolExecutor(len(instants)) as pool:
        answers = set(pool.map(ask, instants))
    assert len(answers) == 1
    assert answers.pop().at in instants


def test_of_two_bodies_at_once_one_is_refused(claim: Claim) -> None:
    bodies = [BODY | {"name": f"Audit {number}"} for number in range(8)]
    barrier = threading.Barrier(len(bodies))

    def ask(body: dict[str, Any]) -> Request | None:
        barrier.wait()
        try:
            return claim(body=body)
        except Conflict:
            return None

    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(ask, bodies))
    assert len([each for each in answers if each is not None]) == 1


def aged(path: Path, age: timedelta) -> None:
    then = path.stat().st_mtime - age.total_seconds() - 60
    os.utime(path, (then, then))


def test_a_key_is_forgotten_when_it_is_old(directory: Path, claim: Claim) -> None:
    first = claim()
    aged(directory / _name_of(directory, claim), KEPT)
    aged(directory / ".swept", SWEPT)
    claim("young")
    again = claim(body=BODY | {"name": "July audit"}, at=AT + KEPT + HOUR)
    assert again.at == AT + KEPT + HOUR
    assert again.token != first.token
    assert claim("young").at == AT


def test_old_keys_are_looked_for_rarely(directory: Path, claim: Claim) -> None:
    first = claim()
    aged(directory / _name_of(directory, claim), KEPT)
    claim("young")
    assert claim(at=AT + HOUR) == first
    aged(directory / ".swept", SWEPT)
    claim("young")
    claim("younger")
    assert len([*directory.glob("*.json")]) == 2


def test_looking_a_key_up_says_what_claiming_it_would(requests: StoredReports, directory: Path, claim: Claim) -> None:
    free = requests.look_up("key", BODY, by="ada", at=AT)
    assert not directory.exists()
    assert claim() == free
    assert requests.look_up("key", BODY, by="ada", at=AT + HOUR) == free
    with pytest.raises(Conflict):
        requests.look_up("key", BODY | {"name": "July audit"}, by="ada", at=AT)


@pytest.mark.parametrize("times", [1, 2])
def test_a_key_that_another_process_sweeps_in_this_moment(
    claim: Claim, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Between the look whether it is taken and the look into it; twice in a row is more than bad luck."""
    claim()
    create = private.create_file  # type: ignore[attr-defined]
    swept: list[Path] = []

    def taken_and_swept(path: Path, content: bytes) -> None:
        if len(swept) == times:
            return create(path, content)
        swept.append(path)
        path.unlink(missing_ok=True)
        raise FileExistsError

    monkeypatch.setattr(private, "create_file", taken_and_swept)
    if times == 1:
        assert claim(at=AT + HOUR).at == AT + HOUR
    else:
        with pytest.raises(StoreError, match="was removed while it was read"):
            claim(at=AT + HOUR)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"7", b"\xff", b"{}", b'{"asked": "x"}', b'{"asked": "x", "at": 7}', b'{"asked": "x", "at": ""}',
     b'{"asked": "x", "at": "2026-07-15T14:30:00"}'],
)  # fmt: skip
def test_a_file_that_somebody_broke_is_an_error_of_the_store(
    requests: StoredReports, directory: Path, claim: Claim, content: bytes
) -> None:
    claim()
    (kept,) = directory.glob("*.json")
    kept.write_bytes(content)
    asked: tuple[Callable[[], object], ...] = (claim, lambda: requests.look_up("key", BODY, by="ada", at=AT))
    for ask in asked:
        with pytest.raises(StoreError, match="does not hold what was asked under an Idempotency-Key") as refused:
            ask()
        assert "new key" in refused.value.fix
    assert claim("another").at == AT


def _name_of(directory: Path, claim: Claim) -> str:
    """The file of the key that is claimed by default, which is that of the other one never."""
    before = {path.name for path in directory.glob("*.json")}
    probe = directory_store(directory.parent / "probe")
    probe.prepare()
    probe.claim("key", BODY, by="ada", at=AT)
    (name,) = (path.name for path in (directory.parent / "probe" / "requests").glob("*.json"))
    assert name in before
    return name


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """One that is not mounted: a directory in its place would look like a store that has lost everything."""
    with pytest.raises(StoreError, match="has no definitions/ directory") as refused:
        directory_store(tmp_path / "mount" / "created").claim("key", BODY, by="ada", at=AT)
    assert "Mount it" in refused.value.fix
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", [(os, "link"), (os, "fsync"), (private, "open_regular")])
def test_a_directory_that_fails_is_an_error_of_the_store(
    claim: Claim, monkeypatch: pytest.MonkeyPatch, failing: tuple[Any, str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    claim("another")
    monkeypatch.setattr(*failing, broken)
    with pytest.raises(StoreError, match=r"store of created reports at .* fails: Input/output error") as refused:
        claim()
    assert refused.value.retryable


def test_a_file_in_place_of_the_directory_is_an_error_of_the_store(tmp_path: Path) -> None:
    store = directory_store(tmp_path)
    store.prepare()
    (tmp_path / "requests").write_text("")
    with pytest.raises(StoreError, match="File exists"):
        store.claim("key", BODY, by="ada", at=AT)


def test_what_a_killed_writer_left_behind_is_removed(directory: Path, claim: Claim) -> None:
    claim("another")
    left = directory / ".new-left"
    left.write_text("half")
    long_ago = left.stat().st_mtime - atomic_files.LEFT_BEHIND_SECONDS - 1
    os.utime(left, (long_ago, long_ago))
    claim()
    assert not left.exists()
