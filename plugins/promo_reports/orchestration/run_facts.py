"""What a task leaves of its run for the Reports page, in Airflow's task state store.

Its rows belong to one task of one run (and map index) and stay over retries and clears, so every attempt begins by
removing them: all but what a delivery left of the export that it delivered, which stays at the destination until
another one replaces it. They hold no secret and no row: sentences of `PromoReportsError`, counts, addresses, the
manifest.

`delivered` decides whether the page calls the export Created, so a delivery that cannot write it fails, and is tried
again, which changes nothing of what is delivered. For the others no export fails or waits longer than a minute in all.

They are written in order on a thread of their own, because a signal that interrupts Airflow's conversation with its
supervisor in the middle leaves the answer there for the next question; and because the exception of a signal must not
be taken for one of writing.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
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
"""The keys: the first three are left by extract, `delivered` and `manifest` by each deliver, `failure` by either."""

# Each is a call of the api-server and some 10 ms of its time, for every export that runs.
_SECONDS_BETWEEN_PROGRESS = 2.0
# All that an attempt waits for what it can do without; an answer takes milliseconds while Airflow is well.
_PATIENCE = 60.0


class RunFacts:
    """Writes the rows of one attempt; entering it removes what an earlier one left.

    `delivers` is for a delivery: it removes the failure alone, and overwrites the rest when it has delivered.

    All but progress is written when a method returns, or has taken too long. What cannot be written is logged, once,
    and progress given up; `delivered` alone raises.
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

    def __enter__(self) -> RunFacts:
        self._wait(self._submit(self._begin_delivery if self._delivers else self._store.clear))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.shutdown(wait=False)

    def progress(self, written: int, counted: int) -> None:
        """Rows written of rows counted: the first and the last call count, of those between one every two seconds.

        Returns at once, and may be called on any thread.
        """
        busy = self._progress is not None and not self._progress.done()
        early = time.monotonic() - self._progress_at < _SECONDS_BETWEEN_PROGRESS
        if self._failed or (written not in (0, counted) and (busy or early)):
            return
        self._progress_at = time.monotonic()
        self._progress = self._submit(lambda: self._set(PROGRESS, {"written": written, "counted": counted}))

    def staged(self, manifest: Manifest) -> None:
        """An export that is verified and waits to be delivered."""
        self._leave(FACTS, _figures(manifest))
        self._leave(MANIFEST, json.loads(manifest.to_json()))

    def delivered(self, destination: str, manifest: Manifest, address: str, files: tuple[str, ...]) -> None:
        """An export that is complete at a destination: the addresses of its manifest and of its files there.

        With its figures and manifest, which extract removes of its own when the run is made again. `again` where an
        export had been delivered there before. Waits for the answer; `NotRecorded` where it cannot be written.
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
                f"The export was delivered, but Airflow did not take that down ({type(why).__name__}).",
                "Delivering it again changes nothing of it.",
            ) from why

    def failed(self, error: str, reason: str, fix: str, *, retryable: bool) -> None:
        """Why this attempt ends without its work done; `retryable` where doing it again may help.

        `error` is the name of the exception, for whoever must tell failures apart.
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
        except RuntimeError as why:  # which is how a thread fails to start
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
    """Why it could not be written: as a value, which no exception of a signal can be taken for."""
    try:
        write()
    except Exception as why:
        return why
    return None
