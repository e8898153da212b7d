"""Run jobs on a pool of workers and take their results in order."""

from __future__ import annotations

import contextvars
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from promo_reports.interruptible import GRACE, interruptible

Worker = TypeVar("Worker")
Job = TypeVar("Job")
Result = TypeVar("Result")


def run_jobs(
    workers: Sequence[Worker],
    jobs: Sequence[Job],
    do: Callable[[Worker, Job], Result],
    take: Callable[[Result], None],
    end: Callable[[], None],
) -> None:
    """Run `do` for every job, one at a time on each worker; pass results to `take` in the order of the jobs.

    The first error ends the jobs that run, begins no other, and is raised when all have ended; so is an interruption
    here. `end` makes running jobs end; it must not block.
    """
    idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def done(job: Job) -> Result:
        worker = idle.get()
        try:
            return do(worker, job)
        finally:
            idle.put(worker)

    def do_all() -> None:
        with ThreadPoolExecutor(len(workers), thread_name_prefix="export-range") as pool:
            results: list[Future[Result]] = []
            try:
                for job in jobs:
                    results.append(pool.submit(contextvars.copy_context().run, done, job))
                _take_in_order(results, take)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                end()
                wait([result for result in results if not result.cancelled()], timeout=GRACE)
                raise

    interruptible(do_all, end=end)


def _take_in_order(results: Sequence[Future[Result]], take: Callable[[Result], None]) -> None:
    waiting, taken = set(results), 0
    while waiting:
        ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for each in ended:
            each.result()
        while taken < len(results) and results[taken].done():
            take(results[taken].result())
            taken += 1
