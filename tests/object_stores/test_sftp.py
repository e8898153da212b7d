"""What is special to SFTP: locks that are taken over, host keys, full disks, servers that lack extensions or stall."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devstack.processes import free_port
from devstack.sftp import SftpServer
from devstack.tcp_proxy import TcpProxy
from promo_reports.delivery import Area, publish
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Bucket
from promo_reports.errors import Damaged, DestinationRefused, DestinationUnavailable, StagingError
from promo_reports.object_stores.port import Objects, ObjectStore
from promo_reports.object_stores.sftp import remote_files
from promo_reports.object_stores.sftp.lock import LEASE
from promo_reports.object_stores.sftp.store import LOCKS, SftpStore
from tests.support.delivery.exports import LATE, LATER, REPORT, WINDOW, assert_is, staged
from tests.support.delivery.interruptions import InterruptedArea, child
from tests.support.delivery.sftp import CONNECTION, NAME, SftpPlace, area_at, bucket_of, connect_airflow, known, opened
from tests.support.delivery.sftp import LEASE as HOLDS
from tests.support.delivery.unwell_servers import Stopped
from tests.support.small_disk import FREE, small_disk

pytestmark = pytest.mark.clouds
MIB = 1 << 20
AT_MOST = 10.0
"""Seconds in which a task that is stopped has ended, on a machine that does much else."""
WHOLE_UPLOAD = "SFTPClientFile fsync 1"
"""Where the file's bytes are on the server, under its temporary name."""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    """A server that lacks what we ask of OpenSSH's own extensions."""
    lacking = ("posix-rename", "statvfs", "fsync", "copy-data")
    with SftpServer(tmp_path_factory.mktemp("bare") / "sftp", port=0, denied=lacking) as server:
        yield server


def store_of(place: SftpPlace) -> ObjectStore:
    assert isinstance(place.area, StoredExports)
    return place.area.store


def through_connection(prefix: str) -> Area:
    return StoredExports(SftpStore(Bucket("sftp", NAME, CONNECTION, prefix)))


def new_key(directory: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / "key"], check=True)
    return (directory / "key").read_text()


def wait_until_stopped(pid: int) -> None:
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_upload_that_is_killed_leaves_the_previous_export_and_its_lock_is_taken_over(
    on_sftp: SftpPlace, tmp_path: Path
) -> None:
    old = staged(tmp_path, b"old\n")
    publish(old, on_sftp.area)
    untouched = on_sftp.contents()
    export = staged(tmp_path, b"new\n" * MIB, snapshot_at=LATE)
    with child(export, on_sftp.for_child() | {"stopped_at": WHOLE_UPLOAD}, "nowhere", "SIGKILL") as process:
        assert process.wait(60) == -signal.SIGKILL
    assert on_sftp.contents() == untouched
    assert any(".part-" in path for path in on_sftp.unfinished())
    assert publish(export, on_sftp.area).changed
    assert_is(on_sftp, export)


def test_an_upload_that_is_told_to_end_leaves_nothing(on_sftp: SftpPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n" * MIB)
    told = on_sftp.for_child() | {"stopped_at": WHOLE_UPLOAD, "seconds_to_end": "50"}
    with child(export, told, "nowhere", "SIGTERM") as process:
        output, _ = process.communicate(timeout=60)
    assert json.loads(output) == {"error": "Terminated"}
    assert (on_sftp.contents(), on_sftp.unfinished()) == ({}, [])


@pytest.mark.parametrize("at", [WHOLE_UPLOAD, "SFTPClient posix_rename 1", "SFTPClient posix_rename 2"])
def test_a_frozen_attempt_wakes_up_and_can_do_nothing(on_sftp: SftpPlace, tmp_path: Path, at: str) -> None:
    """In sending a file, and directly before it, or the manifest, is renamed: where only a fence helps."""
    publish(staged(tmp_path, b"old\n"), on_sftp.area)
    late = staged(tmp_path, b"late\n", snapshot_at=LATER)
    winner = staged(tmp_path, b"winner\n", snapshot_at=LATE)
    with child(late, on_sftp.for_child() | {"stopped_at": at}, "nowhere", "SIGSTOP") as process:
        wait_until_stopped(process.pid)
        publish(winner, on_sftp.area)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=60)
    assert json.loads(output)["error"] == "DestinationUnavailable"
    assert "has been taken over by another publication" in json.loads(output)["text"]
    assert_is(on_sftp, winner)


def test_a_frozen_attempt_removes_nothing_when_it_wakes_up(on_sftp: SftpPlace, tmp_path: Path) -> None:
    """It has listed a file that the next attempt publishes again meanwhile."""
    again = staged(tmp_path, b"again\n")
    publish(again, on_sftp.area)
    late = staged(tmp_path, b"late\n", snapshot_at=LATE)
    with child(late, on_sftp.for_child(), "before remove 1", "SIGSTOP") as process:
        wait_until_stopped(process.pid)
        winner = staged(tmp_path, b"again\n", snapshot_at=LATER)
        assert publish(winner, on_sftp.area).changed
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
    assert_is(on_sftp, winner)


def test_a_lock_is_not_taken_from_an_attempt_that_lives(on_sftp: SftpPlace) -> None:
    opens = opened(known(on_sftp.server))
    impatient = SftpStore(bucket_of(on_sftp), opened=opens, lease=HOLDS, lock_wait=1.5 * HOLDS)
    with store_of(on_sftp).folder(REPORT, WINDOW) as objects:
        with (
            pytest.raises(DestinationUnavailable, match=rf"sftp://{NAME}/.*{WINDOW} is locked by another publication"),
            impatient.folder(REPORT, WINDOW),
        ):
            pass
        objects.put("state.json", b"mine", replacing=None)
    assert on_sftp.contents() == {"state.json": b"mine"}


def test_a_lock_says_who_has_it(on_sftp: SftpPlace) -> None:
    with store_of(on_sftp).folder(REPORT, WINDOW):
        (owner,) = (on_sftp.root / LOCKS).rglob("owner")
        assert owner.read_text().splitlines()[0] == f"{os.uname().nodename} {os.getpid()}"
    assert not (on_sftp.root / LOCKS).exists()
    assert LEASE == 60  # docs/delivery.md says so


@pytest.mark.parametrize("old", [b"old\n", None], ids=["replacing", "first"])
def test_a_server_without_extensions(bare: SftpServer, tmp_path: Path, old: bytes | None) -> None:
    place = SftpPlace(bare, f"extensions-{old is None}")
    if old is not None:
        publish(staged(tmp_path, old), place.area)
    export = staged(tmp_path, b"new\n", snapshot_at=LATE)
    publish(export, place.area)
    assert_is(place, export)
    place.overwrite(export.manifest.files[0].name, b"damaged")
    assert publish(export, place.area).changed
    assert_is(place, export)


@pytest.mark.parametrize("server", ["sftp", "bare"])
def test_a_full_disk(server: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The server tells how much is free, or nothing but that it failed."""
    given: SftpServer = request.getfixturevalue(server)
    with small_disk(given.home / "small") as disk:
        given.own(disk)
        given.own(disk.parent if disk.name == "root" else disk)
        link = given.root / "full"
        link.symlink_to(disk)
        try:
            place = SftpPlace(given, "full")
            export = staged(tmp_path, b"old\n")
            publish(export, place.area)
            message = rf"SFTP server '{NAME}' of connection '{CONNECTION}' " + (
                r"has no room for .*: 2,097,152 bytes are needed and [\d,]+ are free"
                if server == "sftp"
                else "failed to"
            )
            with pytest.raises(DestinationUnavailable, match=message):
                publish(staged(tmp_path, b"x" * (2 * FREE), snapshot_at=LATE), place.area)
            assert_is(place, export)
        finally:
            link.unlink()


