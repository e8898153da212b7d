"""`promo-reports export`: the whole pipeline into a directory, which becomes a download area (docs/delivery.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rich.console import Console

from promo_reports.cli.console import aligned, counted, notes
from promo_reports.cli.windows import in_words
from promo_reports.delivery import Published, publish
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.manifest import Manifest
from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.object_stores.directory.store import DirectoryStore
from promo_reports.object_stores.staged_export import StagedExport
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.extract import Progress, extract
from promo_reports.pipeline.staging.area import StagingArea
from promo_reports.pipeline.staging.directory import StagingDirectory
from promo_reports.settings import Settings


@dataclass(frozen=True)
class Exported:
    """A published export and its address."""

    export: Export
    manifest: Manifest
    published: Published


def export_to(directory: Path, export: Export, source: Source, settings: Settings) -> Exported:
    """Extract, verify and publish the file that people see; remove what was staged, on this host in any case."""
    export = replace(export, definition=replace(export.definition, deliveries=(export.definition.for_people,)))
    area = StagingDirectory(settings.staging)
    with _staged(area, export), _progress() as progress:
        staged = extract(export, source, area, settings, now=_now, progress=progress)
        return _published(directory, export, staged)


def _published(directory: Path, export: Export, staged: StagedExport) -> Exported:
    try:
        published = publish(staged, StoredExports(DirectoryStore(directory)))
    except (DestinationRefused, DestinationUnavailable) as error:
        raise type(error)(error.reason, "Correct it, or name another directory with --to.") from None
    return Exported(export, staged.manifest, published)


def print_exported(exported: Exported, console: Console) -> None:
    """Print files, rows, hashes and the manifest, one to a line."""
    export, manifest = exported.export, exported.manifest
    already = "" if exported.published.changed else ", already there: nothing was changed"
    console.print(f"{manifest.report_name}: {counted(manifest.rows, 'row')}, verified{already}", style="bold")
    console.print(f"Window    {in_words(export.window, export.as_of, export.zone)}")
    for file, address in zip(manifest.files, exported.published.files, strict=True):
        parts = f", {counted(len(file.members), 'CSV')} in it" if file.members else ""
        console.print(f"File      {_path(address)}")
        console.print(f"          {counted(file.rows, 'row')}, {file.bytes:,} bytes{parts}")
        console.print(f"sha256    {file.sha256}")
    for line in aligned(manifest.totals):
        console.print(f"Total     {line}")
    console.print(f"Manifest  {_path(exported.published.manifest)}")


@contextmanager
def _staged(area: StagingArea, export: Export) -> Iterator[None]:
    """Remove what was staged at the end: no other run can use it."""
    try:
        yield
    finally:
        area.discard(export)


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Show a progress bar on a terminal: rows written of rows counted, then the second reading."""
    console = notes()
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        yield _advance(bar.add_task("Counting", total=None), bar.update)


def _advance(task: int, update: Callable[..., None]) -> Progress:
    def progress(rows: int, expected: int) -> None:
        update(task, completed=rows, total=expected, description="Verifying" if rows == expected else "Writing")

    return progress


def _path(address: str) -> Path:
    return Path(unquote(urlsplit(address).path))


def _now() -> datetime:
    return datetime.now(UTC)
