"""A conf posted straight to Airflow's own API, by somebody who means no good."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, ZONE, Live, Run, midnight, to

FILTERS = {"wallet": "grocery-rewards", "transaction_type": list(ALL_TYPES)}
OCTOBER = {"first": "2026-10-01", "last": "2026-10-31"}
FUTURE = f"{datetime.now(ZONE) + timedelta(days=2):%Y-%m-%d}"
TEMPLATE = "{{ conn.promo_db.password }} {{ var.value.x }} {% for x in [] %}"

# What is posted, and what the task's log says about it.
CASES: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "SQL in a chosen value": (
        {"filters": {**FILTERS, "wallet": "grocery-rewards' OR '1'='1"}},
        ("loyalty wallet \"grocery-rewards' OR '1'='1\" is not in the promo database",),
    ),
    "SQL in a fixed value": (
        {"filters": {**FILTERS, "transaction_type": ["credit'); DROP TABLE wallet_transactions; --"]}},
        ("filters.transaction_type: ", "is not a value of transaction_type. Allowed: credit,"),
    ),
    "unknown keys": (
        {"sql": "SELECT 1", "connection": "airflow_db", "filters": {**FILTERS, "1=1; --": "x"}},
        ("sql: unknown key", "connection: unknown key", "filters.1=1; --: "),
    ),
    "another report type": (
        {"report_type": "user_errors"},
        ("report_type: this DAG exports wallet_transactions, not 'user_errors'",),
    ),
    "a recurring frequency": ({"frequency": {"interval": "daily"}}, ("frequency: must be one_time or absent",)),
    "a template in a filter": ({"filters": {**FILTERS, "wallet": TEMPLATE}}, ("is not in the promo database",)),
    "an id that leaves its directory": ({"id": "../../../etc/cron.d/x"}, ("id: ", "is not an id")),
    "a prefix that leaves the bucket": ({"delivery": [to("bi-exports", "../../x")]}, ("holds . or .. as a part",)),
    "a bucket of somebody else": (
        {"delivery": [to("of-somebody-else")]},
        ("'of-somebody-else' is not a connected bucket", "bi-exports"),
    ),
    "a future window": ({"date_range": {"first": "2026-10-01", "last": FUTURE}}, (f"{FUTURE} is in the future",)),
    "more than three months": (
        {"date_range": {"first": "2026-07-01", "last": "2026-10-01"}},
        ("date_range: longer than 3 months: 2026-07-01 to 2026-10-01",),
    ),
    "a password in a name": ({"name": "postgresql://promo:hunter2@db/promo"}, ("name: looks like a secret",)),
}


class TestHostileConfs:
    @pytest.fixture(scope="class")
    @classmethod
    def before(cls, live: Live) -> Mapping[str, Any]:
        """Everything that was delivered before."""
        return live.everything_delivered()

    @pytest.fixture(scope="class")
    @classmethod
    def runs(cls, live: Live, before: Mapping[str, Any]) -> dict[str, Run]:
        """All of them at the same time, ended; what is not hostile about a conf is sound."""
        sound = {
            "name": "Hostile",
            "filters": FILTERS,
            "date_range": OCTOBER,
            "delivery": ["download", to("bi-exports")],
        }
        runs = {each: live.export("wallet_transactions", **{**sound, **conf}) for each, (conf, _) in CASES.items()}
        for run in runs.values():
            run.wait()
        return runs

    @pytest.mark.parametrize("case", CASES)
    def test_fails_at_the_first_try_and_says_why(self, runs: dict[str, Run], case: str) -> None:
        run = runs[case]
        assert run.about()["state"] == "failed"
        tries = run.states()
        assert tries.pop(("extract", -1)) == ("failed", 1)
        assert {state for state, _ in tries.values()} == {"upstream_failed"}
        log = run.log()
        for words in CASES[case][1]:
            assert words in log
        assert "hunter2" not in log

    def test_leaves_nothing_anywhere(self, live: Live, before: Mapping[str, Any], runs: dict[str, Run]) -> None:
        assert {run.about()["state"] for run in runs.values()} == {"failed"}
        assert live.everything_delivered() == before
        assert live.staged() == []
        assert all(run.events() == [] for run in runs.values())
        with live.promo() as cursor:
            cursor.execute("SELECT count(*) > 3430 FROM wallet_transactions")
            assert cursor.fetchone() == (True,)

    def test_a_template_in_a_name_is_only_a_name(self, live: Live) -> None:
        run = live.transactions(TEMPLATE, "fuel-points", "2026-10-01", "2026-10-31", id="fresh_daily").succeed()
        sql = expected.wallet_transactions("fuel-points", midnight("2026-10-01"), midnight("2026-11-01"), ALL_TYPES)
        manifest = check(run.delivered()["file"], live.csv(sql), totals=["points"], time="occurred_at")
        assert manifest["report_name"] == TEMPLATE
        assert manifest["report_id"].startswith("fresh_daily-")  # and not another report's own id
        path = f"{run.path}/taskInstances/extract"
        assert TEMPLATE not in str(live.api.call("GET", path)["rendered_fields"])
