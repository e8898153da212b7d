"""How a staged file is copied: by the kernel, or by reading and writing where that cannot do it or does it wrongly."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import StagingError
from promo_reports.object_stores import staged_file
from promo_reports.object_stores.staged_file import copy
from promo_reports.pipeline.staging.directory import StagedDirectory
from tests.support.delivery.exports import staged

CONTENT = b"0123456789" * 1000
copy_file_range = os.copy_file_range


@pytest.fixture
def export(tmp_path: Path) -> StagedDirectory:
    """A staged export of one file."""
    return staged(tmp_path, CONTENT)


def copied(export: StagedDirectory, target: Path) -> bytes:
    """Return what is in `target` once the only file of the export has been copied to it."""
    (file,) = export.manifest.files
    with target.open("x+b") as opened:
        copy(file, export.directory / file.name, opened)
    return target.read_bytes()


def source_of(export: StagedDirectory) -> Path:
    return export.directory / export.manifest.files[0].name


def no_reading(file: ExportFile, source: Path) -> None:
    pytest.fail(f"{source} of {file.bytes} bytes was read, to be written again")


def test_within_one_file_system_the_kernel_copies(
    export: StagedDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged_file, "chunks", no_reading)
    assert copied(export, tmp_path / "copy") == CONTENT


def test_the_copy_is_a_file_of_its_own(export: StagedDirectory, tmp_path: Path) -> None:
    """A later change of one of the two does not change the other."""
    source, target = source_of(export), tmp_path / "copy"
    copied(export, target)
    assert not source.samefile(target)
    assert source.stat().st_nlink == target.stat().st_nlink == 1
    for changed, other in ((source, target), (target, source)):
        before = other.read_bytes()
        with changed.open("r+b") as file:
            file.write(b"changed " + changed.name.encode())
        assert other.read_bytes() == before


def test_between_two_file_systems(export: StagedDirectory) -> None:
    """Where the call really fails, with EXDEV."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        assert Path(elsewhere).stat().st_dev != export.directory.stat().st_dev
        assert copied(export, Path(elsewhere) / "copy") == CONTENT


def refuse(code: int, *, after: int = 0) -> Callable[..., int]:
    """Return a copy_file_range that fails once so many bytes have been copied."""

    def call(source: int, target: int, count: int, offset: int, _: int) -> int:
        if offset >= after:
            raise OSError(code, os.strerror(code))
        return copy_file_range(source, target, min(count, after), offset, offset)

    return call


def end_early(source: int, target: int, count: int, offset: int, _: int) -> int:
    """Copy 4,096 bytes and then say that this was all, as some file systems do."""
    return 0 if offset else copy_file_range(source, target, min(count, 4096), offset, offset)


def leave_a_hole(_: int, target: int, count: int, offset: int, __: int) -> int:
    """Say that all was copied, and leave zeros."""
    os.ftruncate(target, offset + count)
    return count


def in_small_pieces(source: int, target: int, count: int, offset: int, _: int) -> int:
    """Copy fewer bytes than were asked for."""
    return copy_file_range(source, target, min(count, 777), offset, offset)


CODES = (errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM, errno.EXDEV, errno.EIO, errno.ENOSPC)


@pytest.mark.parametrize(
    "call",
    [*map(refuse, CODES), refuse(errno.EIO, after=4096), end_early, leave_a_hole, in_small_pieces],
    ids=[*(errno.errorcode[code] for code in CODES), "EIO in the middle", "early end", "hole", "small pieces"],
)
def test_however_the_kernel_copies(
    export: StagedDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[..., int]
) -> None:
    monkeypatch.setattr(os, "copy_file_range", call)
    assert copied(export, tmp_path / "copy") == CONTENT


def test_a_system_without_the_call(export: StagedDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "copy_file_range")
    assert copied(export, tmp_path / "copy") == CONTENT


@pytest.mark.parametrize("content", [CONTENT + b"more", CONTENT[:-1], CONTENT[:-1] + b"x", b""])
def test_another_content_is_refused(export: StagedDirectory, tmp_path: Path, content: bytes) -> None:
    source_of(export).write_bytes(content)
    with pytest.raises(StagingError, match="is not what was verified"):
        copied(export, tmp_path / "copy")


def test_a_file_that_is_gone(export: StagedDirectory, tmp_path: Path) -> None:
    source_of(export).unlink()
    with pytest.raises(StagingError, match="cannot be read"):
        copied(export, tmp_path / "copy")


def test_a_disk_that_gives_back_other_bytes(
    export: StagedDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged_file, "digest_of", lambda file: (len(CONTENT), "of other bytes"))
    with pytest.raises(OSError, match="Input/output error"):
        copied(export, tmp_path / "copy")
