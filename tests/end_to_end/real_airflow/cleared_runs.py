"""Clearing a run: the same data gives the same bytes and the same key, other data replaces what was there."""

from __future__ import annotations

import pytest

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, Live, Run, midnight, to


class TestClearedRuns:
    @pytest.fixture(scope="class")
    @classmethod
    def run(cls, live: Live) -> Run:
        run = live.transactions("Corrected", "corrected", "2026-09-01", "2026-09-30", delivery=["download", to(BUCKET)])
        return run.succeed()

    @pytest.fixture
    def sql(self) -> str:
        return expected.wallet_transactions("corrected", midnight("2026-09-01"), midnight("2026-10-01"), ALL_TYPES)

    def test_the_whole_run_again_changes_nothing(self, live: Live, run: Run, sql: str) -> None:
        before, events = run.delivered(), run.events()
        run.clear().succeed()

        assert run.states()["extract", -1] == ("success", 2)
        assert run.delivered() == before  # the same bytes, and not written again
        for found in before.values():
            check(found, live.csv(sql), totals=["points"], time="occurred_at")
        assert len(run.events()) == 2 * len(events) == 4
        assert {event["event_key"] for event in run.events()} == {events[0]["event_key"]}
        assert live.staged() == []

    def test_deliver_alone_again_uploads_nothing_and_tells_again(self, live: Live, run: Run) -> None:
        before, events, tries = run.delivered(), run.events(), run.states()["extract", -1]
        run.clear("deliver").succeed()

        assert run.states()["extract", -1] == tries
        assert run.delivered() == before
        again = run.events()[len(events) :]
        assert sorted(event["manifest"] for event in again) == sorted({event["manifest"] for event in events})
        assert {event["event_key"] for event in again} == {events[-1]["event_key"]}
        assert "Already there" in run.log("deliver", 0)

    def test_changed_rows_replace_the_export(self, live: Live, run: Run, sql: str) -> None:
        before = run.delivered()
        with live.promo() as cursor:
            cursor.execute("UPDATE wallet_transactions SET points = points + 1 WHERE wallet_id = 'corrected'")
        run.clear().succeed()

        after = run.delivered()
        assert after["file"].csvs == after["s3"].csvs
        for place, found in after.items():
            manifest = check(found, live.csv(sql), totals=["points"], time="occurred_at")
            assert found.place == before[place].place
            assert manifest["event_key"] != before[place].manifest["event_key"]
            assert set(found.content) & set(before[place].content) == {"manifest.json"}