@pytest.mark.parametrize("how", ["host_key", "known_hosts", "no check"])
def test_a_server_whose_key_is_known(
    sftp: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    if how == "host_key":
        connect_airflow(monkeypatch, sftp)
    else:
        connect_airflow(monkeypatch, sftp, host_key=None, no_host_key_check=how == "no check")
    if how == "known_hosts":
        (tmp_path / ".ssh").mkdir()
        (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{sftp.port} {sftp.host_key}\n")
    export = staged(tmp_path, b"new\n")
    publish(export, through_connection(f"known/{how[:2]}"))
    assert_is(SftpPlace(sftp, f"known/{how[:2]}"), export)


@pytest.mark.parametrize("where", ["nowhere", "host_key", "known_hosts"])
def test_a_server_whose_key_is_unknown_or_changed_is_refused(
    sftp: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    new_key(tmp_path)
    other = " ".join((tmp_path / "key.pub").read_text().split()[:2])
    connect_airflow(monkeypatch, sftp, host_key=other if where == "host_key" else None)
    if where == "known_hosts":
        (tmp_path / ".ssh").mkdir()
        (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{sftp.port} {other}\n")
    with pytest.raises(DestinationRefused, match=f"'{NAME}' of connection '{CONNECTION}' shows a host key") as refused:
        publish(staged(tmp_path, b"new\n"), through_connection("unknown"))
    assert not (sftp.root / "unknown").exists()
    assert all(key.split()[1] not in str(refused.value) for key in (other, sftp.host_key))
    assert where == "known_hosts" or not (tmp_path / ".ssh").exists()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"login": "nobody-at-all"}, DestinationRefused, "does not accept the user"),
        ({"private_key": "another"}, DestinationRefused, "does not accept the user"),
        ({"private_key": None, "look_for_keys": False}, DestinationRefused, "does not accept the user"),
        ({"private_key": "none"}, DestinationRefused, "cannot be read"),
        ({"private_key": None, "key_file": "/nowhere/key"}, DestinationRefused, "this host cannot read the key file"),
        ({"host_key": "no key"}, DestinationRefused, "shows a host key that is not trusted"),
        ({"port": "free"}, DestinationUnavailable, "cannot be reached"),
        ({"host": "no-such-host.invalid"}, DestinationUnavailable, "cannot be reached"),
        ({"host": ""}, DestinationRefused, "has no host"),
        (None, DestinationRefused, f"There is no Airflow connection '{CONNECTION}'"),
    ],
    ids=str,
)
def test_a_connection_that_does_not_work_is_told_in_one_sentence(
    sftp: SftpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any] | None,
    error: type[Exception],
    message: str,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    connect_airflow(monkeypatch, sftp)
    name = f"AIRFLOW_CONN_{CONNECTION.upper()}"
    given = json.loads(os.environ[name])
    for key, value in (changes or {}).items():
        values = given if key in ("login", "port", "host") else given["extra"]
        values[key] = new_key(tmp_path) if value == "another" else free_port() if value == "free" else value
    given["password"] = "s3cret-word"
    if changes is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, json.dumps(given))
    with pytest.raises(error, match=message) as failed:
        publish(staged(tmp_path, b"new\n"), through_connection("refused"))
    assert CONNECTION in str(failed.value)
    assert not any(secret in str(failed.value) for secret in ("s3cret", "PRIVATE", "/nowhere"))
    assert failed.value.__cause__ is None


