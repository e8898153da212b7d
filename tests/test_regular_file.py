"""What is no regular file is told without being opened; links are followed in a Kubernetes volume alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promo_reports.regular_file import NotRegular, open_regular, read_regular, status_of
from tests.support.special_files import SPECIAL_FILES


def test_a_regular_file_is_read_and_no_more_of_it_than_asked(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    assert read_regular(path, 20) == b"0123456789"
    assert read_regular(path, 4) == b"01234"
    os.truncate(path, 10 << 30)  # sparse: 10 GiB without a block of them
    assert len(read_regular(path, 64 * 1024)) == 64 * 1024 + 1
    with open_directory(tmp_path) as directory:
        assert read_regular("x", 4, directory=directory) == b"01234"


@pytest.mark.parametrize("kind", ["a FIFO", "a socket", "a symbolic link"])
def test_anything_else_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    SPECIAL_FILES[kind](path)
    with pytest.raises(NotRegular) as told:
        read_regular(path, 10)
    assert told.value.what == kind
    assert "hostname" not in str(told.value)
    with open_directory(tmp_path) as directory, pytest.raises(NotRegular, match=kind):
        open_regular("x", directory=directory)


def test_a_device_and_a_directory_and_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotRegular, match="a device"):
        open_regular("/dev/zero")
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "x")


def test_the_files_of_a_kubernetes_volume_are_read(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_29").mkdir()
    (tmp_path / "..2026_11_29" / "x.yaml").write_text("id: x")
    (tmp_path / "..data").symlink_to("..2026_11_29")
    (tmp_path / "x.yaml").symlink_to("..data/x.yaml")
    assert read_regular(tmp_path / "x.yaml", 100) == b"id: x"
    assert status_of(tmp_path / "x.yaml").st_size == 5


@pytest.mark.parametrize(
    ("link", "data"),
    [
        ("..data/y.yaml", "..version"),  # of another name
        ("../outside/x.yaml", "..version"),
        ("..data/x.yaml", "../outside"),
        ("..data/x.yaml", ".."),
        ("..data/x.yaml", "outside"),
        ("..data/x.yaml", "/etc"),
        ("y.yaml", "..version"),
    ],
)
def test_no_other_link_is_followed(tmp_path: Path, link: str, data: str) -> None:
    volume = tmp_path / "volume"
    for directory in (volume / "..version", tmp_path / "outside", volume / "outside"):
        directory.mkdir(parents=True)
        for name in ("x.yaml", "y.yaml"):
            (directory / name).write_text("secret")
    (volume / "y.yaml").write_text("secret")
    (volume / "..data").symlink_to(data)
    (volume / "x.yaml").symlink_to(link)
    with pytest.raises(NotRegular, match="a symbolic link"):
        read_regular(volume / "x.yaml", 100)


def test_what_a_volume_shows_must_be_regular_too(tmp_path: Path) -> None:
    (tmp_path / "..version").mkdir()
    (tmp_path / "..version" / "x.yaml").symlink_to("/etc/hostname")
    (tmp_path / "..data").symlink_to("..version")
    (tmp_path / "x.yaml").symlink_to("..data/x.yaml")
    with pytest.raises(NotRegular, match="a symbolic link"):
        read_regular(tmp_path / "x.yaml", 100)


class open_directory:  # noqa: N801
    """A directory's descriptor for the block."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> int:
        self._descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY)
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
