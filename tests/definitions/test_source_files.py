"""Looks at a directory: equal as long as nothing in it has changed, different for every way in which it can."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from promo_reports.definitions.source_files import look_at
from promo_reports.errors import StoreError
from promo_reports.object_stores.directory.file_stamps import stamp_of


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("id: x")
    return tmp_path


def test_two_looks_are_equal_when_nothing_has_changed(directory: Path) -> None:
    assert look_at(directory) == look_at(directory)
    assert len(look_at(directory)) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda directory: (directory / "three.yaml").touch(),
        lambda directory: (directory / "one.yaml").unlink(),
        lambda directory: (directory / "one.yaml").rename(directory / "other.yaml"),
        lambda directory: os.utime(directory / "one.yaml", (1, 1)),
        lambda directory: (directory / "link.yaml").symlink_to("nowhere.yaml"),
    ],
    ids=["new", "removed", "renamed", "edited in place", "a link to nothing"],
)
def test_a_look_differs_after_a_change(directory: Path, change: Callable[[Path], object]) -> None:
    before = look_at(directory)
    change(directory)
    assert look_at(directory) != before


def test_a_new_version_of_a_kubernetes_volume_is_seen(directory: Path) -> None:
    (directory / "link.yaml").symlink_to("..data/link.yaml")
    for version, text in enumerate(("id: x", "id: y")):
        (directory / f"..{version}").mkdir()
        (directory / f"..{version}" / "link.yaml").write_text(text)
    (directory / "..data").symlink_to("..0")
    before = look_at(directory), stamp_of(directory / "link.yaml")
    (directory / "..new").symlink_to("..1")
    (directory / "..new").replace(directory / "..data")
    assert look_at(directory) != before[0]
    assert stamp_of(directory / "link.yaml") != before[1]


def test_a_directory_that_is_not_there_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="away"):
        look_at(tmp_path / "away")
