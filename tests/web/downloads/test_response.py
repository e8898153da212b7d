"""Downloads as browsers and scripts make them: whole and in ranges, while the file is replaced or removed."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import random
import socket
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from devstack.s3 import S3Server
from promo_reports.delivery import OpenFile, PresignedFile, PublishedExport, open_published, publish, published, sweep
from promo_reports.domain.account import Account
from promo_reports.domain.delivery import Download
from promo_reports.domain.manifest import ExportFile
from promo_reports.pipeline.staging.directory import StagedDirectory
from promo_reports.settings import Settings
from tests.support.delivery.exports import (
    LATE,
    BucketPlace,
    LocalPlace,
    connect_airflow,
    open_descriptors,
    staged,
    wanted,
)
from tests.support.web.serving import SlowClient, server, sparse, wait_for

ACCOUNT = Account("UTC", "monday", ())
FAR = datetime(2100, 1, 1, tzinfo=UTC)
ROWS = b"".join(b"%d,wallet\n" % number for number in range(100_000))
LARGE = 32 << 20
"""Bytes that do not fit into the buffers between server and client: their download lasts until the client reads."""


@pytest.fixture
def local(tmp_path: Path) -> LocalPlace:
    """A download area."""
    return LocalPlace(tmp_path / "downloads")


@pytest.fixture
def port(local: LocalPlace) -> Iterator[int]:
    """A server of that area; nothing of it may be open in the end."""
    settings = Settings(download_dir=local.root)

    def open_file() -> OpenFile | PresignedFile:
        return open_published(Download(), ACCOUNT, settings, local.asked(), delivered=True)

    def read_manifest() -> PublishedExport:
        return published(Download(), ACCOUNT, settings, local.asked(), delivered=True)

    with server(open_file, read_manifest) as port:
        yield port
        wait_for(lambda: not open_descriptors(local.root))


@pytest.fixture
def client(port: int) -> Iterator[httpx.Client]:
    """A browser, which takes gzip and follows no redirect."""
    with _browser(port) as browser:
        yield browser


def _browser(port: int) -> httpx.Client:
    return httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"Accept-Encoding": "gzip"}, trust_env=False, timeout=20
    )


@pytest.fixture
def export(local: LocalPlace, tmp_path: Path) -> StagedDirectory:
    """A published export of about 1 MB."""
    made = staged(tmp_path, ROWS)
    publish(made, local.area)
    return made


def etag(file: ExportFile) -> str:
    return f'"{file.sha256}"'


def test_the_whole_file_is_not_compressed_on_its_way(client: httpx.Client, export: StagedDirectory) -> None:
    (file,) = export.manifest.files
    answer = client.get("/download")
    assert (answer.status_code, answer.content) == (200, ROWS)
    assert dict(answer.headers) | {"date": "", "server": "", "last-modified": ""} == {
        "content-type": "text/csv; charset=utf-8",
        "content-length": str(len(ROWS)),
        "content-encoding": "identity",
        "content-disposition": f"attachment; filename=\"{file.name}\"; filename*=UTF-8''{file.name}",
        "accept-ranges": "bytes",
        "etag": etag(file),
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
        "date": "",
        "server": "",
        "last-modified": "",
    }


def test_head_tells_the_same_and_sends_nothing(client: httpx.Client, export: StagedDirectory) -> None:
    got, head = client.get("/download"), client.head("/download", headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}
    assert head.headers["content-length"] == str(export.manifest.files[0].bytes)


def test_a_zip_says_so(client: httpx.Client, local: LocalPlace, tmp_path: Path) -> None:
    made = staged(tmp_path, b"PK\x05\x06" + 18 * b"\0")
    (file,) = made.manifest.files
    zipped = dataclasses.replace(file, name=file.name.replace(".csv", ".zip"))
    (made.directory / file.name).rename(made.directory / zipped.name)
    publish(StagedDirectory(made.directory, dataclasses.replace(made.manifest, files=(zipped,))), local.area)
    assert client.get("/download").headers["content-type"] == "application/zip"


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=10-", 10, len(ROWS)),
        ("bytes=-5", len(ROWS) - 5, len(ROWS)),
        (f"bytes=-{len(ROWS) + 1}", 0, len(ROWS)),
        ("bytes=100-99999999999", 100, len(ROWS)),
        (f"bytes={len(ROWS) - 1}-", len(ROWS) - 1, len(ROWS)),
        (f"bytes=0-{256 * 1024 - 1}", 0, 256 * 1024),
        (f"bytes=1-{256 * 1024 + 1}", 1, 256 * 1024 + 2),
        ("BYTES=0-9", 0, 10),
    ],
)
def test_one_range(client: httpx.Client, export: StagedDirectory, asked: str, first: int, end: int) -> None:
    answer = client.get("/download", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{len(ROWS)}"
    assert answer.headers["content-length"] == str(end - first)
    assert answer.headers["etag"] == etag(export.manifest.files[0])
    assert answer.content == ROWS[first:end]


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,5-6", "bytes=0-1,", "rows=0-1", "bytes=9-1", "bytes=", "bytes=-", "bytes=a-b", "0-1", "bytes=1_0-2_0",
     "bytes=--5", "bytes=٣-٤".encode().decode("latin-1"), f"bytes={'9' * 5000}-"],
)  # fmt: skip
def test_other_ranges_are_ignored(client: httpx.Client, export: StagedDirectory, asked: str) -> None:
    answer = client.get("/download", headers={b"Range": asked.encode("latin-1")})
    assert (answer.status_code, len(answer.content)) == (200, export.manifest.files[0].bytes)


@pytest.mark.parametrize("asked", [f"bytes={len(ROWS)}-", "bytes=99999999999-99999999999", "bytes=-0"])
def test_a_range_behind_the_end(client: httpx.Client, export: StagedDirectory, asked: str) -> None:
    answer = client.get("/download", headers={"Range": asked})
    assert (answer.status_code, answer.json()["error"]["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{export.manifest.files[0].bytes}"


def test_ranges_glued_together_are_the_file(client: httpx.Client, export: StagedDirectory) -> None:
    ends = random.Random(7)
    first, parts = 0, []
    while first < len(ROWS):
        last = first + ends.randrange(1, 90_000)
        parts.append(client.get("/download", headers={"Range": f"bytes={first}-{last}"}).content)
        first = last + 1
    assert hashlib.sha256(b"".join(parts)).hexdigest() == export.manifest.files[0].sha256


def test_a_download_goes_on_only_where_it_is_still_the_same_file(
    client: httpx.Client, local: LocalPlace, export: StagedDirectory, tmp_path: Path
) -> None:
    resume = {"Range": "bytes=5-", "If-Range": etag(export.manifest.files[0])}
    assert client.get("/download", headers=resume).status_code == 206
    assert client.get("/download", headers=resume | {"If-Range": f"W/{resume['If-Range']}"}).status_code == 200
    publish(staged(tmp_path, b"other\n", snapshot_at=LATE), local.area)
    answer = client.get("/download", headers=resume)
    assert (answer.status_code, answer.content) == (200, b"other\n")


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_what_the_client_has_is_not_sent_again(client: httpx.Client, export: StagedDirectory, form: str) -> None:
    tag = etag(export.manifest.files[0])
    answer = client.get("/download", headers={"If-None-Match": form.format(tag), "Range": "bytes=0-1"})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


def test_what_the_client_has_of_another_export_is_not_taken_for_it(
    client: httpx.Client, export: StagedDirectory
) -> None:
    answer = client.get("/download", headers={"If-None-Match": f'"{export.manifest.files[0].sha256[:63]}"'})
    assert answer.status_code == 200


def test_a_file_of_several_gigabytes(client: httpx.Client, local: LocalPlace, tmp_path: Path) -> None:
    size, over = 5 << 30, (1 << 32) + 3
    manifest = staged(tmp_path, b"any\n").manifest
    sparse(local, manifest, size, {(1 << 31) - 2: b"half", over: b"quarters", size - 3: b"end"})
    assert client.head("/download").headers["content-length"] == str(size)
    for asked, expected in {
        f"bytes={(1 << 31) - 2}-{(1 << 31) + 1}": b"half",
        f"bytes={over}-{over + 7}": b"quarters",
        "bytes=-3": b"end",
    }.items():
        answer = client.get("/download", headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, expected)


def test_it_is_swept_in_the_middle_of_a_download(
    client: httpx.Client, port: int, local: LocalPlace, tmp_path: Path
) -> None:
    content = random.Random(1).randbytes(LARGE)
    publish(staged(tmp_path, content), local.area)
    slow = SlowClient(port)
    assert sweep(local.root, older_than=FAR).files == 2
    assert [target for target in open_descriptors(local.root) if target.endswith(" (deleted)")]
    assert client.get("/download").status_code == 410
    assert slow.rest() == content


@pytest.mark.parametrize("asked", [{}, {"Range": "bytes=0-"}])
def test_it_is_swept_before_the_first_byte_is_sent(
    local: LocalPlace, export: StagedDirectory, asked: dict[str, str]
) -> None:
    settings = Settings(download_dir=local.root)

    def open_file() -> OpenFile | PresignedFile:
        opened = open_published(Download(), ACCOUNT, settings, wanted(export), delivered=True)
        assert sweep(local.root, older_than=FAR).files == 2
        return opened

    with server(open_file, lambda: pytest.fail("not asked for")) as port, _browser(port) as browser:
        assert browser.get("/download", headers=asked).content == ROWS
    assert not open_descriptors(local.root)


def test_it_is_replaced_in_the_middle_of_a_download(
    client: httpx.Client, port: int, local: LocalPlace, tmp_path: Path
) -> None:
    content = random.Random(2).randbytes(LARGE)
    publish(staged(tmp_path, content), local.area)
    slow = SlowClient(port)
    publish(staged(tmp_path, b"new\n", snapshot_at=LATE), local.area)
    assert open_descriptors(local.root)
    assert client.get("/download").content == b"new\n"
    assert slow.rest() == content


def test_a_client_that_goes_away_leaves_nothing_open(port: int, local: LocalPlace, tmp_path: Path) -> None:
    publish(staged(tmp_path, bytes(LARGE)), local.area)
    clients = [SlowClient(port) for _ in range(5)]
    assert len(open_descriptors(local.root)) >= 5
    for slow in clients:
        slow.leave()
    wait_for(lambda: not open_descriptors(local.root))


def test_a_client_that_takes_nothing_loses_its_connection(
    local: LocalPlace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(staged(tmp_path, bytes(LARGE)), local.area)
    settings = Settings(download_dir=local.root)

    def open_file() -> OpenFile | PresignedFile:
        return open_published(Download(), ACCOUNT, settings, local.asked(), delivered=True)

    with server(open_file, lambda: pytest.fail("not asked for"), stall_seconds=0.5) as port:
        clients = [SlowClient(port), SlowClient(port, Range="bytes=5-", status=206)]
        wait_for(lambda: not open_descriptors(local.root))
        wait_for(lambda: not connections_from_clients(port))
        for slow in clients:
            with pytest.raises(ConnectionResetError):
                slow.rest()
            slow.leave()
    said = [each.getMessage() for each in caplog.records if each.name == "promo_reports.web.downloads.response"]
    assert len(said) == 2
    assert all(each.endswith("took nothing for 0.5 seconds; its connection is ended.") for each in said)


def connections_from_clients(port: int) -> int:
    """How many ends of its connections the server has, which are sockets of this process."""
    found = 0
    for descriptor in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not files
        with contextlib.suppress(OSError):
            if Path("/dev/fd", descriptor).is_socket():
                with socket.socket(fileno=os.dup(int(descriptor))) as each:
                    found += each.getsockname()[1] == port and bool(each.getpeername())
    return found


def test_a_download_has_one_descriptor(port: int, local: LocalPlace, tmp_path: Path) -> None:
    publish(staged(tmp_path, bytes(LARGE)), local.area)
    clients = [SlowClient(port) for _ in range(3)]
    assert len(open_descriptors(local.root)) == 3
    for slow in clients:
        slow.leave()


def test_memory_does_not_grow_with_the_file(client: httpx.Client, local: LocalPlace, tmp_path: Path) -> None:
    size = 256 << 20
    sparse(local, staged(tmp_path, b"any\n").manifest, size, {})
    client.get("/manifest")
    received = 0
    tracemalloc.start()
    try:
        with client.stream("GET", "/download") as answer:
            for part in answer.iter_raw():
                received += len(part)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert received == size
    assert peak < 8 << 20


def test_the_manifest_is_json_as_it_was_written(client: httpx.Client, export: StagedDirectory) -> None:
    answer = client.get("/manifest")
    assert answer.content == export.manifest.to_json()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = client.get("/manifest", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.fixture
def from_bucket(
    s3: S3Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[httpx.Client, StagedDirectory]]:
    """A browser of a server whose download area is a bucket, and the export in it."""
    place = BucketPlace(s3.client(), s3.endpoint_url, bucket)
    made = staged(tmp_path, ROWS)
    publish(made, place.area)
    connect_airflow(monkeypatch, s3.endpoint_url)

    def open_file() -> OpenFile | PresignedFile:
        return open_published(Download(), ACCOUNT, place.settings(), wanted(made), delivered=True)

    with server(open_file, lambda: pytest.fail("not asked for")) as port, _browser(port) as browser:
        yield browser, made


def test_a_bucket_is_where_the_browser_is_sent(from_bucket: tuple[httpx.Client, StagedDirectory], s3: S3Server) -> None:
    browser, made = from_bucket
    answer = browser.get("/download")
    assert (answer.status_code, answer.content) == (303, b"")
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert answer.headers["location"].startswith(f"{s3.endpoint_url}/")
    followed = browser.get("/download", follow_redirects=True)
    assert followed.content == ROWS
    assert made.manifest.files[0].name in followed.headers["content-disposition"]
    part = browser.get("/download", headers={"Range": "bytes=3-9"}, follow_redirects=True)
    assert (part.status_code, part.content) == (206, ROWS[3:10])


def test_a_bucket_answers_head_and_what_is_known_here(from_bucket: tuple[httpx.Client, StagedDirectory]) -> None:
    browser, made = from_bucket
    (file,) = made.manifest.files
    head = browser.head("/download")
    assert (head.status_code, head.headers["content-length"], head.headers["etag"]) == (200, str(len(ROWS)), etag(file))
    assert browser.get("/download", headers={"If-None-Match": etag(file)}).status_code == 304
