"""What only a file system can do wrong."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from promo_reports.delivery import publish
from promo_reports.delivery.target import ReadableFolder
from promo_reports.errors import Damaged, DestinationRefused, DestinationUnavailable, StagingError
from promo_reports.object_stores.directory.store import DirectoryObjects
from tests.support.delivery.exports import DEFAULT, LATE, REPORT, WINDOW, LocalPlace, assert_is, staged
from tests.support.delivery.interruptions import InterruptedArea, child
from tests.support.small_disk import mounted, read_only_directory, small_disk
from tests.support.special_files import SPECIAL_FILES


@pytest.fixture
def small(tmp_path: Path) -> Iterator[LocalPlace]:
    """A download area on a file system with 1 MiB of free space."""
    with small_disk(tmp_path / "small") as root:
        yield LocalPlace(root)


def test_directories_and_files_are_private(local: LocalPlace, tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        publish(staged(tmp_path, b"new\n"), local.area)
    finally:
        os.umask(previous)
    for path in (local.root, local.root / REPORT, local.folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in local.folder.iterdir()} == {0o600}


def test_a_full_area_says_how_much_is_needed_and_still_serves_the_previous_export(
    small: LocalPlace, tmp_path: Path
) -> None:
    old = staged(tmp_path, b"x" * 500_000)
    publish(old, small.area)
    export = staged(tmp_path, b"y" * 700_000, snapshot_at=LATE)
    with pytest.raises(DestinationUnavailable, match=r"No space left.*700,000 bytes are needed and [\d,]+ are free"):
        publish(export, small.area)
    assert_is(small, old)
    fits = staged(tmp_path, b"z" * 400_000, snapshot_at=LATE)
    publish(fits, small.area)
    assert_is(small, fits)


def test_an_area_that_fills_up_while_copying(
    small: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = staged(tmp_path, b"x" * 500_000)
    publish(old, small.area)
    monkeypatch.setattr(DirectoryObjects, "_make_room", lambda *_: None)
    with pytest.raises(DestinationUnavailable, match=r"700,000 bytes are needed and [45]\d\d,\d\d\d are free"):
        publish(staged(tmp_path, b"y" * 700_000, snapshot_at=LATE), small.area)
    assert_is(small, old)


def test_a_file_size_limit(local: LocalPlace, tmp_path: Path) -> None:
    """As a full file system, for wherever nothing can be mounted."""
    old = staged(tmp_path, b"old\n")
    publish(old, local.area)
    export = staged(tmp_path, b"y" * 200_000, snapshot_at=LATE)
    with child(export, local.for_child(), "file size limit", "SIGKILL") as process:
        output, _ = process.communicate(timeout=60)
    assert json.loads(output)["error"] == "DestinationUnavailable"
    assert "200,000 bytes are needed" in json.loads(output)["text"]
    assert_is(local, old)


def test_a_read_only_area(tmp_path: Path) -> None:
    """Made read-only while it holds an export; where nothing can be mounted, one that is."""
    root = tmp_path / "read-only"
    old, new = staged(tmp_path, b"old\n"), staged(tmp_path, b"new\n", snapshot_at=LATE)
    if not mounted(root):
        with pytest.raises(DestinationRefused, match="is read-only"):
            publish(new, LocalPlace(read_only_directory()).area)
        return
    try:
        place = LocalPlace(root)
        publish(old, place.area)
        subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
        with pytest.raises(DestinationRefused, match="is read-only"):
            publish(new, place.area)
        assert_is(place, old)
    finally:
        subprocess.run(["umount", str(root)], check=True)


def test_an_area_of_somebody_else(tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    with tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o555)
        with unprivileged(), pytest.raises(DestinationRefused, match="closed to this user"):
            publish(export, LocalPlace(Path(public) / "downloads").area)


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user whom permissions bind, which root is not."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_in_the_place_of_the_area(local: LocalPlace, tmp_path: Path) -> None:
    local.root.write_text("a file")
    with pytest.raises(DestinationRefused, match="not a directory"):
        publish(staged(tmp_path, b"new\n"), local.area)


@pytest.mark.parametrize("level", [REPORT, f"{REPORT}/{WINDOW}"])
def test_a_link_below_the_root_is_not_followed(local: LocalPlace, tmp_path: Path, level: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (local.root / level).parent.mkdir(parents=True)
    (local.root / level).symlink_to(elsewhere)
    with pytest.raises(DestinationRefused):
        publish(staged(tmp_path, b"new\n"), local.area)
    assert not list(elsewhere.iterdir())


def test_links_in_the_place_of_files_are_replaced_or_refused(local: LocalPlace, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("untouched")
    export = staged(tmp_path, b"new\n")
    local.folder.mkdir(parents=True)
    (local.folder / export.manifest.files[0].name).symlink_to(secret)
    twice = InterruptedArea(local.area, "before put 2", lambda: None)
    publish(export, twice)
    assert not twice.reached
    assert_is(local, export)
    (local.folder / "manifest.json").unlink()
    (local.folder / "manifest.json").symlink_to(secret)
    with pytest.raises(DestinationRefused, match="symbolic link"):
        publish(export, local.area)
    assert secret.read_text() == "untouched"


def there(folder: ReadableFolder | None) -> ReadableFolder:
    assert folder is not None
    return folder


@pytest.mark.parametrize("kind", ["a FIFO", "a socket"])
def test_what_is_no_file_is_not_opened(local: LocalPlace, tmp_path: Path, kind: str) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, local.area)
    file = export.manifest.files[0]
    (local.folder / file.name).unlink()
    SPECIAL_FILES[kind](local.folder / file.name)
    with local.area.reading(DEFAULT) as folder, pytest.raises(Damaged, match="it is no regular file"):
        there(folder).open(file)
    publish(export, local.area)
    assert_is(local, export)
    (local.folder / "manifest.json").unlink()
    SPECIAL_FILES[kind](local.folder / "manifest.json")
    with pytest.raises(DestinationRefused, match=f"holds {kind} in the place of a file"):
        publish(export, local.area)
    with local.area.reading(DEFAULT) as folder, pytest.raises(DestinationRefused, match=f"holds {kind}"):
        there(folder).manifest()


def test_a_staged_file_that_is_none_is_not_opened(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    path = export.directory / export.manifest.files[0].name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StagingError, match="it is a FIFO"):
        publish(export, local.area)


def test_no_more_of_a_manifest_is_read_than_one_can_have(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, local.area)
    os.truncate(local.folder / "manifest.json", 10 << 30)
    with pytest.raises(DestinationRefused, match="larger than 16 MiB"):
        publish(export, local.area)


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "downloads").symlink_to(tmp_path / "disk")
    place = LocalPlace(tmp_path / "downloads")
    publish(staged(tmp_path, b"new\n"), place.area)
    assert (tmp_path / "disk" / REPORT / WINDOW / "manifest.json").exists()


def test_a_name_too_long_for_the_file_system(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"old\n")
    file = export.manifest.files[0]
    long = dataclasses.replace(file, name=f"{'n' * 250}-{file.sha256[:8]}.csv")
    with (
        mock.patch("promo_reports.object_stores.directory.store.copy"),
        pytest.raises(DestinationRefused, match="unable to take names this long"),
    ):
        publish(dataclasses.replace(export, manifest=dataclasses.replace(export.manifest, files=(long,))), local.area)
    assert not local.folder.exists()


def test_a_failed_first_publication_leaves_no_directories(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    (export.directory / export.manifest.files[0].name).unlink()
    with pytest.raises(StagingError, match="cannot be read"):
        publish(export, local.area)
    assert local.left() == []


def test_a_temporary_of_a_killed_attempt_makes_room_before_the_next_copy(small: LocalPlace, tmp_path: Path) -> None:
    small.folder.mkdir(parents=True)
    (small.folder / ".part-0123456789abcdef").write_bytes(b"x" * 700_000)
    export = staged(tmp_path, b"y" * 700_000)
    publish(export, small.area)
    assert_is(small, export)
