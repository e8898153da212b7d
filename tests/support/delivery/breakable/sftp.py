"""A directory of the SFTP server on a small disk, and what keeps a delivery out of it."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devstack.sftp import SftpServer
from promo_reports.domain.account import Bucket
from promo_reports.object_stores.sftp import client
from tests.support.delivery.breakable.refusing_server import Refusing, refusing_server
from tests.support.delivery.faults import (
    DISK,
    ENDPOINT,
    EXPIRED,
    HOST_KEY,
    KEY,
    NAME,
    NETWORK,
    PERMISSION,
    Fault,
)
from tests.support.delivery.sftp import CONNECTION, SftpPlace, bucket_of, connect_airflow
from tests.support.delivery.sftp import NAME as SERVER
from tests.support.small_disk import small_disk

EXPIRED_SINCE = 'expiry-time="20200101" '
"""Before a key in authorized_keys: until when the server takes it."""
_disks = itertools.count(1)


@dataclass
class BreakableDirectory:
    """A directory that has the rest of a small disk; `keys` is where other keys are made."""

    place: SftpPlace
    monkeypatch: pytest.MonkeyPatch
    keys: Path

    @property
    def secrets(self) -> tuple[str, ...]:
        """The lines of the private key."""
        return tuple(self.place.server.private_key.splitlines()[1:-1])

    def broken(self, fault: Fault) -> Iterator[Bucket]:
        server = self.place.server
        if fault is PERMISSION:
            with self._not_writable():
                yield self._connect()
        elif fault is NAME:
            (self.place.root.parent / "a-file").write_bytes(b"")
            self._connect()
            yield Bucket("sftp", SERVER, CONNECTION, f"{Path(self.place.prefix).parent}/a-file/inbox")
        elif fault is KEY:
            yield self._connect(private_key=self._new_key().read_text())
            yield self._connect(login="nobody-at-all")
        elif fault is EXPIRED:
            with self._authorized(EXPIRED_SINCE + (server.home / "client_key.pub").read_text()):
                yield self._connect()
        elif fault is HOST_KEY:
            before = self._new_key().with_suffix(".pub").read_text()
            yield self._connect(host_key=" ".join(before.split()[:2]))
        elif fault is DISK:
            with self._full():
                yield self._connect()
        elif fault is NETWORK:
            yield self._connect(host="no-such-host.invalid")
            with socket.create_server(("127.0.0.1", 0)) as silent:
                port = silent.getsockname()[1]
                yield self._connect(port=port)
            yield self._connect(port=port)  # nobody listens there any more
        elif fault is ENDPOINT:
            with refusing_server(Refusing(404, "")) as url:
                yield self._connect(port=int(url.rpartition(":")[2]))

    def refusing_writes(self, fault: Fault) -> Iterator[Bucket]:
        yield from self.broken(fault) if fault in (PERMISSION, DISK) else ()

    def _connect(self, **changes: Any) -> Bucket:
        """Make the connection, with other values of it, and return the directory as the account has it."""
        connect_airflow(self.monkeypatch, self.place.server, **changes)
        return bucket_of(self.place)

    def _new_key(self) -> Path:
        path = self.keys / f"key-{len(list(self.keys.glob('key-*')))}"
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return path

    @contextlib.contextmanager
    def _not_writable(self) -> Iterator[None]:
        before = self.place.root.stat().st_mode
        self.place.root.chmod(0o500)
        try:
            yield
        finally:
            self.place.root.chmod(before)

    @contextlib.contextmanager
    def _authorized(self, line: str) -> Iterator[None]:
        path = self.place.server.home / "authorized_keys"
        before = path.read_text()
        path.write_text(line)
        try:
            yield
        finally:
            path.write_text(before)

    @contextlib.contextmanager
    def _full(self) -> Iterator[None]:
        filler = self.place.root.parent / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        try:
            yield
        finally:
            filler.unlink()


@contextlib.contextmanager
def directory_on_small_disk(
    server: SftpServer, monkeypatch: pytest.MonkeyPatch, keys: Path
) -> Iterator[BreakableDirectory]:
    """Yield a directory of a server that is still to be made, on a disk with little room."""
    monkeypatch.setattr(client, "SECONDS_TO_CONNECT", 5)
    monkeypatch.setenv("HOME", str(keys))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with small_disk(server.home / "small") as disk:
        server.own(disk.parent if disk.name == "root" else disk)
        link = server.root / f"disk-{next(_disks)}"
        link.symlink_to(disk)
        try:
            connect_airflow(monkeypatch, server)
            place = SftpPlace(server, f"{link.name}/inbox")
            server.own(place.root)
            yield BreakableDirectory(place, monkeypatch, keys)
        finally:
            link.unlink()
