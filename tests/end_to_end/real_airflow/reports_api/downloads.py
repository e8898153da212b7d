"""Downloads: whole, in ranges, and what is answered where there is no file; Airflow's audit log knows them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from promo_reports.delivery import sweep
from tests.support.end_to_end.delivered import aged
from tests.support.end_to_end.live import Live, log_of, moment
from tests.support.end_to_end.reports_api import People, run_of
from tests.support.end_to_end.shared_exports import Made


class TestReportsApiDownloads:
    @pytest.fixture(scope="class")
    @classmethod
    def path(cls, made: Made) -> str:
        """Where the file is that all of them read, a ZIP."""
        return f"api/exports/{made.id('days')}/download"

    @pytest.fixture(scope="class")
    @classmethod
    def whole(cls, people: People, path: str) -> bytes:
        return people.viewer.send("GET", path).content

    def test_the_whole_file(self, people: People, made: Made, path: str, whole: bytes) -> None:
        (file,) = made.ended["days"]["files"]
        shown = made.ended["days"]["download"]
        assert shown == {"url": f"promo-reports/{path}", "name": file["name"], "bytes": file["bytes"]}
        answer = people.viewer.send("GET", path)
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        assert answer.headers["Content-Type"] == "application/zip"
        assert f'filename="{file["name"]}"' in answer.headers["Content-Disposition"]
        assert answer.headers["Content-Length"] == str(file["bytes"])
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        head = people.viewer.send("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        same = ("Content-Type", "Content-Length", "Content-Disposition", "ETag", "Accept-Ranges")
        assert {name: head.headers[name] for name in same} == {name: answer.headers[name] for name in same}
        assert people.viewer.send("GET", path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304

    def test_ranges_make_the_file(self, people: People, path: str, whole: bytes) -> None:
        third = len(whole) // 3
        ranges = (f"0-{third}", f"{third + 1}-{2 * third}", f"{2 * third + 1}-")
        answers = [people.viewer.send("GET", path, headers={"Range": f"bytes={each}"}) for each in ranges]
        assert [each.status_code for each in answers] == [206] * 3
        assert b"".join(each.content for each in answers) == whole
        last = people.viewer.send("GET", path, headers={"Range": "bytes=-10"})
        assert (last.status_code, last.content) == (206, whole[-10:])
        beyond = people.viewer.send("GET", path, headers={"Range": f"bytes={len(whole)}-"})
        assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")

    def test_a_csv_is_not_compressed_on_the_way(self, people: People, made: Made) -> None:
        path = f"api/exports/{made.id('snapshot')}/download"
        answer = people.viewer.send("GET", path, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Length"] == str(made.ended["snapshot"]["bytes"])

    def test_the_manifest(self, people: People, made: Made) -> None:
        manifest = people.viewer.get(f"api/exports/{made.id('days')}/manifest")
        assert made.ended["days"]["manifest"] == f"promo-reports/api/exports/{made.id('days')}/manifest"
        assert manifest["rows"] == made.ended["days"]["rows"]
        assert manifest["report_name"] == "Days, 100% of_points"

    def test_what_is_not_created_is_not_ready(self, people: People, made: Made) -> None:
        for name in ("download", "manifest"):
            error = people.viewer.refused(409, "GET", f"api/exports/{made.id('unknown')}/{name}")
            assert (error["code"], error["reason"]) == (
                "not_ready",
                "This export is not Created, so it cannot be downloaded.",
            )

    def test_what_is_in_a_bucket_is_there(self, people: People, made: Made) -> None:
        ended = made.ended["preset"]
        assert (ended["status"], ended["download"], ended["manifest"]) == ("created", None, None)
        (destination,) = ended["destinations"]
        assert destination["title"] == "s3://bi-exports/promo-reports/api"
        assert destination["manifest"].startswith("s3://bi-exports/promo-reports/api/")
        for name in ("download", "manifest"):
            error = people.viewer.refused(409, "GET", f"api/exports/{ended['id']}/{name}")
            assert error["reason"] == "This export was not delivered to Device Storage."

    def test_what_retention_has_swept_is_gone(self, live: Live, people: People, made: Made) -> None:
        (event,) = run_of(live, made.ended["today"]).events()
        folder = Path(unquote(urlsplit(event["manifest"]).path)).parent
        people.viewer.downloaded(made.id("today"))
        aged(folder, 30.5)
        ended = moment(made.ended["today"]["ended_at"])
        swept = sweep(live.downloads, older_than=ended - timedelta(days=30))
        assert swept.removed == (str(folder.relative_to(live.downloads)),)
        for name in ("download", "manifest"):
            error = people.viewer.refused(410, "GET", f"api/exports/{made.id('today')}/{name}")
            assert error["code"] == "expired"
        assert people.viewer.export(made.id("today"))["status"] == "created"

    def test_the_audit_log_knows_who_downloaded_and_created_what(
        self, live: Live, people: People, made: Made, path: str, whole: bytes
    ) -> None:
        run = run_of(live, made.ended["days"])
        downloads = log_of(live, run.dag_id, "promo_reports.download", run.run_id)
        assert {each["owner"] for each in downloads} >= {"viewer"}
        before = len(downloads)
        people.admin.send("GET", path)
        people.admin.send("GET", path, headers={"Range": "bytes=5-9"})  # the rest of a download that was begun
        people.admin.send("HEAD", path)
        after = log_of(live, run.dag_id, "promo_reports.download", run.run_id)
        assert len(after) == before + 2  # a part of it is no less a download
        newest = max(after, key=lambda each: each["event_log_id"])
        assert newest["owner"] == "admin"
        assert made.ended["days"]["download"]["name"] in newest["extra"]
        triggered = [each for each in log_of(live, run.dag_id, "trigger_dag_run") if run.run_id in each["extra"]]
        assert [each["owner"] for each in triggered] == ["user"]
