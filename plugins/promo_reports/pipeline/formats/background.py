"""Work in order on one other thread, so that deflating and hashing do not hold up the reading of rows."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType

_Job = Callable[[], object]
_WAITING = 8


class Background:
    """Runs submitted jobs one after another; at most eight wait, so memory stays flat.

    The first error of a job is raised by the next `submit` or by leaving the `with` block; jobs after it do not run,
    nor those that wait when the block is left by an error.
    """

    def __init__(self) -> None:
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=_WAITING)
        self._error: BaseException | None = None
        self._abandoned = False
        # Not `Thread.join`: where a signal's handler raises in it, Python 3.11 and 3.12 take the thread for dead.
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="export-writer", daemon=True)

    def __enter__(self) -> Background:
        try:
            self._thread.start()
        except BaseException as why:
            self._jobs.put(None)
            if not isinstance(why, RuntimeError):  # which is how a thread fails to start
                self._ended.wait()
            raise
        return self

    def submit(self, job: _Job) -> None:
        """Queue a job; wait while eight are queued."""
        if self._error is not None:
            raise self._error
        self._jobs.put(job)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandoned = error is not None
        try:
            self._finish()
        except BaseException:
            self._abandoned = True
            self._finish()
            raise
        if error is None and self._error is not None:
            raise self._error

    def _finish(self) -> None:
        self._jobs.put(None)
        self._ended.wait()
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._error is not None or self._abandoned:
                continue
            try:
                job()
            except BaseException as error:
                self._error = error
        self._ended.set()
