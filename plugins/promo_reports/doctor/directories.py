"""The directories of an installation: whether this user can write them, and what lies below them can do."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from promo_reports.doctor.installation import Installation
from promo_reports.domain.check_result import CheckResult, ok, problem
from promo_reports.errors import StoreError
from promo_reports.settings import PREFIX

LEAST_FREE = 1 << 30
"""Bytes; a million rows are some 150 MB in staging, and as much again where they are delivered."""

_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_OTHERS = 0o007


def check_staging(installation: Installation) -> Iterator[CheckResult]:
    """Yield whether exports can be staged: in a directory, or on the way to a bucket on a disk of this host."""
    settings = installation.settings
    if settings.staging_bucket is None:
        yield from _directory("staging area", "STAGING_DIR", settings.staging)
    else:
        yield from _directory("scratch directory", "SCRATCH_DIR", settings.scratch)


def check_downloads(installation: Installation) -> Iterator[CheckResult]:
    """Yield whether exports can be delivered to the download area, where that is a directory."""
    if installation.settings.download_bucket is None:
        yield from _directory("download area", "DOWNLOAD_DIR", installation.settings.downloads)


def check_store(installation: Installation) -> Iterator[CheckResult]:
    """Yield whether created reports and stop marks can be read; where the store is a directory, also written."""
    settings, store = installation.settings, installation.registry.store
    try:
        store.exists()
        if settings.store_bucket is not None:
            store.contents()  # asks the store, of which this host may have a copy
            found = f"{len(store.entries()):,} created reports, by connection {settings.store_connection}"
            yield ok("store", f"{store.address} can be listed: {found}.")
            return
    except StoreError as error:
        yield problem("store", f"{error.reason} {error.fix}".strip())
        return
    yield from _directory("store", "STORE_DIR", settings.store)


def _directory(subject: str, setting: str, path: Path) -> Iterator[CheckResult]:
    elsewhere = f"set {PREFIX}{setting} to another directory"
    try:
        there = next(each for each in (path, *path.parents) if each.exists())
    except OSError as error:
        yield problem(
            subject, f"{path} cannot be looked at ({error.strerror}): correct its permissions, or {elsewhere}."
        )
        return
    if not there.is_dir():
        yield problem(subject, f"{there} is no directory: remove it, or {elsewhere}.")
        return
    wrong = list(_wrong(path, there, elsewhere))
    yield from (problem(subject, sentence) for sentence in wrong)
    if not wrong:
        state = "" if path == there else ", is made by whoever writes to it first"
        yield ok(subject, f"{path}{state}: {_free(there) >> 30:,} GiB are free.")


def _wrong(path: Path, there: Path, elsewhere: str) -> Iterator[str]:
    try:
        _try_out(there)
    except OSError as error:
        yield (
            f"A file in {there} cannot be written, synced, renamed and locked ({error.strerror}): give this user write "
            f"access, use a file system that can, or {elsewhere}."
        )
    if _free(there) < LEAST_FREE:
        yield f"{_free(there):,} bytes are free on the disk of {there}: free 1 GiB at least, or {elsewhere}."
    if _type_of(there) in _IN_MEMORY:
        yield (
            f"{there} lies in memory ({_type_of(there)}), which exports need, and is gone after a restart: {elsewhere}."
        )
    if path == there and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        yield f"Every user of this host may look into {path}: chmod o-rwx {path}."


def _try_out(directory: Path) -> None:
    """Write, sync, lock, rename and remove a file, as staging, delivery and the store do."""
    probe = directory / f".doctor-{secrets.token_hex(8)}"
    renamed = probe.with_suffix(".renamed")
    try:
        descriptor = os.open(probe, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, b"promo-reports doctor\n")
            os.fsync(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
        probe.rename(renamed)
    finally:
        for each in (probe, renamed):
            with suppress(OSError):
                each.unlink()


def _free(directory: Path) -> int:
    space = os.statvfs(directory)
    return space.f_bavail * space.f_frsize


def _type_of(directory: Path) -> str:
    """Return the type of the file system of a directory; empty where the system does not tell."""
    found, longest = "", -1
    with suppress(OSError):
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
        resolved = directory.resolve()
        for _, point, kind, *_ in map(str.split, lines):
            if resolved.is_relative_to(point) and len(point) >= longest:
                found, longest = kind, len(point)
    return found
