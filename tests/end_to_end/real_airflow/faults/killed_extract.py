"""An extract that dies in the middle: it is tried again, and nothing of the first try is anywhere."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, WAITING, Live, Run, midnight, to, until
from tests.support.end_to_end.process_tree import descendants, linux_only


class WaitingExtract:
    @pytest.fixture
    def locked(self, live: Live) -> Iterator[Any]:
        """Nobody can read the ledger until this connection lets go."""
        with live.locked() as connection:
            yield connection

    @pytest.fixture
    def waiting(self, live: Live, locked: Any) -> tuple[Run, int]:
        """An export whose extract waits for the ledger, and its session in the database."""
        delivery = ["download", to(BUCKET)]
        run = live.transactions("Killed", "grocery-rewards", "2026-09-01", "2026-09-30", delivery=delivery)
        ((session, _),) = until(lambda: live.stack.postgres.execute(WAITING), "extract to wait")
        return run, session

    @staticmethod
    def check_delivered(live: Live, run: Run, before: Any) -> None:
        """All rows are at both destinations, once, and nothing else is."""
        sql = expected.wallet_transactions("grocery-rewards", midnight("2026-09-01"), midnight("2026-10-01"), ALL_TYPES)
        for found in run.delivered().values():
            check(found, live.csv(sql), totals=["points"], time="occurred_at")
        assert len(live.everything_delivered()) == len(before) + 4
        assert live.staged() == []


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