def test_what_the_user_may_not_do_is_told(on_sftp: SftpPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"old\n")
    publish(export, on_sftp.area)
    on_sftp.folder.chmod(0o500)
    where = rf"SFTP server '{NAME}' of connection '{CONNECTION}' "
    with pytest.raises(
        DestinationRefused, match=where + rf"does not permit this user to rename to '{on_sftp.prefix}/.*'"
    ):
        publish(staged(tmp_path, b"new\n", snapshot_at=LATE), on_sftp.area)
    assert_is(on_sftp, export)
    on_sftp.folder.chmod(0o700)
    on_sftp.server.root.chmod(0o500)
    try:
        with pytest.raises(DestinationRefused, match=where + "does not permit this user to make the directory 'other'"):
            publish(export, area_at(known(on_sftp.server), "other"))
    finally:
        on_sftp.server.root.chmod(0o700)


def test_a_file_in_the_place_of_a_directory_is_told(on_sftp: SftpPlace, tmp_path: Path) -> None:
    on_sftp.lay("file", b"")
    said = rf"cannot make the directory '{on_sftp.prefix}/file': there is a file of that name"
    with pytest.raises(DestinationRefused, match=said):
        publish(staged(tmp_path, b"new\n"), area_at(known(on_sftp.server), f"{on_sftp.prefix}/file"))


