"""A file system with one MiB of free space, wherever the tests run: as root, in a container or as anybody."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

FREE = 1 << 20
"""Bytes that are free on it."""

_LARGEST_TO_FILL = 1 << 30


@contextlib.contextmanager
def small_disk(mount_point: Path) -> Iterator[Path]:
    """Yield a directory with FREE bytes of space: a tmpfs on the mount point, else one on a tmpfs that is filled up."""
    if mounted(mount_point):
        try:
            yield mount_point
        finally:
            subprocess.run(["umount", str(mount_point)], check=True)
        return
    with _tmpfs_to_fill() as disk:
        directory = Path(tempfile.mkdtemp(prefix="promo-reports-small-", dir=disk))
        try:
            with _filled(directory):
                yield directory / "root"
        finally:
            shutil.rmtree(directory)


def mounted(mount_point: Path) -> bool:
    """Mount a tmpfs of FREE bytes; return whether that is allowed, which takes more than being root."""
    mount_point.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={FREE},mode=0700", "tmpfs", str(mount_point)]
    return (
        shutil.which("mount") is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


def read_only_directory() -> Path:
    """Return a directory of a file system that is mounted read-only: a container has some, /sys at least."""
    for place in _mount_points():
        with contextlib.suppress(OSError):
            if os.statvfs(place).f_flag & os.ST_RDONLY and place.is_dir() and os.access(place, os.X_OK):
                return place
    pytest.skip("nothing is mounted read-only here, and nothing can be")


@contextlib.contextmanager
def _tmpfs_to_fill() -> Iterator[Path]:
    """Hold the smallest tmpfs that we may write to: a container's /dev or /dev/shm, /run/lock of a host."""
    sizes = {}
    for place in _mount_points("tmpfs"):
        with contextlib.suppress(OSError):
            space = os.statvfs(place)
            free = space.f_bavail * space.f_frsize
            if 2 * FREE < free <= _LARGEST_TO_FILL and place.is_dir() and os.access(place, os.W_OK | os.X_OK):
                sizes[place] = free
    if not sizes:
        pytest.skip("no small file system can be mounted here, and there is no tmpfs of at most 1 GiB to fill")
    disk = min(sizes, key=lambda place: sizes[place])
    with (disk / ".promo-reports-small.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two would fill it for each other
        yield disk


@contextlib.contextmanager
def _filled(directory: Path) -> Iterator[None]:
    root = directory / "root"
    root.mkdir(mode=0o700)
    with (directory / "filler").open("wb") as filler:
        space = os.statvfs(directory)
        os.posix_fallocate(filler.fileno(), 0, space.f_bavail * space.f_frsize - FREE)
        yield


def _mount_points(kind: str = "") -> list[Path]:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return [Path(point) for _, point, found, *_ in map(str.split, lines) if not kind or found == kind]
