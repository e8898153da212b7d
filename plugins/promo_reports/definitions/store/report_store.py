"""The interface of the store of created reports for the rest of the product, wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from promo_reports.definitions.inputs.yaml_reader import Document
from promo_reports.definitions.source_files import SourceFile
from promo_reports.definitions.store.idempotency_keys import Request
from promo_reports.definitions.store.stop_marks import Marks


class ReportStore(Protocol):
    """Definitions that were created without git, the stop marks of all reports, and Idempotency-Keys.

    A definition is written once and never changed. Every method raises `StoreError` where the store fails or is not
    there, and those that take an id `InvalidInput` for one that is not an id.

    Of a store that is `copied`, `entries`, `entry`, `read`, `marks` and `mark_stamps` return what was there a moment
    ago, or, while the store is away, what was there when it last answered; changes are made to what is there.
    """

    @property
    def address(self) -> str:
        """Where it is kept, for messages."""

    def exists(self) -> bool:
        """Return False where it was never made and may be made on first use."""

    def copied(self) -> bool:
        """Return whether this host can read what it knew last while the store is away."""

    def fetch(self) -> None:
        """Bring all definitions and marks to this host, where reading them one by one would be slow."""

    def prepare(self) -> str:
        """Make an empty store where there is none yet, and return how it is now, in words."""

    def revision(self) -> str:
        """Return a value that differs once a definition or stop mark was added or replaced since.

        A value with a `?` in it may miss a change of the same instant, so it never comes twice.
        """

    def contents(self) -> object:
        """Return a value that equals another one as long as nothing has changed, in place or otherwise."""

    def entries(self) -> tuple[SourceFile, ...]:
        """Return every definition, whole; nothing of one is read."""

    def entry(self, report_id: str) -> SourceFile | None:
        """Return the definition of an id without looking at the others; None where there is none."""

    def read(self, report_id: str) -> Document:
        """Return the definition of an id as data; its problems are findings, also that it is not there."""

    def create(self, report_id: str, text: str) -> None:
        """Keep a new definition, whose text the caller has checked; `InvalidInput` for an id that was ever used."""

    def marks(self, report_id: str) -> Marks:
        """Return what was done to a report; `InvalidInput` where somebody broke its marks."""

    def mark_stamps(self) -> dict[str, str]:
        """Return a text that changes with the marks of each report that has any, by its id."""

    def change_marks(self, report_id: str, change: Callable[[Marks], Marks]) -> Marks:
        """Replace the marks of a report by what `change` makes of them, and return those.

        Of several at once each is applied to what the one before it has made, so `change` may be called repeatedly.
        """

    def look_up(self, key: str, body: Mapping[str, Any], *, by: str, at: datetime) -> Request:
        """Return what `claim` would, without taking the key."""

    def claim(self, key: str, body: Mapping[str, Any], *, by: str, at: datetime) -> Request:
        """Take an Idempotency-Key for a body, or return when it was taken; `Conflict` where that was for another."""
