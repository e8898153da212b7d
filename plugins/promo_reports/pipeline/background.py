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

    The first error of a job is raised by the next `submit` or by leaving the `with` block; jobs after it do not run.
    """

    def __init__(self) -> None:
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=_WAITING)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="export-writer", daemon=True)

    def __enter__(self) -> Background:
        self._thread.start()
        return self

    def submit(self, job: _Job) -> None:
        """Queue a job; wait while eight are queued."""
        if self._error is not None:
            raise self._error
        self._jobs.put(job)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._jobs.put(None)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._error is not None:
                continue
            try:
                job()
            except BaseException as error:
                self._error = error
