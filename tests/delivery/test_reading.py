"""What a reader gets of an export: the file that its manifest names now, all of it, or a clear no."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import re
import shutil
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from promo_reports.delivery import (
    OpenFile,
    PresignedFile,
    PublishedExport,
    Wanted,
    open_published,
    publish,
    published,
    sweep,
)
from promo_reports.delivery.destinations import area_for
from promo_reports.delivery.stored_exports import ReadableExport
from promo_reports.domain.account import Account
from promo_reports.domain.delivery import Download
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.manifest import Manifest
from promo_reports.errors import (
    Damaged,
    DestinationRefused,
    DestinationUnavailable,
    Expired,
    ForeignExport,
    NotPublished,
    Replaced,
)
from promo_reports.object_stores.directory.locked import MARKER
from promo_reports.object_stores.signed_url import content_disposition
from promo_reports.pipeline.staging.directory import StagedDirectory
from promo_reports.settings import Settings
from tests.support.delivery.exports import (
    DEFAULT,
    LATE,
    LATER,
    REPORT,
    WINDOW,
    BucketPlace,
    LocalPlace,
    Place,
    open_descriptors,
    staged,
    wanted,
)
from tests.support.delivery.sftp import asked_of

ACCOUNT = Account("UTC", "monday", ())
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def _reached(place: Place, read: Callable[..., Any], asked: Wanted, delivered: bool) -> Any:
    return read(*asked_of(place), asked, delivered=delivered)


def opened(place: Place, asked: Wanted, *, delivered: bool = True) -> OpenFile | PresignedFile:
    found: OpenFile | PresignedFile = _reached(place, open_published, asked, delivered)
    return found


def manifest_at(place: Place, asked: Wanted, *, delivered: bool = True) -> PublishedExport:
    found: PublishedExport = _reached(place, published, asked, delivered)
    return found


def content(found: OpenFile | PresignedFile) -> bytes:
    """What a browser gets of it."""
    if isinstance(found, OpenFile):
        with found:
            return found.stream.readall() or b""
    with urllib.request.urlopen(found.url) as answer:
        body: bytes = answer.read()
        return body


def before_opening(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object], times: int = 1) -> None:
    """Do something between reading a manifest and opening its file, so many times."""
    original: Any = ReadableExport.open
    left = [what] * times

    def interrupted(self: Any, file: Any) -> Any:
        if left:
            left.pop()()
        return original(self, file)

    monkeypatch.setattr(ReadableExport, "open", interrupted)


def rewrite(place: Place, export: StagedDirectory, **changes: Any) -> None:
    """Put a manifest there that publication would not write."""
    manifest = json.loads(export.manifest.to_json()) | changes
    place.overwrite("manifest.json", json.dumps(manifest).encode())


def test_it_is_the_file_of_the_manifest(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n")
    publish(export, place.area)
    found = opened(place, wanted(export))
    assert found.file == export.manifest.files[0]
    assert content(found) == b"a,b\n1,2\n"
    written = export.manifest.to_json()
    assert manifest_at(place, wanted(export)) == PublishedExport(Manifest.from_json(written), written)


@pytest.mark.parametrize("read", [opened, manifest_at])
def test_a_later_export_of_the_window_is_not_sent_for_the_one_that_it_replaced(
    place: Place, tmp_path: Path, read: Callable[..., Any]
) -> None:
    old, new = staged(tmp_path, b"old\n"), staged(tmp_path, b"new\n", snapshot_at=LATE)
    publish(old, place.area)
    publish(new, place.area)
    assert content(opened(place, wanted(new))) == b"new\n"
    with pytest.raises(Replaced, match=r"Another file has taken the place .* the window was exported again"):
        read(place, wanted(old))


def test_the_same_file_of_a_later_export_is_the_file(place: Place, tmp_path: Path) -> None:
    old, again = staged(tmp_path, b"same\n"), staged(tmp_path, b"same\n", snapshot_at=LATE)
    publish(old, place.area)
    publish(again, place.area)
    assert old.manifest.run_id != again.manifest.run_id
    assert [content(opened(place, wanted(each))) for each in (old, again)] == [b"same\n", b"same\n"]


@pytest.mark.parametrize("read", [opened, manifest_at])
def test_nothing_there_is_expired_only_if_it_was_delivered(
    place: Place, tmp_path: Path, read: Callable[..., Any]
) -> None:
    asked = wanted(staged(tmp_path, b"new\n"))
    if isinstance(place, LocalPlace):
        place.root.mkdir()
        (place.root / MARKER).touch()
    with pytest.raises(NotPublished):
        read(place, asked, delivered=False)
    with pytest.raises(Expired):
        read(place, asked, delivered=True)
    assert not isinstance(place, LocalPlace) or place.left() == []


@pytest.mark.parametrize("read", [opened, manifest_at])
@pytest.mark.parametrize("there", ["nothing", "an empty directory", "another's files"])
def test_an_area_that_this_host_does_not_see_has_not_expired(
    local: LocalPlace, tmp_path: Path, read: Callable[..., Any], there: str
) -> None:
    """A volume that nobody has mounted, or another one in its place; to say 410 would be final."""
    if there != "nothing":
        local.root.mkdir()
    if there == "another's files":
        (local.root / "lost+found").mkdir()
        (local.root / "reports" / "2026").mkdir(parents=True)
    with pytest.raises(DestinationUnavailable, match="This host does not see the download area") as told:
        read(local, wanted(staged(tmp_path, b"new\n")), delivered=True)
    assert "Mount the directory that the workers deliver to" in told.value.fix


def test_an_area_is_known_when_its_last_export_is_gone(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"old\n")
    publish(export, area_for(Download(), ACCOUNT, Settings(download_dir=local.root)))
    shutil.rmtree(local.folder.parent)
    assert [path.name for path in local.root.iterdir()] == [MARKER]
    with pytest.raises(Expired):
        opened(local, wanted(export))


def test_an_area_of_the_release_before_is_known(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"old\n")
    publish(export, local.area)
    assert not (local.root / MARKER).exists()
    shutil.move(local.folder.parent, local.root / "another")
    with pytest.raises(Expired):
        opened(local, wanted(export))
    sweep(local.root, older_than=FAR)
    assert local.left() == []
    with pytest.raises(Expired):
        opened(local, wanted(export))


@pytest.mark.parametrize("delivered", [True, False])
def test_a_file_that_is_gone_beside_its_manifest_has_expired(place: Place, tmp_path: Path, delivered: bool) -> None:
    """As a rule of the bucket leaves it, object by object."""
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    place.delete(export.manifest.files[0].name)
    with pytest.raises(Expired, match="has been removed"):
        opened(place, wanted(export), delivered=delivered)


def test_a_damaged_file_is_refused(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    place.overwrite(export.manifest.files[0].name, b"longer than that\n")
    with pytest.raises(Damaged, match=r"daily_wallets.*Wallets-.* is damaged: .*the 4 .*Clear the run"):
        opened(place, wanted(export))


def test_it_is_replaced_after_its_manifest_was_read(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = staged(tmp_path, b"old\n")
    publish(export, place.area)
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATE)
    before_opening(monkeypatch, lambda: publish(newer, place.area))
    with pytest.raises(Replaced):
        opened(place, wanted(export))


def test_it_is_replaced_by_the_same_again_and_again(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file in between, and the same one again under another name, each time that it is about to be opened."""
    numbers = iter(range(100))

    def replace() -> StagedDirectory:
        number = next(numbers)
        at = [f"2024-03-02T10:{number:02d}:{second:02d}Z" for second in (0, 1)]
        publish(staged(tmp_path, b"other\n", snapshot_at=at[0]), place.area)
        export = staged(tmp_path, b"same\n", stem=f"Wallets {number}", snapshot_at=at[1])
        publish(export, place.area)
        return export

    export = replace()
    before_opening(monkeypatch, replace, times=50)
    with pytest.raises(DestinationUnavailable, match="replaced again and again"):
        opened(place, wanted(export))


