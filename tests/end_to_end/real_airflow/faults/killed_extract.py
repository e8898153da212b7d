"""An extract that dies in the middle: it is tried again, and nothing of the first try is anywhere."""

from __future__ import annotations

import os
import signal
from typing import Any

from tests.support.end_to_end.live import Live, Run, until
from tests.support.end_to_end.process_tree import descendants, linux_only
from tests.support.end_to_end.waiting_extract import WaitingExtract


class TestKilledExtract(WaitingExtract):
    @linux_only
    def test_the_process_is_killed(self, live: Live, locked: Any, waiting: tuple[Run, int]) -> None:
        before = live.everything_delivered()
        run, _ = waiting
        task = run.task("extract")["pid"]
        assert task in descendants(live.stack.pids["scheduler"])

        os.kill(task, signal.SIGKILL)
        until(lambda: run.states()["extract", -1] != ("running", 1), "the first try's end")
        assert live.everything_delivered() == before
        locked.rollback()
        self.check_made_up_for(live, run, before)

    def test_its_session_is_ended(self, live: Live, locked: Any, waiting: tuple[Run, int]) -> None:
        before = live.everything_delivered()
        run, session = waiting

        live.stack.postgres.execute("SELECT pg_terminate_backend(%s)", [session])
        until(lambda: run.states()["extract", -1] != ("running", 1), "the first try's end")
        assert live.everything_delivered() == before
        locked.rollback()
        self.check_made_up_for(live, run, before)
        assert "Connection 'promo_db': " in run.log(try_number=1)
        assert "The export is tried again in a new snapshot." in run.log(try_number=1)

    def check_made_up_for(self, live: Live, run: Run, before: Any) -> None:
        run.succeed()
        tries = run.states()
        assert tries.pop(("extract", -1)) == ("success", 2)
        assert set(tries.values()) == {("success", 1)}
        self.check_delivered(live, run, before)
