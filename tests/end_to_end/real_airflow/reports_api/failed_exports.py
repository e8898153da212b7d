"""Exports that fail or are cancelled: the reason in plain words, and the retry that makes them after all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from promo_reports.errors import SourceUnavailable
from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.left import attempts, left_by
from tests.support.end_to_end.live import ALL_TYPES, NEVER_MADE, WAITING, Live, Run, midnight, until
from tests.support.end_to_end.reports_api import People, assert_plain, run_of, transactions
from tests.support.end_to_end.shared_exports import Made, remove_bucket

OCTOBER = midnight("2026-10-01"), midnight("2026-11-01")


class TestReportsApiFailedExports:
    @pytest.fixture(scope="class")
    @classmethod
    def refused(cls, live: Live, people: People, made: Made) -> Iterator[dict[str, Any]]:
        """The delivery to a bucket that was not there is retried as soon as it is; as things were before that."""
        task = run_of(live, made.ended["refused"]).task("extract")
        live.s3.create_bucket(Bucket=NEVER_MADE)
        people.user.post(f"api/exports/{made.id('refused')}/retry")
        yield task
        remove_bucket(live, NEVER_MADE)

    @pytest.fixture(scope="class")
    @classmethod
    def opened(cls, live: Live, people: People, made: Made, refused: Any) -> Iterator[dict[str, Any]]:
        """The wallet that was not there is opened, and its export retried; what the retry answered."""
        with live.promo() as cursor:
            cursor.execute("INSERT INTO wallets VALUES ('opened-later', 'Opened later', 'points', 'active', now())")
        yield people.user.post(f"api/exports/{made.id('late')}/retry")
        with live.promo() as cursor:
            cursor.execute("DELETE FROM wallets WHERE wallet_id = 'opened-later'")

    def test_an_unknown_wallet_is_named(self, people: People, made: Made) -> None:
        for key, wallet in (("unknown", "no-such-wallet"), ("late", "opened-later")):
            ended = made.ended[key]
            assert ended["status"] == "failed"
            reason = ended["failure"]["reason"]
            assert reason.endswith(f": loyalty wallet '{wallet}' is not in the promo database.")
            assert ended["failure"]["fix"]
            assert ended["actions"] == ["retry", "duplicate"]
            assert (ended["rows"], ended["download"], ended["files"]) == (None, None, [])
            for shown in (ended, people.viewer.get("api/exports", q=ended["name"])):
                assert_plain(json.dumps(shown))

    def test_a_fault_that_did_not_pass_promises_no_further_try(self, live: Live, people: People, made: Made) -> None:
        """What the last attempt leaves where the promo database was away for all of them."""
        run = run_of(live, made.ended["unknown"])
        away = {"reason": "Connection 'promo_db': the connection was lost.", "fix": SourceUnavailable.AGAIN}
        before = left_by(live, run)["extract", -1]["failure"]
        leave(live, run, {**away, "retryable": True})
        try:
            seen = people.viewer.export(made.id("unknown"))["failure"]
        finally:
            leave(live, run, before)
        assert seen == {"reason": away["reason"], "fix": "Retry it."}

    def test_a_missing_bucket_is_named(self, made: Made) -> None:
        ended = made.ended["refused"]
        assert ended["status"] == "failed"
        assert f"Bucket '{NEVER_MADE}' of connection 'bi_exports_s3'" in ended["failure"]["reason"]
        assert ended["failure"]["fix"].startswith("Create the bucket, or correct its name in include/account.yaml")
        there, missing = ended["destinations"]
        assert (there["title"], there["delivered"], there["failure"]) == ("Device Storage", True, None)
        assert (missing["delivered"], missing["failure"]) == (False, ended["failure"])
        assert ended["download"] is None  # it is not Created
        assert ended["rows"] == 90
        assert_plain(json.dumps(ended))

    def test_an_unknown_wallet_that_was_opened(
        self, live: Live, people: People, made: Made, opened: dict[str, Any]
    ) -> None:
        assert (opened["status"], opened["attempt"], opened["failure"]) == ("creating", 2, None)
        ended = people.user.created(made.id("late"))
        assert (ended["rows"], ended["failure"], ended["actions"]) == (0, None, ["duplicate"])
        assert ended["created_at"] == made.answers["late"]["created_at"]
        assert ended["window"] == made.answers["late"]["window"]
        check(
            people.user.downloaded(ended["id"]), live.csv(fuel("opened-later")), totals=["points"], time="occurred_at"
        )

    def test_a_re_run_that_fails_leaves_the_file_of_before(
        self, live: Live, people: People, made: Made, opened: dict[str, Any]
    ) -> None:
        before, sent = people.user.created(made.id("late")), people.user.downloaded(made.id("late"))
        with live.promo() as cursor:
            cursor.execute("DELETE FROM wallets WHERE wallet_id = 'opened-later'")
        assert run_of(live, before).clear().wait() == "failed"
        shown = people.user.export(before["id"])
        assert (shown["status"], shown["earlier"], shown["download"]) == ("failed", True, before["download"])
        assert shown["failure"]["reason"].endswith("'opened-later' is not in the promo database.")
        assert people.user.downloaded(before["id"]).content == sent.content  # to the byte
        listed = people.user.get("api/exports", q=before["name"], status="created")["items"]
        assert before["id"] not in {each["id"] for each in listed}

    def test_a_bucket_that_was_made_gets_what_was_extracted(
        self, live: Live, people: People, made: Made, refused: dict[str, Any], opened: Any
    ) -> None:
        ended = people.user.created(made.id("refused"))
        run = run_of(live, ended)
        kept = ("try_number", "start_date", "end_date", "state")
        task = run.task("extract")
        assert {name: task[name] for name in kept} == {name: refused[name] for name in kept}
        assert [each["delivered"] for each in ended["destinations"]] == [True, True]
        check(people.user.downloaded(ended["id"]), live.csv(fuel("fuel-points")), totals=["points"], time="occurred_at")
        assert run.delivered()["s3"].csvs == run.delivered()["file"].csvs

    def test_what_is_created_is_neither_retried_nor_cancelled(self, people: People, made: Made) -> None:
        for command in ("retry", "cancel"):
            assert people.user.refused(409, "POST", f"api/exports/{made.id('days')}/{command}")["code"] == "conflict"
        people.user.refused(409, "POST", f"api/exports/{made.id('unknown')}/cancel")


class TestReportsApiCancel:
    @pytest.fixture
    def locked(self, live: Live, made: Made) -> Iterator[Any]:
        """Nobody can read the ledger until this connection lets go."""
        with live.locked() as connection:
            yield connection

    def test_what_is_being_made_is_cancelled_and_made_after_all(self, live: Live, people: People, locked: Any) -> None:
        before = live.everything_delivered()
        path = f"api/exports/{people.user.create(transactions('Cancelled by us', 'fuel-points'))['id']}"
        until(lambda: live.stack.postgres.execute(WAITING), "extract to wait")
        seen = people.user.get(path)
        assert (seen["status"], seen["step"], seen["actions"]) == ("creating", "extract", ["cancel", "duplicate"])

        cancelled = people.admin.post(f"{path}/cancel")
        assert (cancelled["status"], cancelled["step"]) == ("cancelled", None)
        assert cancelled["failure"]["reason"].startswith("Cancelled by admin on ")
        assert cancelled["actions"] == ["retry", "duplicate"]
        people.user.refused(409, "POST", f"{path}/cancel")
        until(lambda: not live.stack.postgres.execute(WAITING), "the end of the query")
        until(lambda: not attempts(live), "the end of the attempt's directory")
        assert live.everything_delivered() == before

        people.admin.post(f"{path}/retry")
        until(lambda: live.stack.postgres.execute(WAITING), "extract to wait again")
        assert people.admin.post(f"{path}/cancel")["status"] == "cancelled"
        until(lambda: not live.stack.postgres.execute(WAITING), "the end of the query")

        locked.rollback()
        retried = people.user.post(f"{path}/retry")
        assert (retried["status"], retried["attempt"], retried["failure"]) == ("creating", 3, None)
        ended = people.user.created(retried["id"])
        check(people.user.downloaded(ended["id"]), live.csv(fuel("fuel-points")), totals=["points"], time="occurred_at")
        people.user.refused(409, "POST", f"{path}/cancel")


def leave(live: Live, run: Run, failure: dict[str, Any]) -> None:
    """As if its extract had ended so."""
    sql = "UPDATE task_state_store SET value = %s WHERE dag_id = %s AND run_id = %s AND key = 'failure'"
    live.stack.postgres.execute(sql, [json.dumps(failure), run.dag_id, run.run_id], database="airflow")


def fuel(wallet: str) -> str:
    """All of October's transactions of a wallet whose descriptions no spreadsheet runs."""
    return expected.wallet_transactions(wallet, *OCTOBER, ALL_TYPES)
