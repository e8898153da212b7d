"""A promo database that keeps its connections and sends nothing more: the task ends, and says what happened."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from devstack.tcp_proxy import TcpProxy
from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.left import STOPPED, attempts, left_by
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, READ_TIMEOUT, Live, Run, midnight, to, until
from tests.support.end_to_end.process_tree import linux_only, parents
from tests.support.end_to_end.reports_api import People, run_of, transactions

TYPE = CONNECTION = "behind_a_proxy"
IN_THE_COPY = 100_000
"""Bytes: more than all that is asked before the rows, less than the rows."""
QUARTER: dict[str, Any] = {
    "filters": {"wallet": "grocery-rewards", "transaction_type": list(ALL_TYPES)},
    "date_range": {"first": "2026-08-01", "last": "2026-10-31"},
}


class TestStalledDatabase:
    @pytest.fixture(scope="class")
    @classmethod
    def behind(cls, live: Live) -> Iterator[TcpProxy]:
        """What the promo database of one report type stands behind."""
        known = yaml.safe_load((live.home / "report_types" / "wallet_transactions.yaml").read_text())
        path = live.home / "report_types" / f"{TYPE}.yaml"
        address = urlsplit(live.stack.promo.reader_url)
        with TcpProxy(address.port or 0) as proxy:
            connection = {
                "connection_id": CONNECTION,
                "conn_type": "postgres",
                "host": "127.0.0.1",
                "port": proxy.port,
                "login": address.username,
                "password": unquote(address.password or ""),
                "schema": address.path.strip("/"),
            }
            live.api.call("POST", "/connections", json=connection)
            path.write_text(yaml.safe_dump({**known, "id": TYPE, "title": "Behind a proxy", "connection": CONNECTION}))
            sql = live.home / "include" / "sql"
            (sql / f"{TYPE}.sql").write_text((sql / "wallet_transactions.sql").read_text())
            live.api.wait_for_dag(f"promo_reports.type.{TYPE}")
            yield proxy
            path.unlink()
            live.api.call("DELETE", f"/connections/{CONNECTION}")

    @pytest.fixture
    def proxy(self, behind: TcpProxy) -> Iterator[TcpProxy]:
        """It passes everything on again afterwards."""
        yield behind
        behind.cut()
        behind.resume()

    def test_marked_failed_in_airflow_while_it_connects(self, live: Live, proxy: TcpProxy) -> None:
        proxy.stall()
        run = live.export(TYPE, "Stalled in connect", **QUARTER)
        task = self.stalled(live, proxy, run)
        live.api.call("PATCH", run.path, json={"state": "failed"})
        self.check_stopped(live, run, task)
        assert run.about()["state"] == "failed"

    def test_cancelled_on_the_page_in_the_middle_of_the_copy(self, live: Live, people: People, proxy: TcpProxy) -> None:
        proxy.stall(after=IN_THE_COPY)
        made = people.user.create(transactions("Stalled and cancelled", "any", report_type=TYPE, **QUARTER))
        run = run_of(live, people.user.export(made["id"]))
        task = self.stalled(live, proxy, run)
        assert people.user.post(f"api/exports/{made['id']}/cancel")["status"] == "cancelled"
        self.check_stopped(live, run, task)
        assert people.user.export(made["id"])["status"] == "cancelled"

    def test_is_given_up_after_the_read_timeout_and_tried_again(self, live: Live, proxy: TcpProxy) -> None:
        proxy.stall(after=IN_THE_COPY)
        run = live.export(TYPE, "Stalled and retried", [to(BUCKET)], **QUARTER)
        self.stalled(live, proxy, run)
        until(lambda: run.states()["extract", -1] != ("running", 1), "the first try's end")
        proxy.resume()
        run.succeed()
        assert run.states()["extract", -1] == ("success", 2)
        said = f"Connection '{CONNECTION}': nothing was received for {READ_TIMEOUT} s in the middle of an answer."
        assert said in run.log(try_number=1)
        sql = expected.wallet_transactions("grocery-rewards", midnight("2026-08-01"), midnight("2026-11-01"), ALL_TYPES)
        check(run.delivered()["s3"], live.csv(sql), totals=["points"], time="occurred_at")

    @linux_only
    def test_its_supervisor_is_killed(self, live: Live, proxy: TcpProxy) -> None:
        proxy.stall_at(b"COPY (")  # the answer may begin within hours
        run = live.export(TYPE, "Stalled and forsaken", **QUARTER)
        task = self.stalled(live, proxy, run)
        os.kill(parents()[task], signal.SIGKILL)
        until(lambda: task not in parents(), "the end of the task's process", timeout=60)
        assert attempts(live) == []
        assert run.about()["state"] == "running"  # until the scheduler misses its heartbeats
        live.api.call("PATCH", run.path, json={"state": "failed"})

    @staticmethod
    def stalled(live: Live, proxy: TcpProxy, run: Run) -> int:
        """The process of a run's extract, once it waits for the database; its attempt's directory is there."""
        until(lambda: proxy.stalled.is_set() and attempts(live), "extract to stall")
        assert run.states()["extract", -1] == ("running", 1)
        return int(run.task("extract")["pid"])

    @staticmethod
    def check_stopped(live: Live, run: Run, task: int) -> None:
        """It was not killed: then its directory would stay, and its reason would be missing."""
        until(lambda: task not in parents(), "the end of the task's process", timeout=60)
        assert attempts(live) == []
        left = left_by(live, run)["extract", -1]
        assert left["failure"] == STOPPED
        assert "facts" not in left
        assert run.states()["extract", -1] == ("failed", 1)
