"""Creating one-time exports: what is answered, what Airflow's run is told, what is in the file, and Duplicate."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, ZONE, Live, midnight
from tests.support.end_to_end.reports_api import People, ledger, run_of
from tests.support.end_to_end.shared_exports import BODIES, Made


class TestReportsApiCreating:
    def test_it_is_listed_at_once_as_creating(self, made: Made) -> None:
        for key, answer in made.answers.items():
            assert made.listed[key]["id"] == answer["id"]
            assert (answer["name"], answer["status"], answer["created_by"]) == (BODIES[key]["name"], "creating", "user")
            assert (answer["origin"], answer["report"], answer["download"]) == ("page", None, None)
            assert answer["actions"] == ["cancel", "duplicate"]

    def test_its_owner_is_who_created_it(self, live: Live, made: Made) -> None:
        for each in made.ended.values():
            assert run_of(live, each).about()["conf"]["owner"] == "user"

    def test_days_become_instants(self, live: Live, made: Made) -> None:
        window = made.answers["days"]["window"]
        assert (window["first"], window["last"]) == ("2026-08-01", "2026-10-31")
        assert date_range(live, made, "days") == {"start": midnight("2026-08-01"), "end": midnight("2026-11-01")}

    def test_a_preset_becomes_instants(self, live: Live, made: Made) -> None:
        created = datetime.fromisoformat(made.answers["preset"]["created_at"]).astimezone(ZONE)
        end = created.replace(day=1)
        start = end.replace(year=end.year - (end.month == 1), month=(end.month + 10) % 12 + 1)
        assert date_range(live, made, "preset") == {
            "start": midnight(f"{start:%Y-%m-%d}"),
            "end": midnight(f"{end:%Y-%m-%d}"),
        }

    def test_today_ends_when_it_was_asked_for(self, live: Live, people: People, made: Made) -> None:
        run = run_of(live, made.ended["today"])
        asked = datetime.fromisoformat(run.about()["run_after"]).astimezone(ZONE)
        window = date_range(live, made, "today")
        assert window == {"start": midnight(f"{asked:%Y-%m-%d}"), "end": asked.isoformat()}
        sql = expected.wallet_transactions("fresh", window["start"], window["end"], ALL_TYPES)
        found = run.delivered()["file"]
        assert check(found, live.csv(sql), totals=["points"], time="occurred_at")["window"]["open"] is True

    def test_a_snapshot_has_no_range(self, live: Live, people: People, made: Made) -> None:
        ended = made.ended["snapshot"]
        assert "date_range" not in run_of(live, ended).about()["conf"]
        assert ended["window"] is None
        sql = expected.user_ledger_summary("grocery-rewards", ended["as_of"])
        manifest = people.viewer.downloaded(made.id("snapshot"))
        assert check(manifest, live.csv(sql), totals=BALANCES)["rows"] == ended["rows"] == 42

    def test_it_goes_to_created_with_the_rows_of_the_database(self, live: Live, people: People, made: Made) -> None:
        ended = made.ended["days"]
        start, end = midnight("2026-08-01"), midnight("2026-11-01")
        sql = expected.wallet_transactions("grocery-rewards", start, end, ALL_TYPES, description=expected.ESCAPED)
        found = people.viewer.downloaded(made.id("days"))
        manifest = check(found, live.csv(sql), totals=["points"], time="occurred_at")
        (file,) = manifest["files"]
        assert (ended["rows"], ended["bytes"]) == (manifest["rows"], file["bytes"])
        assert (ended["step"], ended["failure"], ended["progress"], ended["attempt"]) == (None, None, None, 1)
        assert ended["trigger"] == "page"
        assert ended["actions"] == ["duplicate"]
        (shown,) = ended["files"]
        assert shown == {
            name: file[name] for name in ("name", "rows", "bytes", "sha256", "first", "last", "members")
        } | {
            "members": [
                {name: member[name] for name in ("name", "rows", "bytes", "first", "last")}
                for member in file["members"]
            ]
        }
        assert len(file["members"]) == 3
        facts = {each["key"]: each["value"] for each in ended["facts"]}
        assert facts["totals.points"].replace(",", "") == manifest["totals"]["points"]
        assert facts["event_key"] == manifest["event_key"]

    def test_its_configuration_is_what_was_chosen(self, made: Made) -> None:
        rows = {each["label"]: each["value"] for each in made.ended["preset"]["configuration"]}
        assert rows == {
            "Name": "Preset, 100 of points",
            "Promotion Type": "Loyalty Wallet",
            "Report Type": "Wallet Transactions",
            "Loyalty wallet": "fuel-points",
            "Transaction source": "All",
            "Transaction type": "All",
            "Delivery destination": "s3://bi-exports/promo-reports/api",
            "Export Frequency": "One Time",
            "Date Range": rows["Date Range"],
            "Timezone": "America/New_York",
            "Text cells": "Unchanged, for machines",
            "Owner": "user",
        }
        assert rows["Date Range"].endswith(" (America/New_York)")

    def test_a_viewer_may_look_at_it_and_do_nothing(self, people: People, made: Made) -> None:
        seen = people.viewer.export(made.id("days"))
        ended = dict(made.ended["days"])
        assert (seen["actions"], seen["airflow"]) == ([], None)
        assert {**seen, "actions": ended["actions"], "airflow": ended["airflow"]} == ended

    def test_a_duplicate_says_the_same_again(self, live: Live, people: People, made: Made) -> None:
        for key in ("days", "preset", "today"):
            definition = made.ended[key]["definition"]
            assert people.user.post("api/drafts/describe", definition)["window"] == made.answers[key]["window"]
            conf = run_of(live, made.ended[key]).about()["conf"]
            sources = ["cashback_coupon", "system", "api", "promo_campaign", "manual"]
            filters = {**conf["filters"], "transaction_source": sources}
            del conf["owner"]
            assert definition == {**conf, "filters": filters}

    def test_a_duplicate_is_created_like_any_other(self, live: Live, people: People, made: Made) -> None:
        body = made.ended["snapshot"]["definition"]
        assert body == ledger("Snapshot", "grocery-rewards")
        again = people.admin.created(people.admin.create(body)["id"])
        assert again["id"] > made.id("snapshot")
        assert (again["definition"], again["created_by"]) == (body, "admin")
        assert again["rows"] == made.ended["snapshot"]["rows"]


BALANCES = ("active_balance", "promised_balance", "issued", "redeemed", "removed", "expired", "reversed", "refunded")


def date_range(live: Live, made: Made, key: str) -> dict[str, Any]:
    """What the run was told; it resolves no preset by itself."""
    return dict(run_of(live, made.ended[key]).about()["conf"]["date_range"])
