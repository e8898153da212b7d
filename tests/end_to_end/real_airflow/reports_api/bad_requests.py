"""Requests that are wrong before anybody asks what they want: addresses, bodies, credentials, and other sites."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest

from tests.support.end_to_end.live import Live
from tests.support.end_to_end.reports_api import Caller, People, daily, error_of, token_of, transactions
from tests.support.end_to_end.shared_exports import Made

TRICKS = ("..", ".", "%2e%2e", "%2E%2E%2Fsession", "..%2f..%2f..%2fetc%2fpasswd", "%00", "a%00b", "%ff", "a" * 3000)
DRAFT = transactions("Draft", "fuel-points")


class TestReportsApiBadRequests:
    @pytest.mark.parametrize(
        "address",
        [
            "api/reports/{}",
            "api/exports/{}",
            "api/exports/{}/download",
            "api/exports/{}/manifest",
            "api/report-types/{}/choices/wallet",
            "api/report-types/wallet_transactions/choices/{}",
            "ui/{}",
            "{}",
        ],
    )
    def test_an_address_that_leaves_its_place_is_not_there(self, live: Live, address: str) -> None:
        token = token_of(live, "user")
        for trick in TRICKS:
            status, content = as_written(live, token, "GET", address.format(trick))
            assert status == 404, trick
            assert error_of(404, content)["fix"] == "It may have been removed, or you may not see it."

    def test_a_report_that_no_store_can_hold_is_not_stopped_or_deleted(self, live: Live) -> None:
        token = token_of(live, "user")
        for trick in TRICKS:
            for method, after in (("POST", "/stop"), ("POST", "/resume"), ("POST", "/windows"), ("DELETE", "")):
                body = b'{"first": "2026-10-01", "last": "2026-10-02"}' if after == "/windows" else b"{}"
                status, _ = as_written(live, token, method, f"api/reports/{trick}{after}", body)
                assert status == 404, (method, trick, after)

    def test_what_is_unknown_and_what_is_somebody_else_s_look_the_same(self, live: Live, people: People) -> None:
        run = "INSERT INTO dag_run (dag_id, run_id, run_type, run_after, state, span_status, conf, clear_number)"
        values = (
            "SELECT 'promo_reports.retention', 'not ours', 'manual', now(), 'success', 'ended', '{}', 0 RETURNING id"
        )
        ((foreign,),) = live.stack.postgres.execute(f"{run} {values}", database="airflow")
        try:
            answers = {
                people.viewer.send(method, f"api/exports/{export_id}{after}").text
                for method, after in (("GET", ""), ("GET", "/download"), ("GET", "/manifest"), ("POST", "/retry"))
                for export_id in (foreign, 0, 2**31 - 1, 2**31, 10**30)
            }
        finally:
            live.stack.postgres.execute("DELETE FROM dag_run WHERE id = %s RETURNING id", [foreign], database="airflow")
        (answer,) = answers
        assert error_of(404, answer.encode())["reason"] == "There is no such export."
        assert people.user.refused(404, "GET", "api/reports/never_made")["reason"] == "There is no such report."
        assert people.user.get("api/exports", report="never_made")["total"] == 0
        assert people.user.get("api/exports", report="../x")["total"] == 0

    def test_a_body_that_is_no_json(self, people: People) -> None:
        body = b"name=x&report_type=wallet_transactions"
        for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""):
            headers = {"Content-Type": kind} if kind else {}
            people.user.refused(415, "POST", "api/reports", content=body, headers=headers)
        json = {"Content-Type": "application/json; charset=utf-8"}
        for content in (body, b"", b"{", b"\xff", b'{"name": "\x01"}'):
            error = people.user.refused(422, "POST", "api/reports", content=content, headers=json)
            assert error["problems"], content
        for content in (b"[]", b"1", b"null", b'"text"'):
            people.user.refused(422, "POST", "api/reports", content=content, headers=json)

    def test_a_body_that_is_too_large(self, people: People) -> None:
        body = {**DRAFT, "name": "x" * 70_000}
        assert "64 KiB" in people.user.refused(413, "POST", "api/reports", json=body)["reason"]
        assert people.user.refused(413, "POST", "api/drafts/describe", content=iter([b" " * 40_000] * 2))

    def test_a_body_that_is_nested_too_deep(self, people: People) -> None:
        for deep in ("[" * 21 + "]" * 21, '{"a":' * 30_000 + "1" + "}" * 1, "[" * 30_000 + "]" * 30_000):
            content = ('{"filters": ' + deep + "}").encode()
            headers = {"Content-Type": "application/json"}
            people.user.refused(
                422 if len(content) <= 65536 else 413, "POST", "api/reports", content=content, headers=headers
            )

    def test_commands_take_no_further_words(self, people: People, made: Made) -> None:
        error = people.user.refused(422, "POST", f"api/exports/{made.id('days')}/retry", json={"force": True})
        assert [each["path"] for each in error["problems"]] == ["force"]

    def test_a_report_cannot_be_edited(self, people: People) -> None:
        report = people.user.create(daily("Not edited", "fuel-points"))
        for method in ("PUT", "PATCH"):
            error = people.user.refused(405, method, f"api/reports/{report['id']}", json=daily("Edited", "fuel-points"))
            assert error["reason"] == "A report cannot be edited."
            people.user.refused(404, method, "api/reports/never_made", json={})
        assert people.user.get(f"api/reports/{report['id']}")["name"] == "Not edited"
        people.user.call("DELETE", f"api/reports/{report['id']}")

    def test_a_broken_credential_is_nobody_s(self, live: Live) -> None:
        token = token_of(live, "admin")
        head, payload, signature = token.split(".")
        cookie = {"Cookie": f"_token={token}"}
        broken = ("x", "..", f"{head}.{payload}.", f"{head}.{payload}.{signature[::-1]}", f"{token}x")
        for each in broken:
            # A cookie beside it does not help: who sends a credential means it.
            with caller(live, Authorization=f"Bearer {each}", **cookie) as bearer:
                bearer.refused(401, "GET", "api/session")
            with caller(live, Cookie=f"_token={each}") as ambient:
                ambient.refused(401, "GET", "api/session")


class TestReportsApiCookie:
    """Airflow's pages have no bearer token, but a cookie, which the browser adds to requests of other sites too."""

    @pytest.fixture
    def page(self, live: Live) -> Iterator[Caller]:
        with caller(live, Cookie=f"_token={token_of(live, 'user')}") as page:
            yield page

    def test_it_reads(self, page: Caller) -> None:
        assert page.get("api/session")["user"]["name"] == "user"
        page.get("api/exports")

    def test_a_write_of_the_page_itself_is_taken(self, live: Live, page: Caller) -> None:
        ours = {"X-Requested-With": "promo-reports"}
        for more in ({}, {"Origin": live.stack.airflow.url}, {"Sec-Fetch-Site": "same-origin"}):
            page.call("POST", "api/drafts/describe", json=DRAFT, headers={**ours, **more})

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "same"},
            {"Origin": "https://evil.example", "X-Requested-With": "promo-reports"},
            {"Origin": "null", "X-Requested-With": "promo-reports"},
            {"Origin": "other port", "X-Requested-With": "promo-reports"},
            {"Sec-Fetch-Site": "cross-site", "X-Requested-With": "promo-reports"},
            {"Sec-Fetch-Site": "same-site", "X-Requested-With": "promo-reports"},
        ],
        ids=lambda headers: " ".join(headers.values()) or "nothing",
    )
    def test_a_write_of_another_site_is_refused(
        self, live: Live, people: People, page: Caller, headers: dict[str, str]
    ) -> None:
        url = live.stack.airflow.url
        origins = {"same": url, "other port": f"http://127.0.0.1:{live.stack.s3.port}"}
        sent = {name: origins.get(value, value) for name, value in headers.items()}
        before = people.user.get("api/reports")["total"]
        for method, path in (("POST", "api/reports"), ("POST", "api/drafts/describe"), ("DELETE", "api/reports/x")):
            body = {"json": daily("Of another site", "fuel-points")} if method == "POST" else {}
            assert page.refused(403, method, path, headers=sent, **body)["code"] == "cross_origin"
        assert people.user.get("api/reports")["total"] == before

    def test_a_bearer_token_may_come_from_anywhere(self, people: People) -> None:
        headers = {"Origin": "https://scripts.example", "Sec-Fetch-Site": "cross-site"}
        people.user.call("POST", "api/drafts/describe", json=DRAFT, headers=headers)


@contextmanager
def caller(live: Live, **headers: str) -> Iterator[Caller]:
    found = Caller(live, "of these headers", **headers)
    with closing(found.http):
        yield found


def as_written(live: Live, token: str, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """The answer to an address that no client tidies up before."""
    connection = http.client.HTTPConnection(urlsplit(live.stack.airflow.url).netloc, timeout=60)
    with closing(connection):
        headers = {"Authorization": f"Bearer {token}"} | ({"Content-Type": "application/json"} if body else {})
        connection.request(method, f"/promo-reports/{path}", body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
