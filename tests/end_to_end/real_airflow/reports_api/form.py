"""What the Create Report form asks of the promo database, and what it is told when that is away."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from tests.support.end_to_end import expected
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, ROWS_PER_FILE, WAITING, Live, midnight, to, until
from tests.support.end_to_end.reports_api import People, cells, daily, ledger, transactions

WALLETS = "api/report-types/wallet_transactions/choices/wallet"
VOUCHERS = "api/report-types/voucher_assignment_logs/choices"
VOUCHER_LOG = {
    "name": "Vouchers",
    "report_type": "voucher_assignment_logs",
    "filters": {"partner": "Book Nook, Inc.", "list_tag": "audiobooks"},
    "frequency": {"interval": "weekly", "delivery_day": "tuesday", "delivery_time": "07:30"},
    "delivery": ["download", to(BUCKET, "vouchers")],
}
AWAY = ("The promo database cannot be reached just now, or has too much to do.", "Try again in a moment.")
REFUSES = (
    "The promo database refuses what this report type asks for.",
    "Tell whoever runs Promo Reports: the api-server's log says what to correct.",
)
SENTENCES = {
    "Wallet Transactions: 1 Oct 2026 to 31 Oct 2026 (America/New_York), once, to Device Storage.": transactions(
        "x", "fresh"
    ),
    "Wallet Transactions: 5 Oct 2026 (America/New_York), once, to Device Storage.": transactions(
        "x", "fresh", date_range={"first": "2026-10-05", "last": "2026-10-05"}
    ),
    "User Ledger Summary: a snapshot as of now, once, to Device Storage.": ledger("x", "fresh"),
}


class TestReportsApiForm:
    def test_choices_are_all_of_the_promo_database(self, live: Live, people: People) -> None:
        rows = cells(live, "SELECT wallet_id, name FROM wallets ORDER BY name, wallet_id")[1:]
        assert people.user.get(WALLETS) == {
            "choices": [{"value": value, "title": title} for value, title in rows],
            "total": len(rows),
        }
        assert cells(live, "SELECT status FROM wallets WHERE wallet_id = 'fuel-points'")[1:] == [["inactive"]]
        campaigns = people.user.get("api/report-types/reward_assignment/choices/campaign")["choices"]
        assert [each["value"] for each in campaigns] == ["campaign-1", "campaign-2"]

    def test_choices_are_searched(self, people: People) -> None:
        for text in ("FUEL", "fuel-p", " Points "):
            assert [each["value"] for each in people.user.get(WALLETS, q=text)["choices"]] == ["fuel-points"]
        assert people.user.get(WALLETS, q="%") == {"choices": [], "total": 0}
        people.user.refused(422, "GET", WALLETS, params={"q": "x" * 201})

    def test_choices_depend_on_another_filter(self, people: People) -> None:
        def tags(**of: str) -> list[str]:
            return [each["value"] for each in people.user.get(f"{VOUCHERS}/list_tag", **of)["choices"]]

        assert tags(of="Book Nook, Inc.") == ["audiobooks", "paperbacks"]
        assert tags(of="Cinema City") == ["paperbacks"]
        assert tags(of="Cinema City' OR 'x' = 'x") == []
        assert tags(of="a\x00b") == []
        error = people.user.refused(422, "GET", f"{VOUCHERS}/list_tag")
        assert error["problems"] == [{"path": "of", "message": "is required"}]
        partners = people.user.get(f"{VOUCHERS}/partner")["choices"]
        assert [each["value"] for each in partners] == ["Book Nook, Inc.", "Cinema City"]

    def test_choices_of_what_is_not_there(self, people: People) -> None:
        for path in ("wallet_transactions/choices/campaign", "lottery/choices/wallet"):
            people.user.refused(404, "GET", f"api/report-types/{path}")

    def test_the_form_offers_what_there_is(self, people: People) -> None:
        form = people.user.get("api/form")
        assert form["timezone"] == "America/New_York"
        assert form["rows_per_file"] == ROWS_PER_FILE
        assert form["broken"] == []
        labels = {each["label"] for each in form["promotion_types"]}
        assert labels == {"Promo Campaigns", "Loyalty Wallet", "Partner Vouchers"}
        assert all(each["may_create"] for each in form["report_types"])
        assert not any(each["may_create"] for each in people.viewer.get("api/form")["report_types"])
        assert (people.user.get("api/session")["may_create"], people.viewer.get("api/session")["may_create"]) == (
            True,
            False,
        )

    @pytest.mark.parametrize("sentence", SENTENCES)
    def test_a_definition_in_words(self, people: People, sentence: str) -> None:
        assert people.user.post("api/drafts/describe", SENTENCES[sentence])["sentence"] == sentence

    def test_a_schedule_in_words(self, people: People) -> None:
        said = people.user.post("api/drafts/describe", VOUCHER_LOG)
        assert said["sentence"].startswith("Voucher Assignment Logs: every Tuesday at 07:30")
        assert said["sentence"].endswith(", to Device Storage and s3://bi-exports/promo-reports/vouchers.")
        assert (said["window"], said["as_of"], len(said["upcoming"])) == (None, None, 3)
        for each in said["upcoming"]:
            assert each["due"][10:19] == "T07:30:00"
            assert each["window"]["start"][10:19] == each["window"]["end"][10:19] == "T00:00:00"
        later = daily("x", "fresh")
        assert people.user.post("api/drafts/describe", later)["upcoming"][0]["due"].startswith("2199-01-01T06:00:00")

    def test_a_preview_is_the_beginning_of_the_file(self, live: Live, people: People) -> None:
        body = transactions("Previewed", "grocery-rewards", date_range={"first": "2026-08-01", "last": "2026-10-31"})
        seen = people.user.post("api/drafts/preview", body)
        start, end = midnight("2026-08-01"), midnight("2026-11-01")
        sql = expected.wallet_transactions("grocery-rewards", start, end, ALL_TYPES, description=expected.ESCAPED)
        header, *rows = cells(live, sql)
        assert [each["name"] for each in seen["columns"]] == header
        assert seen["rows"] == rows[:20]
        assert (seen["counted"], seen["excluded"]) == (len(rows), 0) == (2576, 0)
        assert seen["file"] == "a ZIP of 3 CSVs"
        assert (seen["window"]["start"], seen["window"]["end"], seen["as_of"]) == (start, end, None)
        ((_, points),) = cells(live, f"SELECT 1, sum(points) FROM ({sql}) AS rows")[1:]
        assert seen["totals"] == [{"name": "points", "sum": points}]
        by_type = f"SELECT transaction_type, count(*), sum(points) FROM ({sql}) AS rows GROUP BY 1 ORDER BY 1"
        assert seen["groups"]["by"] == "transaction_type"
        assert [
            [each["value"], str(each["rows"]), each["sums"][0]["sum"]] for each in seen["groups"]["items"]
        ] == cells(live, by_type)[1:]

    def test_a_preview_of_a_snapshot_and_of_a_schedule(self, live: Live, people: People) -> None:
        seen = people.user.post("api/drafts/preview", ledger("Previewed", "fuel-points"))
        header, *rows = cells(live, expected.user_ledger_summary("fuel-points", seen["as_of"]))
        assert ([each["name"] for each in seen["columns"]], seen["rows"]) == (header, rows[:20])
        assert (seen["counted"], seen["window"], seen["file"]) == (len(rows), None, "one CSV")
        seen = people.user.post(
            "api/drafts/preview", {**VOUCHER_LOG, "filters": {"partner": "Cinema City", "list_tag": "paperbacks"}}
        )
        window = seen["window"]["start"], seen["window"]["end"]
        _, *rows = cells(live, expected.voucher_assignment_logs("Cinema City", "paperbacks", *window))
        assert (seen["rows"], seen["counted"]) == (rows[:20], len(rows))

    def test_an_estimate_counts_what_a_preview_counts(self, people: People) -> None:
        body = transactions("Estimated", "grocery-rewards", date_range={"first": "2026-08-01", "last": "2026-10-31"})
        seen = people.user.post("api/drafts/estimate", body)
        assert (seen["rows"], seen["files"][0]["format"]["id"], seen["files"][0]["parts"]) == (2576, "zip", 3)
        assert seen["sentence"].startswith("2,576 rows: one file (ZIP of CSV files, 3 parts)")
        for each in (ledger("Estimated", "fuel-points"), VOUCHER_LOG):
            seen, preview = (people.user.post(f"api/drafts/{what}", each) for what in ("estimate", "preview"))
            assert (seen["rows"], seen["window"]) == (preview["counted"], preview["window"])
        error = people.user.refused(422, "POST", "api/drafts/estimate", json=ledger("Estimated", "fuel-point"))
        assert [each["path"] for each in error["problems"]] == ["filters.wallet"]

    def test_a_preview_of_an_unknown_wallet(self, people: People) -> None:
        error = people.user.refused(422, "POST", "api/drafts/preview", json=ledger("Previewed", "fuel-point"))
        assert "loyalty wallet 'fuel-point' is not in the promo database." in error["reason"]
        assert error["fix"] == "Did you mean fuel-points?"
        assert [each["path"] for each in error["problems"]] == ["filters.wallet"]


class TestReportsApiPromoDatabaseAway:
    @pytest.mark.parametrize("asked", ["choices", "preview"])
    def test_the_database_takes_no_more_connections(self, live: Live, people: People, asked: str) -> None:
        with altered(live, "ALTER ROLE promo_reader CONNECTION LIMIT 0", "ALTER ROLE promo_reader CONNECTION LIMIT -1"):
            error = ask(people, 503, asked)
        assert (error["reason"], error["fix"]) == AWAY
        ask(people, 200, asked)

    @pytest.mark.parametrize("asked", ["choices", "preview"])
    def test_the_database_ends_the_session(self, live: Live, people: People, asked: str) -> None:
        with ThreadPoolExecutor(1) as pool, live.locked("wallets"):
            answer = pool.submit(ask, people, 503, asked)
            ((session, _),) = until(lambda: live.stack.postgres.execute(WAITING), "the query to wait")
            live.stack.postgres.execute("SELECT pg_terminate_backend(%s)", [session])
            error = answer.result()
        assert (error["reason"], error["fix"]) == AWAY

    @pytest.mark.parametrize("asked", ["choices", "preview"])
    def test_a_table_may_not_be_read(self, live: Live, people: People, asked: str) -> None:
        with altered(live, "REVOKE SELECT ON wallets FROM promo_reader", "GRANT SELECT ON wallets TO promo_reader"):
            error = ask(people, 503, asked)
        assert (error["reason"], error["fix"]) == REFUSES

    @pytest.mark.parametrize("asked", ["choices", "preview"])
    def test_its_connection_is_missing(self, live: Live, people: People, asked: str) -> None:
        body = yaml.safe_load((live.home / "report_types" / "user_ledger_summary.yaml").read_text())
        path = live.home / "report_types" / "elsewhere.yaml"
        sql = live.home / "include" / "sql"
        (sql / "elsewhere.sql").write_text((sql / "user_ledger_summary.sql").read_text())
        path.write_text(yaml.safe_dump({**body, "id": "elsewhere", "title": "Elsewhere", "connection": "nowhere_db"}))
        try:
            error = ask(people, 503, asked, "elsewhere")
        finally:
            path.unlink()
            (sql / "elsewhere.sql").unlink()
        assert (error["reason"], error["fix"]) == REFUSES


def ask(people: People, status: int, what: str, report_type: str = "user_ledger_summary") -> dict[str, Any]:
    """The answer, or the error where one is expected."""
    body = {**ledger("Asked", "fuel-points"), "report_type": report_type}
    route = (
        ("GET", f"api/report-types/{report_type}/choices/wallet")
        if what == "choices"
        else ("POST", "api/drafts/preview")
    )
    options: dict[str, Any] = {} if what == "choices" else {"json": body}
    if status == 200:
        return dict(people.user.call(*route, **options))
    return people.user.refused(status, *route, **options)


@contextmanager
def altered(live: Live, change: str, back: str) -> Iterator[None]:
    """The promo database as something has changed it, for a moment."""
    name = live.stack.promo.name
    live.stack.postgres.execute(change, database=name)
    try:
        yield
    finally:
        live.stack.postgres.execute(back, database=name)
