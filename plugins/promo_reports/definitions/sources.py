"""Which files should be definitions or report types, and whether any may have changed: names and stamps only."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from promo_reports.domain.definition import NOT_IN_AN_ID, Origin, is_report_id
from promo_reports.errors import StoreError
from promo_reports.regular_file import status_of

RACY_NANOSECONDS = 2_000_000_000
Look = tuple[tuple[str, int, int, int], ...]
"""Name, time of change, size and inode of each entry of a directory."""
_SUFFIXES = (".yaml", ".yml")
# What is wrong with one file alone, such as a name that is too long; anything else is the disk's.
_OF_ONE_FILE = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.EACCES, errno.ENAMETOOLONG)


@dataclass(frozen=True)
class Source:
    """One file that should be a definition, or a report type.

    `key` is the id that its name promises, always safe as a file name and in Python text; `stamp` changes with the
    file; `twin` is another file that promises the same id, so that neither may be used.
    """

    key: str
    path: Path
    origin: Origin
    stamp: str
    twin: Path | None = None


def list_directory(directory: Path, origin: Origin) -> Iterator[Source]:
    """The YAML files of one directory; `StoreError` where it cannot be read whole. Hidden files are not looked at."""
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.name.endswith(_SUFFIXES):
                    continue
                stamp = stamp_of(entry)
                if stamp:
                    yield Source(key_of(entry.name), Path(entry.path), origin, stamp)
    except OSError as error:
        raise unreadable(directory, error) from error


def look_at(directory: Path) -> Look:
    """What is in a directory, to be compared with another look: equal as long as no file came, went or changed.

    It costs some 3 microseconds a file, where a list of sources costs 20. `StoreError` where it cannot be read whole.
    """
    seen = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError as error:  # gone by now, say
                    _check_of_one_file(error)
                    seen.append((entry.name, 0, 0, 0))
                    continue
                seen.append((entry.name, status.st_mtime_ns, status.st_size, status.st_ino))
    except OSError as error:
        raise unreadable(directory, error) from error
    return tuple(seen)


def paired(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources by key, each key once; where two files have one key, a source that names both."""
    found: dict[str, Source] = {}
    for source in sorted(sources, key=lambda each: (each.key, each.origin is not Origin.GIT, str(each.path))):
        first = found.get(source.key)
        found[source.key] = (
            source
            if first is None
            else replace(first, twin=first.twin or source.path, stamp=f"{first.stamp}+{source.stamp}")
        )
    return tuple(found[key] for key in sorted(found))


def key_of(file_name: str) -> str:
    """The id that a file's name promises; for a name that is no id, one made of it that nothing else has."""
    stem = file_name.rpartition(".")[0]
    if is_report_id(stem):
        return stem
    slug = NOT_IN_AN_ID.sub("_", stem.lower()).strip("_")[:60]
    return f"unnamed_{slug}-{hashlib.sha256(file_name.encode(errors='surrogateescape')).hexdigest()[:8]}"


def stamp_of(file: Path | os.DirEntry[str]) -> str:
    """A text that changes when the file does; empty where it is gone by now. A link, which is refused, has its own."""
    try:
        status = status_of(Path(file))
    except FileNotFoundError:
        return "dangling" if Path(file).is_symlink() else ""
    except OSError as error:
        _check_of_one_file(error)
        return "unreadable"
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def generation_of(paths: Iterable[Path]) -> str:
    """A value that differs after any file was added to, removed from or replaced in the directories; one stat each.

    A change within the last two seconds may share its directory's time with a later one, so such a value is never given
    twice. A file edited in place does not change its directory: its `stamp` tells.
    """
    now = time.time_ns()
    parts = []
    for path in paths:
        try:
            status = path.stat()
        except FileNotFoundError:
            parts.append("-")
            continue
        except OSError as error:
            raise unreadable(path, error) from error
        racy = f"?{now:x}" if now - status.st_mtime_ns < RACY_NANOSECONDS else ""
        parts.append(f"{status.st_mtime_ns:x}.{status.st_ino:x}{racy}")
    return "_".join(parts)


def _check_of_one_file(error: OSError) -> None:
    """Raise again an error that may affect more than one file, so that DAGs do not go stale."""
    if error.errno not in _OF_ONE_FILE:
        raise error


def unreadable(path: Path, error: OSError) -> StoreError:
    """The error for a directory or file that cannot be read whole."""
    return StoreError(
        f"{path} cannot be read: {error.strerror or error}.",
        "Check that it is mounted and that its permissions allow it.",
    )
