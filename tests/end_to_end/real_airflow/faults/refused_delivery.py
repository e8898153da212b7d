"""A destination that says no: the others have their file, and it is delivered later without querying again."""

from __future__ import annotations

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, NEVER_MADE, Live, midnight, to


class TestRefusedDelivery:
    def test_fails_at_once_and_is_made_up_for_without_extracting_again(self, live: Live) -> None:
        run = live.transactions(
            "To a missing bucket", "fuel-points", "2026-10-01", "2026-10-31", delivery=["download", to(NEVER_MADE)]
        )
        assert run.wait() == "failed"
        assert run.states() == {
            ("extract", -1): ("success", 1),
            ("deliver", 0): ("success", 1),
            ("deliver", 1): ("failed", 1),
        }
        log = run.log("deliver", 1)
        assert f"Bucket '{NEVER_MADE}' of connection 'bi_exports_s3'" in log
        assert "Create the bucket, or correct its name in include/account.yaml" in log
        sql = expected.wallet_transactions("fuel-points", midnight("2026-10-01"), midnight("2026-11-01"), ALL_TYPES)
        downloaded = run.delivered()
        assert list(downloaded) == ["file"]
        check(downloaded["file"], live.csv(sql), totals=["points"], time="occurred_at")
        assert NEVER_MADE in run.task("deliver", 1)["rendered_map_index"]
        assert [each["destination"] for each in run.events()] == ["download"]

        live.s3.create_bucket(Bucket=NEVER_MADE)
        run.clear(only_failed=True).succeed()
        assert run.states() == {
            ("extract", -1): ("success", 1),
            ("deliver", 0): ("success", 1),
            ("deliver", 1): ("success", 2),
        }
        found = run.delivered()
        assert found["file"] == downloaded["file"]
        assert [each["destination"] for each in run.events()] == ["download", f"amazon_s3:{NEVER_MADE}"]
        assert found["s3"].csvs == downloaded["file"].csvs
        assert live.staged() == []