def test_it_is_swept_after_its_manifest_was_read(
    local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = staged(tmp_path, b"old\n")
    publish(export, local.area)
    before_opening(monkeypatch, lambda: sweep(local.root, older_than=FAR))
    with pytest.raises(Expired):
        opened(local, wanted(export), delivered=False)
    assert local.left() == []


def test_an_open_file_outlives_its_replacement_and_its_removal(local: LocalPlace, tmp_path: Path) -> None:
    first, second = staged(tmp_path, b"old\n"), staged(tmp_path, b"new\n", snapshot_at=LATE)
    publish(first, local.area)
    old = opened(local, wanted(first))
    publish(second, local.area)
    new = opened(local, wanted(second))
    assert sweep(local.root, older_than=FAR).files == 2
    assert (content(old), content(new)) == (b"old\n", b"new\n")


def test_readers_and_publications_do_not_wait_for_each_other(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"old\n")
    publish(export, local.area)
    with local.area.folder(DEFAULT):
        held = opened(local, wanted(export))
    publish(staged(tmp_path, b"new\n", snapshot_at=LATER), local.area)
    assert content(held) == b"old\n"


@pytest.mark.parametrize(
    ("report_id", "window_key"), [("..", WINDOW), (REPORT, ".."), (REPORT, ""), ("a/b", WINDOW), (REPORT, "x\0")]
)
def test_names_that_no_export_has(place: Place, tmp_path: Path, report_id: str, window_key: str) -> None:
    """Whoever may write a task's state may write any name there."""
    asked = wanted(staged(tmp_path, b"new\n", report_id=report_id, window_key=window_key))
    for read in (opened, manifest_at):
        with pytest.raises(NotPublished):
            read(place, asked)


@pytest.mark.parametrize(
    "changes",
    [
        {"report_id": "another"},
        {"window_key": "another"},
        {"dag_id": "promo_reports.report.another"},
        {"dag_id": "promo_reports.type.wallet_transactions"},
    ],
)
def test_the_manifest_of_another_export_is_refused(place: Place, tmp_path: Path, changes: dict[str, str]) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    rewrite(place, export, **changes)
    for read in (opened, manifest_at):
        with pytest.raises(ForeignExport, match="is the manifest of another export"):
            read(place, wanted(export))


@pytest.mark.parametrize(
    "name", ["../secret-{}.csv", "/etc/secret-{}.csv", "passwd", ".hidden-{}.csv", "W-00000000.csv"]
)
def test_only_a_name_that_publication_gives_is_opened(place: Place, tmp_path: Path, name: str) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    (file,) = export.manifest.files
    renamed = dataclasses.replace(file, name=name.format(file.sha256[:8]))
    rewrite(place, export, files=[dataclasses.asdict(renamed)])
    for read in (opened, manifest_at):
        with pytest.raises(DestinationRefused, match="does not name one file of an export"):
            read(place, wanted(export))


@pytest.mark.parametrize("count", [0, 2])
def test_an_export_is_one_file(place: Place, tmp_path: Path, count: int) -> None:
    export = staged(tmp_path, *(b"one\n", b"two\n")[:count])
    publish(export, place.area)
    for read in (opened, manifest_at):
        with pytest.raises(DestinationRefused, match="does not name one file of an export"):
            read(place, Wanted(ExportFolder.of(export.manifest), "5" * 64))


def test_what_is_no_manifest_is_refused(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    place.overwrite("manifest.json", b"{}")
    for read in (opened, manifest_at):
        with pytest.raises(DestinationRefused, match="not a manifest that this release can read"):
            read(place, wanted(export))


def test_a_link_in_the_place_of_the_file_is_refused(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, local.area)
    path = local.folder / export.manifest.files[0].name
    path.rename(tmp_path / "same content")
    path.symlink_to(tmp_path / "same content")
    with pytest.raises(DestinationRefused, match="symbolic link"):
        opened(local, wanted(export))


@pytest.mark.parametrize("level", [REPORT, f"{REPORT}/{WINDOW}", f"{REPORT}/{WINDOW}/manifest.json"])
def test_a_link_on_the_way_is_refused(local: LocalPlace, tmp_path: Path, level: str) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, local.area)
    path = local.root / level
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DestinationRefused):
        opened(local, wanted(export))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_at_once(local: LocalPlace, tmp_path: Path, make: Callable[[Path], None]) -> None:
    export = staged(tmp_path, b"")
    publish(export, local.area)
    path = local.folder / export.manifest.files[0].name
    path.unlink()
    make(path)
    with pytest.raises(Damaged):
        opened(local, wanted(export))
    assert open_descriptors(local.root) == []


def test_the_url_is_short_lived_and_saves_the_file(
    in_bucket: BucketPlace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    export = staged(tmp_path, b"new\n")
    name = export.manifest.files[0].name
    publish(export, in_bucket.area)
    with caplog.at_level(logging.INFO):
        found = opened(in_bucket, wanted(export))
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
        opened(in_bucket, wanted(export))


def test_the_connection_of_airflow_signs_with_version_4(in_bucket: BucketPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, in_bucket.area)
    found = opened(in_bucket, wanted(export))
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
