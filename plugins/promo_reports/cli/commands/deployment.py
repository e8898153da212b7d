"""`promo-reports prepare` and `schema`: setup of a deployment and of an editor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from promo_reports.cli.failures import usage_error
from promo_reports.definitions.schema import json_schemas, write
from promo_reports.definitions.store.stored_reports import store_of
from promo_reports.object_stores.directory.private import make_private
from promo_reports.settings import Settings

_SUFFIX = ".schema.json"


def prepare(settings: Settings, console: Console) -> None:
    """Make the store, the staging area and the download area, closed to others; existing ones are unchanged.

    Buckets are made by whoever owns them; of a bucket that is the store, what tells it from an empty one is put there.
    """
    store = store_of(settings)
    console.print(f"{'Store':<10} {store.address}  {store.prepare()}")
    for title, setting, path in _directories(settings):
        try:
            said = make_private(path)
        except OSError as error:
            raise usage_error(f"PROMO_REPORTS_{setting}", f"{path} cannot be made: {error.strerror}") from None
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise usage_error(f"PROMO_REPORTS_{setting}", f"{path} is not writable for this user")
        console.print(f"{title:<10} {path}  {said}")


def _directories(settings: Settings) -> Iterator[tuple[str, str, Path]]:
    """Yield title, setting and path of each directory but the store."""
    if settings.staging_bucket is None:
        yield "Staging", "STAGING_DIR", settings.staging
    if settings.download_bucket is None:
        yield "Downloads", "DOWNLOAD_DIR", settings.downloads
    if settings.staging_bucket is not None or settings.store_bucket is not None:
        yield "Scratch", "SCRATCH_DIR", settings.scratch.parent


def schemas(name: str | None, directory: Path | None, console: Console) -> None:
    """Print one schema, or write all of them into a directory."""
    made = json_schemas()
    if directory is not None:
        try:
            write(directory)
        except OSError as error:
            raise usage_error("--to", f"{directory} cannot be written: {error.strerror}") from None
        for file in made:
            console.print(str(directory / file))
        return
    wanted = f"{name or 'definition'}{_SUFFIX}"
    if wanted not in made:
        names = ", ".join(file.removesuffix(_SUFFIX) for file in made)
        raise usage_error("NAME", f"there is no schema {name!r}. Allowed: {names}.")
    console.print(made[wanted], end="")
