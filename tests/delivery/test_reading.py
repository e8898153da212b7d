"""What a reader gets of an export: the file that its manifest names now, all of it, or a clear no."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import re
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from promo_reports.delivery import (
    Damaged,
    Expired,
    NotPublished,
    OpenFile,
    PresignedFile,
    PublishedExport,
    open_published,
    publish,
    published,
    sweep,
)
from promo_reports.delivery.amazon_s3 import AmazonS3Folder
from promo_reports.delivery.download_area import DownloadFolder
from promo_reports.delivery.opened import content_disposition
from promo_reports.domain.account import Account
from promo_reports.domain.delivery import Download
from promo_reports.domain.manifest import Manifest, StagedExport
from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.settings import Settings
from tests.delivery.exports import (
    LATE,
    LATER,
    PREFIX,
    REPORT,
    WINDOW,
    BucketPlace,
    LocalPlace,
    Place,
    open_descriptors,
    staged,
)

ACCOUNT = Account("UTC", "monday", ())
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def _reached(place: Place, read: Callable[..., Any], report_id: str, window_key: str, delivered: bool) -> Any:
    if isinstance(place, BucketPlace):
        settings = Settings(download_bucket=f"s3://{place.bucket}/{PREFIX}", download_connection="test_s3")
        client = place.client
        return read(
            Download(), ACCOUNT, settings, report_id, window_key, delivered=delivered, client=lambda _bucket: client
        )
    assert isinstance(place, LocalPlace)
    settings = Settings(download_dir=place.root)
    return read(Download(), ACCOUNT, settings, report_id, window_key, delivered=delivered)


def opened(
    place: Place, *, report_id: str = REPORT, window_key: str = WINDOW, delivered: bool = True
) -> OpenFile | PresignedFile:
    found: OpenFile | PresignedFile = _reached(place, open_published, report_id, window_key, delivered)
    return found


def manifest_at(place: Place, *, delivered: bool = True) -> PublishedExport:
    found: PublishedExport = _reached(place, published, REPORT, WINDOW, delivered)
    return found


def content(found: OpenFile | PresignedFile) -> bytes:
    """What a browser gets of it."""
    if isinstance(found, OpenFile):
        with found:
            return found.stream.readall() or b""
    with urllib.request.urlopen(found.url) as answer:
        body: bytes = answer.read()
        return body


def before_opening(place: Place, monkeypatch: pytest.MonkeyPatch, what: Callable[[], object], times: int = 1) -> None:
    """Do something between reading a manifest and opening its file, so many times."""
    folder = DownloadFolder if isinstance(place, LocalPlace) else AmazonS3Folder
    original: Any = folder.open
    left = [what] * times

    def interrupted(self: Any, file: Any) -> Any:
        if left:
            left.pop()()
        return original(self, file)

    monkeypatch.setattr(folder, "open", interrupted)


def rewrite(place: Place, export: StagedExport, **changes: Any) -> None:
    """Put a manifest there that publication would not write."""
    manifest = json.loads(export.manifest.to_json()) | changes
    place.overwrite("manifest.json", json.dumps(manifest).encode())


def test_it_is_the_file_of_the_manifest(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n")
    publish(export, place.area)
    found = opened(place)
    assert found.file == export.manifest.files[0]
    assert content(found) == b"a,b\n1,2\n"
    written = export.manifest.to_json()
    assert manifest_at(place) == PublishedExport(Manifest.from_json(written), written)


def test_a_rerun_shows_the_new_file(place: Place, tmp_path: Path) -> None:
    publish(staged(tmp_path, b"old\n"), place.area)
    publish(staged(tmp_path, b"new\n", snapshot_at=LATE), place.area)
    assert content(opened(place)) == b"new\n"


@pytest.mark.parametrize("read", [opened, manifest_at])
def test_nothing_there_is_expired_only_if_it_was_delivered(place: Place, read: Callable[..., Any]) -> None:
    if isinstance(place, LocalPlace):
        place.root.mkdir()
    with pytest.raises(NotPublished):
        read(place, delivered=False)
    with pytest.raises(Expired):
        read(place, delivered=True)
    assert not isinstance(place, LocalPlace) or list(place.root.iterdir()) == []


@pytest.mark.parametrize("delivered", [True, False])
def test_a_file_that_is_gone_beside_its_manifest_has_expired(place: Place, tmp_path: Path, delivered: bool) -> None:
    """As a rule of the bucket leaves it, object by object."""
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    place.delete(export.manifest.files[0].name)
    with pytest.raises(Expired, match="has been removed"):
        opened(place, delivered=delivered)


def test_a_damaged_file_is_refused(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    place.overwrite(export.manifest.files[0].name, b"longer than that\n")
    with pytest.raises(Damaged, match=r"daily_wallets.*Wallets-.* is damaged: .*the 4 .*Clear the run"):
        opened(place)


def test_it_is_replaced_after_its_manifest_was_read(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(staged(tmp_path, b"old\n"), place.area)
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATE)
    before_opening(place, monkeypatch, lambda: publish(newer, place.area))
    assert content(opened(place)) == b"newer\n"


def test_it_is_replaced_again_and_again(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(100))

    def replace() -> None:
        number = next(numbers)
        publish(staged(tmp_path, b"%d\n" % number, snapshot_at=f"2024-03-02T10:00:{number:02d}Z"), place.area)

    replace()
    before_opening(place, monkeypatch, replace, times=50)
    with pytest.raises(DestinationUnavailable, match="replaced again and again"):
        opened(place)


def test_it_is_swept_after_its_manifest_was_read(
    local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(staged(tmp_path, b"old\n"), local.area)
    before_opening(local, monkeypatch, lambda: sweep(local.root, older_than=FAR))
    with pytest.raises(Expired):
        opened(local, delivered=False)
    assert list(local.root.iterdir()) == []


def test_an_open_file_outlives_its_replacement_and_its_removal(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged(tmp_path, b"old\n"), local.area)
    old = opened(local)
    publish(staged(tmp_path, b"new\n", snapshot_at=LATE), local.area)
    new = opened(local)
    assert sweep(local.root, older_than=FAR).files == 2
    assert (content(old), content(new)) == (b"old\n", b"new\n")


def test_readers_and_publications_do_not_wait_for_each_other(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged(tmp_path, b"old\n"), local.area)
    with local.area.folder(REPORT, WINDOW):
        held = opened(local)
    publish(staged(tmp_path, b"new\n", snapshot_at=LATER), local.area)
    assert content(held) == b"old\n"


@pytest.mark.parametrize(
    ("report_id", "window_key"), [("..", WINDOW), (REPORT, ".."), (REPORT, ""), ("a/b", WINDOW), (REPORT, "x\0")]
)
def test_names_that_no_export_has(place: Place, report_id: str, window_key: str) -> None:
    with pytest.raises(NotPublished):
        opened(place, report_id=report_id, window_key=window_key)


@pytest.mark.parametrize("key", ["report_id", "window_key"])
def test_the_manifest_of_another_export_is_refused(place: Place, tmp_path: Path, key: str) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    rewrite(place, export, **{key: "another"})
    for read in (opened, manifest_at):
        with pytest.raises(DestinationRefused, match="is the manifest of another export"):
            read(place)


@pytest.mark.parametrize(
    "name", ["../secret-{}.csv", "/etc/secret-{}.csv", "passwd", ".hidden-{}.csv", "W-00000000.csv"]
)
def test_only_a_name_that_publication_gives_is_opened(place: Place, tmp_path: Path, name: str) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    (file,) = export.manifest.files
    renamed = dataclasses.replace(file, name=name.format(file.sha256[:8]))
    rewrite(place, export, files=[dataclasses.asdict(renamed)])
    with pytest.raises(DestinationRefused, match="does not name one file of an export"):
        opened(place)


@pytest.mark.parametrize("count", [0, 2])
def test_an_export_is_one_file(place: Place, tmp_path: Path, count: int) -> None:
    publish(staged(tmp_path, *(b"one\n", b"two\n")[:count]), place.area)
    with pytest.raises(DestinationRefused, match="does not name one file of an export"):
        opened(place)


def test_what_is_no_manifest_is_refused(place: Place, tmp_path: Path) -> None:
    publish(staged(tmp_path, b"new\n"), place.area)
    place.overwrite("manifest.json", b"{}")
    for read in (opened, manifest_at):
        with pytest.raises(DestinationRefused, match="not a manifest that this release can read"):
            read(place)


def test_a_link_in_the_place_of_the_file_is_refused(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, local.area)
    path = local.folder / export.manifest.files[0].name
    path.rename(tmp_path / "same content")
    path.symlink_to(tmp_path / "same content")
    with pytest.raises(DestinationRefused, match="symbolic link"):
        opened(local)


@pytest.mark.parametrize("level", [REPORT, f"{REPORT}/{WINDOW}", f"{REPORT}/{WINDOW}/manifest.json"])
def test_a_link_on_the_way_is_refused(local: LocalPlace, tmp_path: Path, level: str) -> None:
    publish(staged(tmp_path, b"new\n"), local.area)
    path = local.root / level
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DestinationRefused):
        opened(local)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_at_once(local: LocalPlace, tmp_path: Path, make: Callable[[Path], None]) -> None:
    export = staged(tmp_path, b"")
    publish(export, local.area)
    path = local.folder / export.manifest.files[0].name
    path.unlink()
    make(path)
    with pytest.raises(Damaged):
        opened(local)
    assert open_descriptors(local.root) == []


def test_an_area_that_is_not_there_has_not_expired(local: LocalPlace) -> None:
    """A volume that nobody has mounted; to say 410 would be final."""
    with pytest.raises(DestinationUnavailable, match="No such file or directory"):
        opened(local)


def test_the_url_is_short_lived_and_saves_the_file(
    in_bucket: BucketPlace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    export = staged(tmp_path, b"new\n")
    name = export.manifest.files[0].name
    publish(export, in_bucket.area)
    with caplog.at_level(logging.INFO):
        found = opened(in_bucket)
    assert isinstance(found, PresignedFile)
    asked = {key: value for key, (value,) in parse_qs(urlsplit(found.url).query).items()}
    assert (asked["X-Amz-Algorithm"], asked["X-Amz-Expires"]) == ("AWS4-HMAC-SHA256", "60")
    assert asked["response-content-disposition"] == content_disposition(name)
    with urllib.request.urlopen(found.url) as answer:
        assert answer.headers["Content-Disposition"] == content_disposition(name)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Signature" not in repr(found) + caplog.text


def test_a_file_of_the_right_size_with_another_hash_is_refused(in_bucket: BucketPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, in_bucket.area)
    in_bucket.overwrite(export.manifest.files[0].name, b"bad\n")
    with pytest.raises(Damaged):
        opened(in_bucket)


def test_the_connection_of_airflow_signs_with_version_4(
    in_bucket: BucketPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(staged(tmp_path, b"new\n"), in_bucket.area)
    extra = {"endpoint_url": in_bucket.endpoint_url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "any", "password": "any", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_TEST_DOWNLOADS", json.dumps(connection))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings = Settings(download_bucket=f"s3://{in_bucket.bucket}/{PREFIX}/", download_connection="test_downloads")
    found = open_published(Download(), ACCOUNT, settings, REPORT, WINDOW, delivered=True)
    assert isinstance(found, PresignedFile)
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in found.url
    assert content(found) == b"new\n"


@pytest.mark.parametrize("name", ["plain-1.csv", 'a "b"; c\\d/é\r\nX-Evil: 1-1.csv', "Кошелёк-1.zip", "50%25-1.csv"])
def test_any_name_is_safe_in_the_header(name: str) -> None:
    from urllib.parse import unquote

    header = content_disposition(name)
    found = re.fullmatch(r"attachment; filename=\"([A-Za-z0-9._ ()-]+)\"; filename\*=UTF-8''([\w.%~-]+)", header, re.A)
    assert found
    assert unquote(found[2]) == name
    assert len(found[1]) == len(name)
