"""The list of exports over live data: filters, search, sorting, and cursors that whoever gets them may use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.end_to_end.live import Live
from tests.support.end_to_end.reports_api import Caller, People
from tests.support.end_to_end.shared_exports import BODIES, Made


@pytest.mark.usefixtures("made")
class TestReportsApiExportsList:
    def test_a_search_knows_no_wildcards(self, people: People) -> None:
        assert names(people, q="%") == ["Days, 100% of_points"]
        assert names(people, q="f_p") == ["Days, 100% of_points"]
        assert sorted(names(people, q="100")) == ["Days, 100% of_points", "Preset, 100 of points"]
        assert names(people, q="DAYS, 100") == ["Days, 100% of_points"]
        for nothing in ("\\", "'", '";', "a\x00b", "\U0001f600"):
            assert names(people, q=nothing) == []

    def test_filters_go_together(self, people: People, made: Made) -> None:
        assert made.id("unknown") in ids(people, status="failed")
        assert made.id("days") in ids(people, status="created")
        both = ids(people, status=["failed", "created"])
        assert {made.id("unknown"), made.id("days")} <= set(both)
        assert made.id("days") in ids(people, created_by="user", promotion_type="loyalty_wallet", status="created")
        assert ids(people, created_by="user", promotion_type="partner_vouchers", q=BODIES["days"]["name"]) == []
        assert made.id("days") not in ids(people, created_by="admin")
        assert ids(people, created_by="nobody' OR '1'='1") == []

    def test_creators_are_those_in_the_list(self, people: People) -> None:
        everybody = {each["created_by"] for each in people.viewer.all("api/exports")}
        assert set(people.viewer.get("api/creators")["creators"]) == everybody
        assert people.viewer.get("api/creators", q="USE")["creators"] == ["user"]
        assert people.viewer.get("api/creators", q="%")["creators"] == []
        reports = {each["created_by"] for each in people.viewer.all("api/reports") if not each["pending"]}
        assert set(people.viewer.get("api/creators", of="reports")["creators"]) >= reports
        people.viewer.refused(422, "GET", "api/creators", params={"of": "users"})

    @pytest.mark.parametrize("sort", ["name", "promotion_type", "status", "created_by", "created_at"])
    def test_a_walk_meets_every_export_once_in_order(self, people: People, sort: str) -> None:
        keys = {
            "name": lambda row: row["name"].lower(),
            "promotion_type": lambda row: row["promotion_type"]["label"],
            "status": lambda row: row["status"],
            "created_by": lambda row: row["created_by"],
            "created_at": lambda row: row["created_at"],
        }
        up, down = (people.viewer.all("api/exports", sort=sort, order=order) for order in ("asc", "desc"))
        assert [row["id"] for row in up] == [row["id"] for row in down][::-1]
        assert len({row["id"] for row in up}) == len(up) >= len(BODIES)
        if sort == "created_at":
            assert [row["id"] for row in up] == sorted(row["id"] for row in up)
        elif sort != "name":  # whose order is the database's collation
            assert [keys[sort](row) for row in up] == sorted(keys[sort](row) for row in up)

    def test_a_walk_goes_forth_and_back(self, people: People) -> None:
        question = {"sort": "name", "order": "asc", "limit": 3}
        pages = [people.viewer.get("api/exports", **question)]
        while pages[-1]["next"]:
            # Whoever opens the address sees the same page.
            seen, shared = (
                each.get("api/exports", **question, cursor=pages[-1]["next"]) for each in (people.viewer, people.user)
            )
            assert rows(seen) == rows(shared)
            pages.append(seen)
        assert len(pages) > 2
        assert pages[0]["previous"] is None
        back = pages[-1]
        for page in reversed(pages[:-1]):
            back = people.viewer.get("api/exports", **question, cursor=back["previous"])
            assert rows(back) == rows(page)
        assert back["previous"] is None

    @pytest.mark.parametrize(
        "asked",
        [
            {"sort": "conf"},
            {"sort": "name; DROP TABLE dag_run"},
            {"order": "sideways"},
            {"limit": 0},
            {"limit": -1},
            {"limit": 101},
            {"limit": 10**30},
            {"limit": "many"},
            {"status": "success"},
            {"promotion_type": "lottery"},
            {"q": "x" * 201},
            {"cursor": "x"},
            {"cursor": "é"},
            {"cursor": "x" * 5000},
            {"cursor": "W10"},
        ],
        ids=lambda asked: str(asked)[:40],
    )
    def test_a_question_that_means_no_good_is_refused(self, people: People, asked: dict[str, Any]) -> None:
        for path in ("api/exports", "api/reports"):
            error = people.viewer.refused(422, "GET", path, params=asked)
            assert [each["path"].partition(".")[0] for each in error["problems"]] == list(asked)

    def test_a_cursor_is_good_for_its_own_question_alone(self, people: People) -> None:
        cursor = people.viewer.get("api/exports", limit=1)["next"]
        for other in ({"sort": "name"}, {"order": "asc"}, {"q": "x"}, {"status": "created"}):
            error = people.viewer.refused(422, "GET", "api/exports", params={**other, "cursor": cursor})
            assert error["problems"][0]["message"].startswith("belongs to another sort or to other filters")
        people.viewer.refused(422, "GET", "api/reports", params={"cursor": cursor})

    def test_a_run_triggered_in_airflow_is_listed_too(self, live: Live, people: People) -> None:
        dag_id = "promo_reports.type.wallet_summary"
        live.api.wait_for_dag(dag_id)
        live.api.set_paused(dag_id, paused=True)
        try:
            live.api.trigger(dag_id, {"name": "<b>of Airflow</b>", "date_range": {"start": 7}, "x": "\u0001"})
            newest = people.user.get("api/exports", limit=1)["items"][0]
            assert (newest["name"], newest["origin"], newest["created_by"]) == ("<b>of Airflow</b>", "api", "admin")
            assert people.user.export(newest["id"])["trigger"] == "manual"
            cancelled = people.user.post(f"api/exports/{newest['id']}/cancel")
            assert cancelled["status"] == "cancelled"
            assert cancelled["failure"]["reason"].startswith("Cancelled by user on ")
        finally:
            live.api.set_paused(dag_id, paused=False)


def listed(caller: Caller, **asked: Any) -> list[dict[str, Any]]:
    return caller.all("api/exports", **asked)


def names(people: People, **asked: Any) -> list[str]:
    """Names of the exports of `user`: other tests make exports too."""
    return [each["name"] for each in listed(people.viewer, created_by="user", **asked)]


def ids(people: People, **asked: Any) -> list[int]:
    return [each["id"] for each in listed(people.viewer, **asked)]


def rows(page: dict[str, Any]) -> list[int]:
    """The exports of a page; what may be done with them differs by who asks."""
    return [each["id"] for each in page["items"]]
