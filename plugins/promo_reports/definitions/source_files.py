"""List the files that should be definitions or report types, with stamps that show changes; none is opened."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from promo_reports.definitions.inputs.yaml_reader import shown_path
from promo_reports.domain.definition import NOT_IN_AN_ID, Origin, is_report_id
from promo_reports.object_stores.directory.file_stamps import check_of_one_file, stamp_of, unreadable

Look = tuple[tuple[str, int, int, int], ...]
"""Name, time of change, size and inode of each entry of a directory."""
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class SourceFile:
    """One file or object that should be a definition, or a report type.

    `key` is the id that its name promises, always safe as a file name and in Python text. `address` is the path of a
    file, and whatever the store of created reports calls one of its own. `stamp` changes with the content; `twin` is
    the address of another one that promises the same id, so that neither may be used.
    """

    key: str
    address: str
    origin: Origin
    stamp: str
    twin: str | None = None

    @property
    def name(self) -> str:
        """The last part of its address."""
        return PurePosixPath(self.address).name

    @property
    def shown(self) -> str:
        """The last two parts, `reports/x.yaml`: the same on every host, so that DAGs are too."""
        return shown_path(self.address)


def is_source_name(name: str) -> bool:
    """Return whether a file of this name should be a definition or report type: YAML, and not hidden."""
    return name.endswith(SUFFIXES) and not name.startswith(".")


def list_directory(directory: Path, origin: Origin) -> Iterator[SourceFile]:
    """Yield the YAML files of one directory, but hidden ones; `StoreError` where it cannot be read whole."""
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                stamp = stamp_of(entry) if is_source_name(entry.name) else ""
                if stamp:
                    yield SourceFile(key_of(entry.name), entry.path, origin, stamp)
    except OSError as error:
        raise unreadable(directory, error) from error


def look_at(directory: Path) -> Look:
    """Return what is in a directory, equal to another look as long as no file came, went or changed.

    It costs some 3 microseconds a file, where a list of sources costs 20. `StoreError` where it cannot be read whole.
    """
    seen = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError as error:  # removed meanwhile, for example
                    check_of_one_file(error)
                    seen.append((entry.name, 0, 0, 0))
                    continue
                seen.append((entry.name, status.st_mtime_ns, status.st_size, status.st_ino))
    except OSError as error:
        raise unreadable(directory, error) from error
    return tuple(seen)


def paired(sources: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    """Return the sources sorted by key, with one for each key; `twin` names a second file of the same key."""
    found: dict[str, SourceFile] = {}
    for source in sorted(sources, key=lambda each: (each.key, each.origin is not Origin.GIT, each.address)):
        first = found.get(source.key)
        found[source.key] = (
            source
            if first is None
            else replace(first, twin=first.twin or source.address, stamp=f"{first.stamp}+{source.stamp}")
        )
    return tuple(found[key] for key in sorted(found))


def key_of(file_name: str) -> str:
    """Return the id that a file's name promises; for a name that is no id, one made of it that nothing else has."""
    stem = file_name.rpartition(".")[0]
    if is_report_id(stem):
        return stem
    slug = NOT_IN_AN_ID.sub("_", stem.lower()).strip("_")[:60]
    return f"unnamed_{slug}-{hashlib.sha256(file_name.encode(errors='surrogateescape')).hexdigest()[:8]}"
