"""Every shipped report type, exported once to the download area and to S3, against SQL written for the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, ROWS_PER_FILE, Live, Run, midnight, to

FIRST, LAST, END = "2026-10-25", "2026-11-07", midnight("2026-11-08")
START = midnight(FIRST)
DAYS = {"date_range": {"first": FIRST, "last": LAST}}
INSTANTS = {"date_range": {"start": "2026-08-20T12:00:00Z", "end": "2026-10-20T12:00:00Z"}}
BALANCES = ("active_balance", "promised_balance", "issued", "redeemed", "removed", "expired", "reversed", "refunded")


@dataclass(frozen=True)
class Case:
    """A report type: what to ask for, the SQL of what must come, and what its manifest sums and marks.

    `sql` takes the moment of the run, which only snapshots use. `made_safe` is what the download must hold where a
    spreadsheet would run some of its cells.
    """

    conf: Mapping[str, Any]
    sql: Callable[[str], str]
    totals: tuple[str, ...] = ()
    time: str | None = None
    window: tuple[str, str] | None = (START, END)
    made_safe: Callable[[str], str] | None = None


CASES = {
    "wallet_transactions": Case(
        {"filters": {"wallet": "grocery-rewards", "transaction_type": list(ALL_TYPES)}, **DAYS},
        lambda _: expected.wallet_transactions("grocery-rewards", START, END, ALL_TYPES),
        ("points",),
        "occurred_at",
        made_safe=lambda _: expected.wallet_transactions(
            "grocery-rewards", START, END, ALL_TYPES, description=expected.ESCAPED
        ),
    ),
    "wallet_summary": Case(
        {"filters": {"wallet": "grocery-rewards"}, **DAYS},
        lambda _: expected.wallet_summary("grocery-rewards", START, END),
        (
            *BALANCES[2:],
            *(f"issued_{each}" for each in ("cashback_coupon", "promo_campaign", "api", "manual", "system")),
            "promised",
            "opening_balance",
            "closing_balance",
        ),
    ),
    "user_ledger_summary": Case(
        {"filters": {"wallet": "grocery-rewards"}},
        lambda at: expected.user_ledger_summary("grocery-rewards", at),
        BALANCES,
        window=None,
    ),
    "points_expiry_liability": Case({"filters": {}}, expected.points_expiry_liability, ("points",), window=None),
    "voucher_assignment_logs": Case(
        {"filters": {"partner": "Book Nook, Inc.", "list_tag": "paperbacks"}, **DAYS},
        lambda _: expected.voucher_assignment_logs("Book Nook, Inc.", "paperbacks", START, END),
        time="assigned_at",
    ),
    "reward_assignment": Case(
        {"filters": {"campaign": "campaign-1"}, **INSTANTS},
        lambda _: expected.reward_assignment("campaign-1", *INSTANTS["date_range"].values()),
        ("reward_value",),
        "assigned_at",
        window=("2026-08-20T08:00:00-04:00", "2026-10-20T08:00:00-04:00"),
    ),
    "user_errors": Case(
        {"filters": {"campaign": "campaign-2"}, **INSTANTS},
        lambda _: expected.user_errors("campaign-2", *INSTANTS["date_range"].values()),
        time="occurred_at",
        window=("2026-08-20T08:00:00-04:00", "2026-10-20T08:00:00-04:00"),
    ),
}


class TestEveryReportType:
    @pytest.fixture(scope="class")
    @classmethod
    def exports(cls, live: Live) -> dict[str, tuple[Run, bytes]]:
        """All of them at the same time, each with what the promo database said when they were done."""
        started = {
            each: live.export(each, f"{each}, both ways", ["download", to(BUCKET)], **case.conf)
            for each, case in CASES.items()
        }
        for run in started.values():
            run.wait()
        return {each: (run, live.csv(CASES[each].sql(run.about()["run_after"]))) for each, run in started.items()}

    def test_none_is_left_out(self, live: Live) -> None:
        assert sorted(CASES) == sorted(path.stem for path in (live.home / "report_types").glob("*.yaml"))

    @pytest.mark.parametrize("report_type", CASES)
    def test_is_what_the_promo_database_says_at_both_destinations(
        self, live: Live, exports: dict[str, tuple[Run, bytes]], report_type: str
    ) -> None:
        case, (run, rows) = CASES[report_type], exports[report_type]
        for_people = live.csv(case.made_safe(run.about()["run_after"])) if case.made_safe else rows
        run.succeed()
        assert run.states() == {
            ("extract", -1): ("success", 1),
            ("deliver", 0): ("success", 1),
            ("deliver", 1): ("success", 1),
        }

        found = run.delivered()
        assert sorted(found) == ["file", "s3"]
        assert (found["file"].csvs == found["s3"].csvs) is (case.made_safe is None)
        for place, files in found.items():
            manifest = check(files, for_people if place == "file" else rows, totals=case.totals, time=case.time)
            assert manifest["csv_safety"] == ("spreadsheet" if place == "file" else "raw")
            assert (manifest["cells_changed"] > 0) is (place == "file" and case.made_safe is not None)
        assert 1 < manifest["rows"] <= ROWS_PER_FILE or report_type == "wallet_summary"
        assert manifest["report_type"] == report_type
        assert manifest["report_name"] == f"{report_type}, both ways"
        assert (manifest["dag_id"], manifest["run_id"]) == (run.dag_id, run.run_id)
        assert manifest["timezone"] == "America/New_York"
        assert manifest["late_rows"] is None
        assert manifest["excluded_rows"] == 0
        if case.window:
            start, end = case.window
            assert manifest["window"] == {"start": start, "end": end, "open": False}
            assert manifest["as_of"] is None
        else:
            assert manifest["window"] is None
            (same_instant,) = live.stack.postgres.execute(
                "SELECT %s::timestamptz = %s::timestamptz", [manifest["as_of"], run.about()["run_after"]]
            )
            assert same_instant == (True,)

    @pytest.mark.parametrize("report_type", CASES)
    def test_emits_an_event_for_each_destination(self, exports: dict[str, tuple[Run, bytes]], report_type: str) -> None:
        run, _ = exports[report_type]
        events, found = run.events(), run.delivered()
        assert len(events) == len(found) == 2
        for place, event in zip(found.values(), sorted(events, key=lambda event: event["manifest"]), strict=True):
            manifest = place.manifest
            folder = event["manifest"].removesuffix("manifest.json")
            assert event == {
                "manifest": event["manifest"],
                "files": [folder + file["name"] for file in manifest["files"]],
                "destination": f"amazon_s3:{BUCKET}" if folder.startswith("s3:") else "download",
                "bytes": sum(file["bytes"] for file in manifest["files"]),
                **{key: manifest[key] for key in ("rows", "window", "as_of", "event_key", "report_id", "report_type")},
            }

    def test_totals_by_type_are_those_of_the_rows(self, live: Live, exports: dict[str, tuple[Run, bytes]]) -> None:
        run, _ = exports["wallet_transactions"]
        manifest = run.delivered()["s3"].manifest
        with live.promo() as cursor:
            cursor.execute(
                "SELECT transaction_type, count(*), sum(points)::text FROM wallet_transactions"
                " WHERE wallet_id = 'grocery-rewards' AND occurred_at >= %s AND occurred_at < %s GROUP BY 1 ORDER BY 1",
                [START, END],
            )
            by_type = {each: {"rows": rows, "points": points} for each, rows, points in cursor.fetchall()}
        assert manifest["totals_by"] == {"column": "transaction_type", "values": by_type}
        assert sorted(by_type) == sorted(ALL_TYPES)

    def test_filters_that_are_left_out_or_chosen(self, live: Live) -> None:
        """product-spec: source Promo Campaign with type Expired gives the campaigns' points that expired."""
        conf = {
            "filters": {
                "wallet": "grocery-rewards",
                "transaction_type": ["expired"],
                "transaction_source": ["promo_campaign"],
            },
            **DAYS,
        }
        run = live.export("wallet_transactions", "Expired campaign points", [to(BUCKET, "a/prefix")], **conf).succeed()
        sql = expected.wallet_transactions("grocery-rewards", START, END, ["expired"], ["promo_campaign"])
        found = run.delivered()["s3"]
        assert check(found, live.csv(sql), totals=["points"], time="occurred_at")["rows"] > 0
        assert found.place.startswith(f"s3://{BUCKET}/promo-reports/a/prefix/")
