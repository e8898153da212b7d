"""Directories as values of settings."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from promo_reports.settings.areas import AREAS
from promo_reports.settings.places import broken, place_of

PROJECT_DIRECTORIES = ("report_types", "include")
"""By these a directory is known as a project; reports/ may be missing, and be made by the first report."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _is_a_directory(value: Any, given: ValidationInfo) -> Any:
    """Refuse what is no absolute path, before it becomes one that looks like it: `s3://x` would be `./s3:/x`."""
    text = os.fspath(value) if isinstance(value, str | Path) else None
    if text is None:
        return value
    if not text:
        raise broken("is empty: write an absolute path, or unset it")
    if "://" in text:
        raise broken(f"is an address: it must be the absolute path of a directory{_or_a_bucket(given)}")
    if _CONTROL.search(text):
        raise broken("holds a control character")
    if text.startswith("~"):
        raise broken("begins with ~, which only a shell expands: write the whole path")
    if not text.startswith("/"):
        raise broken(
            "is a relative path, which every process would take from where it was started: "
            f"write {Path(text).absolute()}, if that is what is meant"
        )
    return value


Directory = Annotated[Path, BeforeValidator(_is_a_directory)]
"""An absolute path of this host; whether it is there is not looked up."""


def is_project(directory: Path) -> bool:
    """Return whether a directory is a project: report types and SQL lie in it."""
    return all((directory / name).is_dir() for name in PROJECT_DIRECTORIES)


def checkout() -> Path | None:
    """Return the checkout that this package lies in as plugins/promo_reports; None for an installed package."""
    above = Path(__file__).resolve().parents[3]
    return above if is_project(above) else None


def _or_a_bucket(given: ValidationInfo) -> str:
    """Return where an address belongs, for the directories that a bucket may replace."""
    area = str(given.field_name).removesuffix("_dir")
    return f"; a bucket goes into {place_of(f'{area}_bucket', given)}" if area in AREAS else ""
