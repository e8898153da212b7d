"""Task state of an export: what its tasks record for the Reports page, in Airflow's task state store.

Entries belong to one task of one run (and map index) and survive retries and clears, so every attempt begins by
deleting them, except those of an earlier delivery: its files stay at the destination until another delivery replaces
them. Entries contain no secrets and no rows: sentences of `PromoReportsError`, counts, addresses, the manifest.

The page calls an export Created if `delivered` is recorded. A delivery that cannot record it therefore fails and is
retried, which does not change what is delivered. Failing to record anything else neither fails an export nor delays it
by more than a minute in all.

Entries are written in order on a thread of their own: a signal that interrupts Airflow's conversation with its
supervisor would leave the answer to the next request, and a signal's exception must not be taken for one of writing.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import TYPE_CHECKING, Any

from airflow.sdk import NEVER_EXPIRE  # type: ignore[attr-defined] # its stub leaves it out

from promo_reports.domain.manifest import Manifest
from promo_reports.errors import NotRecorded

if TYPE_CHECKING:
    from airflow.sdk.execution_time.context import TaskStateStoreAccessor

log = logging.getLogger(__name__)

PROGRESS, FACTS, MANIFEST, DELIVERED, FAILURE = "progress", "facts", "manifest", "delivered", "failure"
"""Keys: extract records the first three, deliver `delivered` and `manifest`, both `failure`."""

# Each costs the api-server a call of some 10 ms.
_SECONDS_BETWEEN_PROGRESS = 2.0
# Seconds that an attempt waits in all for entries that it can do without.
_PATIENCE = 60.0


class TaskStateWriter:
    """Records the state of one attempt; entering the context deletes the entries of an earlier attempt.

    With `delivers`, only the failure is deleted; the rest is replaced once the delivery has succeeded.

    Methods other than `progress` return when the entry is written or the time is up. An entry that cannot be written is
    logged once, and progress is no longer recorded; only `delivered` raises.
    """

    def __init__(self, store: TaskStateStoreAccessor, *, delivers: bool = False) -> None:
        self._store = store
        self._delivers = delivers
        self._again = False
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="run-facts")
        self._progress: Future[None] | None = None
        self._progress_at = 0.0
        self._patience = _PATIENCE
        self._failed = False

    def __enter__(self) -> TaskStateWriter:
        self._wait(self._submit(self._begin_delivery if self._delivers else self._store.clear))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.shutdown(wait=False)

    def progress(self, written: int, counted: int) -> None:
        """Record rows written of rows counted: the first and the last call, between them one every two seconds.

        Returns at once; may be called on any thread.
        """
        busy = self._progress is not None and not self._progress.done()
        early = time.monotonic() - self._progress_at < _SECONDS_BETWEEN_PROGRESS
        if self._failed or (written not in (0, counted) and (busy or early)):
            return
        self._progress_at = time.monotonic()
        self._progress = self._submit(lambda: self._set(PROGRESS, {"written": written, "counted": counted}))

    def staged(self, manifest: Manifest, deliveries: Sequence[Manifest]) -> None:
        """Record a verified export that waits to be delivered: the manifest that people see, and which file goes where.

        `deliveries` are the manifests of the destinations, in their order.
        """
        self._leave(FACTS, _figures(manifest) | {"delivers": [each.files[0].sha256 for each in deliveries]})
        self._leave(MANIFEST, json.loads(manifest.to_json()))

    def delivered(self, destination: str, manifest: Manifest, address: str, files: tuple[str, ...]) -> None:
        """Record a delivered export: its figures, its manifest, and the addresses of manifest and files.

        `again` is set if an export had been delivered there before. Waits for Airflow's answer; raises `NotRecorded` if
        it cannot be written.
        """
        self._leave(MANIFEST, json.loads(manifest.to_json()))
        left = {
            "destination": destination,
            "manifest": address,
            "files": list(files),
            "folder": manifest.window_key,
            "sha256": manifest.files[0].sha256,
            "facts": _figures(manifest),
            "again": self._again,
        }
        why: Exception | None
        try:
            why = self._writer.submit(_error_of, lambda: self._set(DELIVERED, left)).result()
        except RuntimeError as no_thread:
            why = no_thread
        if why is not None:
            raise NotRecorded(
                f"The export was delivered, but Airflow did not record it ({type(why).__name__}).",
                "Delivering it again does not change it.",
            ) from why

    def failed(self, error: str, reason: str, fix: str, *, retryable: bool) -> None:
        """Record why this attempt failed, and whether a retry may help.

        `error` is the name of the exception, by which failures are told apart.
        """
        self._leave(FAILURE, {"error": error, "reason": reason, "fix": fix, "retryable": retryable})

    def _begin_delivery(self) -> None:
        self._store.delete(FAILURE)
        self._again = self._store.get(DELIVERED) is not None

    def _leave(self, key: str, value: dict[str, Any]) -> None:
        self._wait(self._submit(lambda: self._set(key, value)))

    def _set(self, key: str, value: dict[str, Any]) -> None:
        self._store.set(key, value, retention=NEVER_EXPIRE)

    def _submit(self, write: Callable[[], None]) -> Future[None] | None:
        try:
            return self._writer.submit(self._attempt, write)
        except RuntimeError as why:  # raised when no thread can be started
            self._give_up(why)
            return None

    def _attempt(self, write: Callable[[], None]) -> None:
        why = _error_of(write)
        if why is not None:
            self._give_up(why)

    def _give_up(self, why: Exception) -> None:
        if not self._failed:
            self._failed = True
            log.warning("The Reports page will not show all of this attempt: %s: %s", type(why).__name__, why)

    def _wait(self, written: Future[None] | None) -> None:
        if written is None:
            return
        begun = time.monotonic()
        if wait([written], self._patience).not_done:
            self._give_up(TimeoutError(f"no answer within {_PATIENCE:g} s"))
        self._patience = max(0.0, self._patience - (time.monotonic() - begun))


def _figures(manifest: Manifest) -> dict[str, Any]:
    return {
        "rows": manifest.rows,
        "bytes": sum(file.bytes for file in manifest.files),
        "window": dict(manifest.window) if manifest.window else None,
        "as_of": manifest.as_of,
        "file": {
            "name": manifest.files[0].name,
            "bytes": manifest.files[0].bytes,
            "sha256": manifest.files[0].sha256,
        },
    }


def _error_of(write: Callable[[], None]) -> Exception | None:
    """Return the error of a write as a value, so that a signal's exception cannot be taken for it."""
    try:
        write()
    except Exception as why:
        return why
    return None
