"""A private directory as a place of small objects: what a listing shows, and what is deleted on a condition."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promo_reports.object_stores.directory.private import PrivateDirectory, PrivateFolder
from promo_reports.object_stores.port import Incomplete, LostRace


@pytest.fixture
def folders(tmp_path: Path) -> PrivateDirectory:
    made = PrivateDirectory(tmp_path / "root", ("kept",))
    made.prepare()
    return made


@pytest.fixture
def folder(folders: PrivateDirectory) -> PrivateFolder:
    return folders.folder("kept")


def test_a_listing_and_a_single_look_give_the_same_stamp(folder: PrivateFolder) -> None:
    folder.put("a", b"one", replacing=None)
    (folder.path / "link").symlink_to("nowhere")
    assert {each.name: each.stamp for each in folder.entries()} == {name: folder.stamp(name) for name in ("a", "link")}
    assert folder.stamp("b") == ""


def test_what_was_listed_is_deleted_and_nothing_that_took_its_place(folder: PrivateFolder) -> None:
    folder.put("a", b"one", replacing=None)
    stamp = folder.stamp("a")
    found = folder.get("a")
    assert found is not None
    folder.put("a", b"two!", replacing=found.tag)
    with pytest.raises(LostRace):
        folder.discard("a", stamp=stamp)
    folder.discard("a", stamp=folder.stamp("a"))
    folder.discard("a", stamp=stamp)
    assert folder.get("a") is None


def test_a_folder_that_is_needed_is_not_made_by_writing(folders: PrivateDirectory, folder: PrivateFolder) -> None:
    """One that has vanished is a fault; others come with their first object."""
    folders.folder("other").put("a", b"one", replacing=None)
    folder.path.rmdir()
    with pytest.raises(Incomplete, match="kept/ directory"):
        folders.exist()
    with pytest.raises(FileNotFoundError):
        folder.put("a", b"one", replacing=None)
    assert sorted(path.name for path in folders.root.iterdir()) == ["other"]


def test_a_change_shows_in_the_revision(folder: PrivateFolder) -> None:
    before = folder.revision()
    assert "?" in before
    folder.put("a", b"one", replacing=None)
    assert folder.revision() != before
    os.utime(folder.path, (1, 1))
    assert folder.revision() == folder.revision()
