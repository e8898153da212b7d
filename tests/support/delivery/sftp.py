"""A directory of the SFTP server as a destination, and sessions of it without Airflow."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devstack.sftp import SftpServer
from promo_reports.delivery import Area
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import Destination, Download, PartnerExport
from promo_reports.object_stores import bucket_access
from promo_reports.object_stores.sftp.client import Opened
from promo_reports.object_stores.sftp.store import LOCKS, SftpStore
from promo_reports.settings import Settings
from tests.support.delivery.exports import LocalPlace, Place

NAME, CONNECTION = "finance-drop", "test_sftp"
LEASE = 3.0
"""Seconds; long enough for a busy machine to show in that it lives."""


def opened(server: Mapping[str, str]) -> Opened:
    """Sessions of a server, by what a child process is told of it."""
    import asyncssh

    @asynccontextmanager
    async def session() -> AsyncIterator[Any]:
        options = {
            "known_hosts": f"127.0.0.1 {server['host_key']}".encode(),
            "client_keys": [asyncssh.import_private_key(server["private_key"])],
            "username": server["login"],
            "config": None,
        }
        async with (
            asyncssh.connect("127.0.0.1", int(server["port"]), **options) as connection,
            connection.start_sftp_client() as sftp,
        ):
            yield sftp

    def opens() -> AbstractAsyncContextManager[Any]:
        return session()

    return opens


def known(server: SftpServer, **changes: str) -> dict[str, str]:
    """What a child process is told of a server."""
    told = {"host_key": server.host_key, "private_key": server.private_key, "login": server.login}
    return {"port": str(server.port)} | told | changes


def area_at(server: Mapping[str, str], prefix: str, *, lease: float = LEASE, **options: Any) -> Area:
    """The area of a directory of a server."""
    place = Bucket("sftp", NAME, CONNECTION, prefix)
    return StoredExports(SftpStore(place, opened=opened(server), lease=lease, **options))


def connect_airflow(
    monkeypatch: pytest.MonkeyPatch,
    server: SftpServer,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    login: str | None = None,
    **extra: Any,
) -> None:
    """Make the Airflow connection to a server."""
    given = {
        "conn_type": "sftp",
        "host": host,
        "port": port or server.port,
        "login": login or server.login,
        "extra": {"private_key": server.private_key, "host_key": server.host_key} | extra,
    }
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", json.dumps(given))


class SftpPlace(LocalPlace):
    """A directory below the one in which sessions begin, seen through the server's own disk."""

    def __init__(self, server: SftpServer, prefix: str) -> None:
        super().__init__(server.root / prefix)
        self.server, self.prefix = server, prefix
        self.area = area_at(known(server), prefix)

    def settings(self) -> Settings:
        raise AssertionError("a server is no download area")

    def unfinished(self) -> list[str]:
        return [str(path) for path in (self.root / LOCKS).rglob("*")]

    def left(self) -> list[Path]:
        return [path for path in super().left() if path.name != LOCKS]

    def address(self, name: str) -> str:
        return f"sftp://{NAME}/{self.prefix}{(self.folder / name).as_uri().partition(str(self.root))[2]}"

    def lay(self, path: str, content: bytes) -> None:
        super().lay(path, content)
        self.server.own(self.root)

    def for_child(self) -> dict[str, str]:
        return known(self.server, made_by=__name__, prefix=self.prefix)


def asked_of(place: Place) -> tuple[Destination, Account, Settings]:
    """Where a reader looks: in the download area, which every place can be but a server of SFTP."""
    if not isinstance(place, SftpPlace):
        return Download(), Account("UTC", "monday", ()), place.settings()
    return PartnerExport("sftp", NAME), Account("UTC", "monday", (bucket_of(place),)), Settings()


def bucket_of(place: Place) -> Bucket:
    """The bucket or directory that a place is, as the settings or the account name it."""
    if not isinstance(place, SftpPlace):
        return place.settings().download_area
    return Bucket("sftp", NAME, CONNECTION, place.prefix)


def area_for_child(place: Mapping[str, str], stop: Callable[[], None]) -> Area:
    """The area in a child process, which stops before the request that `stopped_at` names, if it does."""
    if stopped_at := place.get("stopped_at"):
        owner, method, number = stopped_at.split()
        _stop_before_request(owner, method, int(number), stop)
    bucket_access.SECONDS_TO_END = float(place.get("seconds_to_end", bucket_access.SECONDS_TO_END))
    return area_at(place, place["prefix"])


def _stop_before_request(owner: str, method: str, number: int, stop: Callable[[], None]) -> None:
    """Stop before so many calls of a method of asyncssh's `SFTPClient` or `SFTPClientFile`."""
    import asyncssh

    original, calls = getattr(getattr(asyncssh, owner), method), itertools.count(1)

    async def stopping(*arguments: Any) -> Any:
        if next(calls) == number:
            stop()
        return await original(*arguments)

    setattr(getattr(asyncssh, owner), method, stopping)
