"""Jobs on several workers: their order, their first error, and how they end."""

from __future__ import annotations

import contextvars
import threading

import pytest

from promo_reports.pipeline.worker_pool import run_jobs


def unneeded() -> None:
    raise AssertionError("nothing has to be ended")


def test_results_are_taken_in_the_order_of_the_jobs() -> None:
    later = threading.Event()

    def do(worker: str, job: int) -> int:
        if job == 0:
            later.wait()
        elif job == 3:
            later.set()
        return job

    taken: list[int] = []
    run_jobs(["a", "b"], range(6), do, taken.append, unneeded)
    assert taken == [0, 1, 2, 3, 4, 5]


def test_a_worker_does_one_job_at_a_time() -> None:
    both = threading.Barrier(2)
    busy: set[str] = set()

    def do(worker: str, job: int) -> str:
        assert worker not in busy
        busy.add(worker)
        both.wait()
        busy.remove(worker)
        return worker

    taken: list[str] = []
    run_jobs(["a", "b"], range(10), do, taken.append, unneeded)
    assert set(taken) == {"a", "b"}


def test_jobs_see_the_context_of_their_caller() -> None:
    task = contextvars.ContextVar("task", default="none")
    task.set("mine")
    taken: list[str] = []
    run_jobs([1, 2], range(3), lambda worker, job: task.get(), taken.append, unneeded)
    assert taken == ["mine"] * 3


def test_the_first_error_ends_the_others_and_begins_no_other() -> None:
    line, waits = threading.Event(), threading.Event()
    begun: list[int] = []
    tried: list[str] = []

    def do(worker: str, job: int) -> None:
        begun.append(job)
        if job == 0:
            waits.set()
            line.wait()
            raise KeyError
        waits.wait()
        raise ZeroDivisionError

    def end() -> None:
        tried.append("end")
        line.set()

    with pytest.raises(ZeroDivisionError):
        run_jobs(["a", "b"], range(2), do, lambda result: None, end)
    assert tried == ["end"]
    assert begun == [0, 1]


def test_a_result_that_cannot_be_taken_ends_all() -> None:
    line = threading.Event()

    def do(worker: str, job: int) -> None:
        if job:
            line.wait()

    def refuse(result: None) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        run_jobs(["a", "b"], range(9), do, refuse, line.set)
