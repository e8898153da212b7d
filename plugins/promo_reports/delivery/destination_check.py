"""Check a destination by doing what a delivery does, with a probe that is removed again.

The steps use the port of object stores alone, so they are the same for every kind. A step that fails ends the check:
its sentence is that of the error, which names the connection and what to correct, and no secret. What was written is
deleted whatever happens; what could not be deleted is named.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TypeVar

from promo_reports.delivery.probe import Probe, prepare
from promo_reports.domain.account import Bucket
from promo_reports.domain.check_result import CheckResult, CheckState, not_checked, ok, problem
from promo_reports.domain.delivery import DOWNLOAD, KINDS
from promo_reports.domain.layout import new_attempt_name
from promo_reports.errors import PromoReportsError
from promo_reports.interruptible import LimitReached, interruptible
from promo_reports.object_stores.port import LostRace, ObjectStore
from promo_reports.object_stores.stores import store_at

FOLDER = "promo-reports-check"
"""The folder at the root of a destination that probes lie in, each in one of its own."""
SECONDS = 60.0
"""Seconds that the steps of a check may take together."""
SECONDS_TO_DELETE = 5.0
"""Seconds that a check gets to delete its probe once it is interrupted, or its time is up."""

LIST, WRITE, READ, REPLACE, UPLOAD, OPEN, DELETE = "list", "write", "read", "replace", "upload", "open", "delete"
"""The steps in their order; `open` is taken in the download area alone, whose files people get by links."""

T = TypeVar("T")


class _Ended(Exception):
    """A step has failed, or the check was told to stop."""


class DestinationCheck:
    """One check of one destination; `results` tells at any time what is known, also after `run` was interrupted."""

    def __init__(self, destination_id: str, bucket: Bucket) -> None:
        self._bucket = bucket
        opened = (OPEN,) if destination_id == DOWNLOAD else ()
        self._steps = (LIST, WRITE, READ, REPLACE, UPLOAD, *opened, DELETE)
        self._step = LIST
        self._found: dict[str, CheckResult] = {}
        self._probe: Probe | None = None
        self._told = threading.Event()

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """The result of each step, in order."""
        return tuple(self._found.get(each) or not_checked(each, "It was not reached.") for each in self._steps)

    def run(self, seconds: float = SECONDS) -> None:
        """Take the steps; blocks for at most `seconds` and SECONDS_TO_DELETE.

        A destination that does not answer in that time is a problem of the step that waits for it. The thread that
        waits is left, and deletes the probe if an answer comes after all.
        """
        ends = time.monotonic() + seconds
        try:
            interruptible(
                self._take_steps,
                remaining=lambda: ends - time.monotonic(),
                end=self._told.set,
                grace=SECONDS_TO_DELETE,
            )
        except LimitReached:
            through = f" through connection {self._bucket.connection!r}" if self._bucket.connection else ""
            said = f"{self._bucket.address} did not answer{through} within {seconds:g} s. Check the network."
            if self._step not in self._found:
                self._failed(self._step, said)
        finally:
            if DELETE not in self._found and self._probe is not None and self._probe.left:
                self._failed(DELETE, "What was written could not be deleted in time.")

    def _take_steps(self) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="promo-reports-check-") as scratch:
                self._use(prepare(Path(scratch)))
        except _Ended:
            pass
        except PromoReportsError as error:  # of closing the folder
            self._failed(DELETE, str(error))
        except OSError as error:
            said = f"This host cannot write a temporary file ({error.strerror}). Make room, or set TMPDIR."
            self._failed(self._step, said)

    def _use(self, source: Path) -> None:
        name = new_attempt_name()
        store = self._try(LIST, lambda: self._store(name))
        self._passed(LIST, f"{self._bucket.address} can be listed.")
        with ExitStack() as opened:
            opened.callback(self._remove_folders, store, name)
            objects = self._try(WRITE, lambda: opened.enter_context(store.folder(FOLDER, name)))
            self._probe = probe = Probe(objects, KINDS[self._bucket.partner])
            try:
                self._take(WRITE, probe.write)
                self._take(READ, probe.read)
                self._take(REPLACE, probe.replace)
                self._take(UPLOAD, lambda: probe.upload(source))
                if OPEN in self._steps:
                    self._take(OPEN, probe.open)
            finally:
                self._told.clear()  # the probe is deleted all the same
                self._take(DELETE, probe.delete)

    def _remove_folders(self, store: ObjectStore, name: str) -> None:
        """Remove the probe's folders from a store that keeps empty ones."""
        if DELETE in self._found and self._found[DELETE].state is CheckState.OK:
            for names in ((FOLDER, name), (FOLDER,)):
                self._try(DELETE, partial(store.remove_empty, *names))

    def _store(self, name: str) -> ObjectStore:
        """Return the store, once it could be listed: this request tells most of what may be wrong."""
        store = store_at(self._bucket)
        store.folders(FOLDER)
        with store.reading(FOLDER, name):
            return store

    def _take(self, step: str, action: Callable[[], str]) -> None:
        self._passed(step, self._try(step, action))

    def _passed(self, step: str, sentence: str) -> None:
        self._found.setdefault(step, ok(step, sentence))

    def _try(self, step: str, action: Callable[[], T]) -> T:
        """Return what a part of a step returns; `_Ended`, with the problem noted, where it fails."""
        if self._told.is_set():
            raise _Ended
        self._step = step
        try:
            return action()
        except PromoReportsError as error:
            said = str(error)
        except LostRace:
            said = "Somebody else has replaced the probe meanwhile. Run the check again."
        except Exception as error:
            said = f"The check itself failed, which is a defect of it: {type(error).__name__}."
        self._failed(step, said)
        raise _Ended

    def _failed(self, step: str, said: str) -> None:
        """Note the problem of a step; of the last one, with what may be left."""
        if step == DELETE and self._probe is not None and self._probe.left:
            said = f"{said} This may be left, delete it: {', '.join(self._probe.left)}."
        self._found[step] = problem(step, said)
