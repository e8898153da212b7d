"""The place of one export at a destination, and how a bucket's settings place exports."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace

from promo_reports.domain.manifest import MANIFEST_NAME, Manifest
from promo_reports.domain.places.pattern import Named, Pattern

LONGEST_NAME = 255
"""Bytes of a folder's name, and of a file's: what file systems take."""
MANIFEST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.json")
"""Names that a manifest may have; no file of an export has one of them."""
RECORDS, RECORD = "_promo_reports", "place.json"
"""Folder and name of the records of places: `<RECORDS>/<default folder>/<RECORD>`. Query engines skip its name."""
LONGEST_RECORD = len(f"{RECORDS}/") + len(f"/{RECORD}")
"""Bytes of a record's key beside those of the default folder."""
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._=-]{{0,{LONGEST_NAME - 1}}}")


@dataclass(frozen=True)
class ExportPlace:
    """Where one export lies below the root of a destination: its folder, outermost name first, and its files' names.

    `stem` is the file's name before `-<8 hex>` and the suffix; None leaves the one that it was staged with. ValueError
    for names that are hidden or lead elsewhere.
    """

    folder: tuple[str, ...]
    stem: str | None = None
    manifest: str = MANIFEST_NAME

    def __post_init__(self) -> None:
        for name in self.folder:
            if not _NAME.fullmatch(name) or name == self.manifest:
                raise ValueError(f"{name!r} cannot name a folder of an export")
        if not self.folder:
            raise ValueError("an export has a folder of its own")
        if self.stem is not None and not _NAME.fullmatch(self.stem):
            raise ValueError(f"{self.stem!r} cannot name a file of an export")
        if not MANIFEST.fullmatch(self.manifest):
            raise ValueError(f"{self.manifest!r} cannot name a manifest")

    def to_json(self) -> bytes:
        """Return it as it is recorded at a destination."""
        return (json.dumps({"format_version": 1, **asdict(self)}, indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> ExportPlace:
        """Return the place that was recorded; ValueError where it is none, or of a format that this release lacks."""
        values = json.loads(content)
        if not isinstance(values, dict) or values.get("format_version") != 1:
            raise ValueError("not a place of format version 1")
        folder, stem, manifest = (values.get(key) for key in ("folder", "stem", "manifest"))
        if not isinstance(folder, list) or not all(isinstance(each, str) for each in (*folder, stem or "", manifest)):
            raise ValueError("not a whole place")
        return cls(tuple(folder), stem, str(manifest))

    def manifest_of(self, staged: Manifest) -> Manifest:
        """Return the manifest as it lies here: each file, staged as `<stem>-<8 hex>.<suffix>`, has the place's stem."""
        if self.stem is None:
            return staged
        files = (replace(each, name=f"{self.stem}-{each.name.rpartition('-')[2]}") for each in staged.files)
        return replace(staged, files=tuple(files))

    def may_hold(self, data_file: str) -> bool:
        """Return whether a file that is named as those of exports are can be one of this export."""
        return self.stem is None or data_file.rpartition("-")[0] == self.stem


@dataclass(frozen=True)
class Placement:
    """How a bucket of the account places exports; without patterns, as every release has done it."""

    folder: Pattern | None = None
    file_stem: Pattern | None = None
    manifest: str = MANIFEST_NAME

    def place(self, export: Named, default: ExportPlace) -> ExportPlace:
        """Return where an export goes; `default` is its place without patterns. ValueError if a name is too long."""
        return ExportPlace(
            self.folder.names(export) if self.folder else default.folder,
            self.file_stem.names(export)[0] if self.file_stem else default.stem,
            self.manifest,
        )


UNPLACED = Placement()
"""That of buckets without any pattern, and of download areas."""
