"""Servers that end in the middle of an export, and are started again, which is a supervisor's work."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from devstack.processes import accepts_connections
from tests.support.end_to_end.live import SOON, Live, Run, until
from tests.support.end_to_end.process_tree import generation, linux_only
from tests.support.end_to_end.waiting_extract import WaitingExtract

AWAY = 40.0
"""Seconds without an api-server: longer than Airflow's defaults take, and a third of what the settings are made for."""


class TestServersAway(WaitingExtract):
    def test_an_export_outlasts_an_api_server_that_is_away(
        self, live: Live, locked: Any, waiting: tuple[Run, int]
    ) -> None:
        before = live.everything_delivered()
        run, _ = waiting
        os.kill(live.stack.pids["api-server"], signal.SIGTERM)
        until(lambda: not accepts_connections(live.stack.airflow.port), "the api-server's end")
        locked.rollback()  # the extract goes on, and has much to tell
        time.sleep(AWAY)
        live.stack.restart_ended()
        live.stack.airflow.wait_ready(timeout=2 * SOON)
        run.succeed()
        assert set(run.states().values()) == {("success", 1)}
        self.check_delivered(live, run, before)

    @linux_only
    def test_tasks_of_a_scheduler_that_was_killed_are_found_soon(
        self, live: Live, locked: Any, waiting: tuple[Run, int]
    ) -> None:
        """Its tasks end with it here; with the defaults they were missed after 349 s."""
        before = live.everything_delivered()
        run, _ = waiting
        (scheduler,) = generation(live.stack.pids["scheduler"], 1)
        os.kill(scheduler, signal.SIGKILL)
        locked.rollback()
        until(lambda: "scheduler" in live.stack.airflow.restart_ended(), "the scheduler's end")
        until(lambda: run.task("extract")["try_number"] == 2, "a second try", timeout=2 * SOON)
        run.succeed()
        self.check_delivered(live, run, before)
