"""`promo-reports verify`: what lies at an address, compared with its manifests."""

from __future__ import annotations

import contextlib
import io

from rich.console import Console

from promo_reports.cli.console import counted, printable, spinner
from promo_reports.reading.manifests import Named
from promo_reports.reading.verify import Verified, verify


def verified(address: str, connection: str | None) -> Verified:
    """Compare it; what importing Airflow logs to standard output is dropped, as results belong there."""
    with spinner("Comparing"), contextlib.redirect_stdout(io.StringIO()):
        return verify(Named(address, connection=connection))


def print_verified(found: Verified, console: Console) -> bool:
    """Print a line for each difference, and what was compared; return whether there are no differences."""
    for each in found.differences:
        console.print(printable(each))
    compared = f"{counted(found.exports, 'export')} with {counted(found.files, 'file')}, {counted(found.bytes, 'byte')}"
    differences = counted(len(found.differences), "difference")
    console.print(f"{compared}: {differences if found.differences else 'all as their manifests say'}")
    return not found.differences
