"""Exports of given cells, staged for a delivery as a CSV, a ZIP of several, or another format."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promo_reports.domain.file_format import CSV, ZIP, FileFormat
from promo_reports.domain.manifest import ExportFile, Part, event_key
from promo_reports.pipeline.formats.file_code import code_of
from promo_reports.pipeline.staging.directory import StagedDirectory
from tests.support.delivery.exports import staged_manifest
from tests.support.headings import of_types

Cells = Sequence[str | None]
COLUMNS = {"id": "integer", "note": "text", "points": "decimal", "at": "timestamp", "day": "date", "active": "boolean"}


def csv_text(rows: Sequence[Cells]) -> str:
    """The records as COPY writes them: NULL is nothing, the empty text is `""`."""
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows)


def staged_table(
    directory: Path,
    *parts: Sequence[Cells],
    columns: Mapping[str, str] | None = None,
    file_format: FileFormat | None = None,
    **changes: Any,
) -> StagedDirectory:
    """Stage the rows of each part: a ZIP where there are several, or none, or the format that is asked for.

    `changes` are other values of the manifest.
    """
    columns = COLUMNS if columns is None else columns
    attempt = directory / f"attempt-{len(list(directory.glob('attempt-*'))) + 1}"
    attempt.mkdir(parents=True)
    file_format = file_format or (CSV if len(parts) == 1 else ZIP)
    target, described = io.BytesIO(), []
    writer = code_of(file_format).writer(target, of_types(columns))
    for number, rows in enumerate(parts, start=1):
        name = file_format.part_name("Wallets", number)
        writer.begin(name)
        writer.write(csv_text(rows).encode())
        span = writer.end()
        described.append(Part(name, len(rows), span.length, span.sha256))
    writer.close()
    content = target.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    total = sum(map(len, parts))
    members = tuple(described) if file_format.member_suffix else ()
    file = ExportFile(f"Wallets-{digest[:8]}{file_format.suffix}", total, len(content), digest, members=members)
    (attempt / file.name).write_bytes(content)
    described_columns = tuple({"name": name, "type": type_} for name, type_ in columns.items())
    manifest = staged_manifest(file, **{"columns": described_columns, "totals": {}, **changes})
    manifest = dataclasses.replace(manifest, event_key=event_key(manifest))
    (attempt / "manifest.json").write_bytes(manifest.to_json())
    return StagedDirectory(attempt, manifest)


def _cell(cell: str | None) -> str:
    if cell is None:
        return ""
    if cell == "" or any(each in cell for each in ',"\n\r'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
