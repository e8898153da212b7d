"""The manifest of an export: the description that lies beside every delivered file (reliability, P7)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

FORMAT_VERSION = 1
MANIFEST_NAME = "manifest.json"
MOST_MANIFEST_BYTES = 16 << 20
"""A manifest has some hundred bytes for each file and column; no more is read of what is larger."""


@dataclass(frozen=True)
class Part:
    """One CSV: the whole export, or one member of its ZIP.

    `rows` leaves the header out, `bytes` and `sha256` are of the CSV itself; `first` and `last` are the window column's
    text in its first and last row, None where there is no row or no window.
    """

    name: str
    rows: int
    bytes: int
    sha256: str
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class ExportFile:
    """One file as it is delivered; `members` are the CSVs in a ZIP, in order, and empty for a plain CSV."""

    name: str
    rows: int
    bytes: int
    sha256: str
    first: str | None = None
    last: str | None = None
    members: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """Everything a reader needs to trust an export without asking the database.

    `window` holds `start` and `end` (half-open, with offset) and `open` (not settled when it was read), or is None for
    a snapshot, which has `as_of`. `late_rows` counts rows of the previous window that were recorded after its export.
    `event_key` is a hash of the content alone: the same data again gives the same key (reliability, P14). A key that a
    release adds, here and in a file, has a default: manifests of the releases before do not have it.
    """

    report_id: str
    report_name: str
    report_type: str
    promotion_type: str
    owner: str
    filters: Mapping[str, tuple[str, ...] | None]
    timezone: str
    window: Mapping[str, Any] | None
    as_of: str | None
    dag_id: str
    run_id: str
    rows: int
    source_rows: int
    files: tuple[ExportFile, ...]
    totals: Mapping[str, str]
    totals_by: Mapping[str, Any] | None
    columns: tuple[Mapping[str, Any], ...]
    csv_safety: str
    cells_changed: int
    excluded_rows: int
    late_rows: Mapping[str, Any] | None
    definition_sha256: str
    sql_sha256: str
    snapshot_at: str
    started_at: str
    finished_at: str
    window_key: str
    event_key: str = ""
    format_version: int = FORMAT_VERSION

    def to_json(self) -> bytes:
        """Return the manifest as it is written: UTF-8, indented, keys in the order of this class."""
        return (json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes | str) -> Manifest:
        """Read a manifest again; ValueError where it is none, or of a format this release does not know.

        Keys that this release does not know are ignored, at every level: a later release may have written them.
        """
        return cls.from_values(json.loads(text))

    @classmethod
    def from_values(cls, given: Any) -> Manifest:
        """Return the manifest in the plain values of its JSON; ValueError as `from_json`."""
        values = dict(given) if isinstance(given, dict) else {}
        if values.get("format_version") != FORMAT_VERSION:
            raise ValueError(f"not a manifest of format version {FORMAT_VERSION}")
        try:
            return cls(
                **{
                    **_known(cls, values),
                    "files": tuple(_file_of(each) for each in values["files"]),
                    "columns": tuple(values["columns"]),
                }
            )
        except (AttributeError, KeyError, TypeError) as wrong:
            raise ValueError(f"not a whole manifest: {wrong}") from wrong


def _file_of(values: Mapping[str, Any]) -> ExportFile:
    members = tuple(Part(**_known(Part, each)) for each in values["members"])
    return ExportFile(**{**_known(ExportFile, values), "members": members})


def _known(kind: type[Part | ExportFile | Manifest], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the keys that this release has."""
    names = {each.name for each in fields(kind)}
    return {key: value for key, value in values.items() if key in names}


def event_key(manifest: Manifest) -> str:
    """Return the sha256 of report, window or as_of, filters, and the hashes of definition, SQL and files."""
    content = {
        "report_id": manifest.report_id,
        "window": {k: v for k, v in manifest.window.items() if k != "open"} if manifest.window else manifest.as_of,
        "filters": {name: list(values) if values else None for name, values in sorted(manifest.filters.items())},
        "definition_sha256": manifest.definition_sha256,
        "sql_sha256": manifest.sql_sha256,
        "files": [[file.rows, file.sha256] for file in manifest.files],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
