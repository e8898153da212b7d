"""What every destination keeps: complete or absent, idempotent, replaced, and the late attempt loses."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from promo_reports.delivery import publish
from promo_reports.errors import DestinationRefused, StagingError
from tests.support.delivery.exports import DEFAULT, EARLY, LATE, LATER, Place, assert_is, assert_whole, staged


def test_it_publishes_files_and_a_manifest(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n", b"a,b\n3,4\n")
    published = publish(export, place.area)
    assert published.changed
    assert published.manifest == place.address("manifest.json")
    assert published.files == tuple(place.address(file.name) for file in export.manifest.files)
    assert place.contents()["manifest.json"] == export.manifest.to_json()
    assert_is(place, export)


def test_the_same_content_again_writes_nothing(place: Place, tmp_path: Path) -> None:
    first = publish(staged(tmp_path, b"same\n"), place.area)
    before = place.stamps()
    again = publish(staged(tmp_path, b"same\n", snapshot_at=LATE), place.area)
    assert (again.changed, again.manifest, again.files) == (False, first.manifest, first.files)
    assert place.stamps() == before


def test_the_same_content_needs_no_staged_files(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"same\n")
    publish(export, place.area)
    shutil.rmtree(export.directory)
    assert not publish(export, place.area).changed
    assert_is(place, export)


def test_other_content_replaces_all_of_it(place: Place, tmp_path: Path) -> None:
    publish(staged(tmp_path, b"old 1\n", b"old 2\n", b"old 3\n"), place.area)
    export = staged(tmp_path, b"new\n", snapshot_at=LATE)
    assert publish(export, place.area).changed
    assert_is(place, export)


def test_a_file_that_stays_the_same_is_not_written_again(place: Place, tmp_path: Path) -> None:
    old = staged(tmp_path, b"same\n", b"old\n")
    publish(old, place.area)
    before = place.stamps()
    new = staged(tmp_path, b"same\n", b"new\n", snapshot_at=LATE)
    publish(new, place.area)
    kept = [name for name, stamp in place.stamps().items() if before.get(name) == stamp]
    assert [Path(name).name for name in kept] == [old.manifest.files[0].name]
    assert_is(place, new)


def test_an_older_snapshot_is_refused_and_leaves_no_trace(place: Place, tmp_path: Path) -> None:
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATER)
    publish(newer, place.area)
    before = place.stamps()
    with pytest.raises(DestinationRefused, match="newer export of this window is already there"):
        publish(staged(tmp_path, b"older\n", snapshot_at=LATE), place.area)
    assert place.stamps() == before
    assert_is(place, newer)


def test_an_older_snapshot_with_the_same_content_is_no_mistake(place: Place, tmp_path: Path) -> None:
    publish(staged(tmp_path, b"same\n", snapshot_at=LATER), place.area)
    assert not publish(staged(tmp_path, b"same\n", snapshot_at=EARLY), place.area).changed


@pytest.mark.parametrize("staged_files", ["there", "gone"])
def test_a_window_that_has_settled_stops_saying_open(place: Place, tmp_path: Path, staged_files: str) -> None:
    publish(staged(tmp_path, b"same\n", open_window=True), place.area)
    settled = staged(tmp_path, b"same\n", snapshot_at=LATE)
    if staged_files == "gone":
        shutil.rmtree(settled.directory)
    assert publish(settled, place.area).changed
    assert json.loads(place.contents()["manifest.json"])["window"]["open"] is False
    before = place.stamps()
    assert not publish(staged(tmp_path, b"same\n", open_window=True, snapshot_at=LATER), place.area).changed
    assert place.stamps() == before


@pytest.mark.parametrize("damage", ["deleted", "cut short", "bits flipped"])
def test_a_published_file_that_is_damaged_is_put_again(place: Place, tmp_path: Path, damage: str) -> None:
    export = staged(tmp_path, b"one\n", b"two\n")
    publish(export, place.area)
    name = export.manifest.files[1].name
    place.delete(name) if damage == "deleted" else place.overwrite(name, b"tw" if damage == "cut short" else b"twp\n")
    assert publish(export, place.area).changed
    assert_is(place, export)


def test_a_published_file_that_is_gone_cannot_be_put_again_without_staging(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"one\n")
    publish(export, place.area)
    place.delete(export.manifest.files[0].name)
    shutil.rmtree(export.directory)
    with pytest.raises(StagingError, match="Clear the run's extract task"):
        publish(export, place.area)


@pytest.mark.parametrize("content", [b"bit flipped\n", b"longer than it was\n", b""])
def test_what_is_not_the_verified_file_does_not_leave_staging(place: Place, tmp_path: Path, content: bytes) -> None:
    good = staged(tmp_path, b"good\n")
    publish(good, place.area)
    export = staged(tmp_path, b"fine\n", b"Bit flipped\n", snapshot_at=LATE)
    (export.directory / export.manifest.files[1].name).write_bytes(content)
    with pytest.raises(StagingError, match="is not what was verified"):
        publish(export, place.area)
    assert_is(place, good)


def test_names_in_any_script(place: Place, tmp_path: Path) -> None:
    for number, stem in enumerate(["Tägliche Gutscheine – Köln", "每日积分 100% #1?", "नमस्ते & 'quotes' + [1]"]):
        export = staged(tmp_path, f"{number}\n".encode(), stem=stem, snapshot_at=f"2024-03-02T06:00:0{number}+00:00")
        published = publish(export, place.area)
        assert published.files == (place.address(export.manifest.files[0].name),)
        assert_is(place, export)
        assert not publish(export, place.area).changed


def test_an_empty_file(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"")
    publish(export, place.area)
    assert_is(place, export)


def test_what_others_keep_there_is_left_alone(place: Place, tmp_path: Path) -> None:
    place.overwrite("README.txt", b"ours")
    publish(staged(tmp_path, b"old\n"), place.area)
    publish(staged(tmp_path, b"new\n", snapshot_at=LATE), place.area)
    assert place.contents()["README.txt"] == b"ours"
    assert len(place.contents()) == 3


def test_data_that_no_manifest_names_is_tidied_away(place: Place, tmp_path: Path) -> None:
    place.overwrite("Wallets-0123abcd.csv", b"left by a killed attempt")
    export = staged(tmp_path, b"new\n")
    publish(export, place.area)
    assert_is(place, export)


def test_what_a_killed_attempt_had_superseded_is_tidied_away_by_a_retry_that_changes_nothing(
    place: Place, tmp_path: Path
) -> None:
    place.overwrite("Wallets-0123abcd.csv", b"superseded")
    time.sleep(1.1)  # S3 counts in seconds
    export = staged(tmp_path, b"new\n")
    with place.area.folder(DEFAULT) as folder:
        folder.put(export.manifest.files[0], export, adopt=False)
    place.overwrite("manifest.json", export.manifest.to_json())
    assert not publish(export, place.area).changed
    assert_is(place, export)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format_version": 2}', b'{"format_version": 1, "files": 3}', b"\xff\xfe"]
)
def test_a_manifest_that_is_not_ours_is_not_overwritten(place: Place, tmp_path: Path, content: bytes) -> None:
    place.overwrite("manifest.json", content)
    with pytest.raises(DestinationRefused, match=r"manifest\.json is not a manifest that this release can read"):
        publish(staged(tmp_path, b"new\n"), place.area)
    assert place.contents() == {"manifest.json": content}


def test_a_manifest_with_an_impossible_time_is_not_overwritten(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    for text in ("null", '"yesterday"'):
        place.overwrite(
            "manifest.json",
            export.manifest.to_json().replace(f'"snapshot_at": "{EARLY}"'.encode(), f'"snapshot_at": {text}'.encode()),
        )
        with pytest.raises(DestinationRefused, match="not a manifest"):
            publish(export, place.area)


@pytest.mark.parametrize("name", ["../up-{}.csv", "a/b-{}.csv", "plain.csv", ".hidden-{}.csv", "other-00000000.csv"])
def test_names_that_would_break_the_switch_are_a_defect(place: Place, tmp_path: Path, name: str) -> None:
    export = staged(tmp_path, b"x\n")
    file = export.manifest.files[0]
    renamed = dataclasses.replace(file, name=name.format(file.sha256[:8]))
    manifest = dataclasses.replace(export.manifest, files=(renamed,))
    with pytest.raises(ValueError, match="is not named"):
        publish(dataclasses.replace(export, manifest=manifest), place.area)
    assert assert_whole(place) is None


@pytest.mark.parametrize("key", ["..", ".", "", "a/b", ".hidden", "a\0b"])
def test_folders_cannot_leave_the_area(place: Place, tmp_path: Path, key: str) -> None:
    export = staged(tmp_path, b"x\n")
    for field in ("window_key", "report_id"):
        change: dict[str, Any] = {field: key}
        manifest = dataclasses.replace(export.manifest, **change)
        with pytest.raises(ValueError, match="cannot name a folder"):
            publish(dataclasses.replace(export, manifest=manifest), place.area)


def test_an_export_without_an_event_key_is_a_defect(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"x\n")
    with pytest.raises(ValueError, match="no event_key"):
        publish(dataclasses.replace(export, manifest=dataclasses.replace(export.manifest, event_key="")), place.area)