@pytest.mark.parametrize("point", ["before manifest 1", "before put 1", "before switch 1"])
def test_a_signal_while_a_server_hangs(sftp: SftpServer, tmp_path: Path, stop: None, point: str) -> None:
    with TcpProxy(sftp.port) as proxy:
        area = InterruptedArea(area_at(known(sftp, port=str(proxy.port)), f"hangs-{point[-8]}"), point, proxy.stall)
        told: list[float] = []

        def tell() -> None:
            proxy.stalled.wait()
            time.sleep(0.2)  # until the main thread waits; earlier is no harm
            told.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=tell, daemon=True).start()
        with pytest.raises(Stopped):
            publish(staged(tmp_path, b"new\n" * MIB), area)
        assert time.monotonic() - told[0] < AT_MOST


def test_a_signal_while_a_server_says_nothing_at_all(sftp: SftpServer, tmp_path: Path, stop: None) -> None:
    with TcpProxy(sftp.port) as proxy:
        proxy.stall()
        threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM)).start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            publish(staged(tmp_path, b"new\n"), area_at(known(sftp, port=str(proxy.port)), "silent"))
        assert time.monotonic() - began < AT_MOST


def test_a_server_that_hangs_is_tried_again(sftp: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TcpProxy(sftp.port) as proxy:
        area = InterruptedArea(area_at(known(sftp, port=str(proxy.port)), "hangs"), "before put 1", proxy.stall)
        monkeypatch.setattr(remote_files, "SECONDS", 1.0)
        with pytest.raises(DestinationUnavailable, match=rf"'{CONNECTION}' did not answer in time when asked to"):
            publish(staged(tmp_path, b"new\n"), area)


def test_a_connection_that_breaks_is_tried_again(sftp: SftpServer, tmp_path: Path) -> None:
    with TcpProxy(sftp.port) as proxy:
        area = InterruptedArea(area_at(known(sftp, port=str(proxy.port)), "breaks"), "before put 1", proxy.cut)
        with pytest.raises(DestinationUnavailable, match=f"connection to SFTP server '{NAME}' .* was lost"):
            publish(staged(tmp_path, b"new\n"), area)


def test_a_file_is_copied_by_the_server_where_it_can(on_sftp: SftpPlace, bare: SftpServer, tmp_path: Path) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n")
    (file,) = export.manifest.files

    def copied(store: ObjectStore) -> bool:
        with store.folder("staged", WINDOW) as source, store.folder(REPORT, WINDOW) as target:
            source.upload(file, export.directory / file.name)
            done = target.copy(file, source)
            assert target.digest(file.name) == ((file.bytes, file.sha256) if done else None)
            return done

    assert copied(store_of(on_sftp))
    assert not copied(store_of(SftpPlace(bare, "copies")))
    with store_of(on_sftp).folder(REPORT, WINDOW) as target, store_of(on_sftp).folder("staged", WINDOW) as source:
        source.delete([(file.name, None)])
        with pytest.raises(StagingError):
            target.copy(file, source)
        other: Objects = object()  # type: ignore[assignment]
        assert not target.copy(file, other)
        on_sftp.lay(f"staged/{WINDOW}/{file.name}", b"a,b\n1,3\n")
        target.delete([(file.name, None)])
        with pytest.raises(Damaged):
            target.copy(file, source)
        assert target.digest(file.name) is None
