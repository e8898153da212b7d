"""The result of removing old folders, wherever they are."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.object_stores.port import Entry

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swept:
    """What was removed: folders relative to the root, files and bytes; and what was left because it was in use."""

    removed: tuple[str, ...] = ()
    files: int = 0
    bytes: int = 0
    in_use: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class Tally:
    """What a sweep has done so far."""

    def __init__(self) -> None:
        self.removed: list[str] = []
        self.in_use: list[str] = []
        self.failed: list[str] = []
        self.files = 0
        self.bytes = 0

    @contextlib.contextmanager
    def noting(self, folder: str) -> Iterator[None]:
        """Note a folder that cannot be swept, and go on; one that is gone meanwhile needs no sweeping."""
        try:
            yield
        except FileNotFoundError:
            log.info("%s was removed meanwhile", folder)
        except (OSError, DestinationRefused, DestinationUnavailable) as error:
            log.warning("Could not sweep %s: %s", folder, error)
            self.failed.append(folder)

    def count(self, removed: Entry) -> None:
        """Count an object that was removed."""
        self.files += 1
        self.bytes += removed.bytes or 0

    def swept(self) -> Swept:
        """Return the result so far."""
        return Swept(tuple(self.removed), self.files, self.bytes, tuple(self.in_use), tuple(self.failed))


def check_limit(older_than: datetime) -> None:
    """Raise ValueError for a time without timezone."""
    if older_than.tzinfo is None:
        raise ValueError("older_than needs a timezone")
