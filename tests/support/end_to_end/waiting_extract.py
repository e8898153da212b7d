"""An extract that waits for the ledger: what happens to it meanwhile is up to the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, WAITING, Live, Run, midnight, to, until


def check_september(live: Live, run: Run) -> None:
    """Fail unless every destination has all rows of September; those of the download are made safe for spreadsheets."""
    window = (midnight("2026-09-01"), midnight("2026-10-01"))
    for place, found in run.delivered().items():
        description = expected.ESCAPED if place == "file" else "description"
        sql = expected.wallet_transactions("grocery-rewards", *window, ALL_TYPES, description=description)
        check(found, live.csv(sql), totals=["points"], time="occurred_at")


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
        check_september(live, run)
        assert len(live.everything_delivered()) == len(before) + 4
        assert live.staged() == []
