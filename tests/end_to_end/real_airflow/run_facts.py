"""What a run leaves for the Reports page: how far it is, what it made, where that is, and why it failed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.end_to_end.left import left_by
from tests.support.end_to_end.live import BUCKET, Live, Run, to
from tests.support.end_to_end.reports_api import People


class TestRunFacts:
    @pytest.fixture(scope="class")
    @classmethod
    def run(cls, live: Live) -> Run:
        """An export at two destinations."""
        delivery = ["download", to(BUCKET, "facts")]
        run = live.transactions("Facts", "grocery-rewards", "2026-10-01", "2026-10-31", delivery=delivery)
        return run.succeed()

    def test_extract_leaves_what_it_made(self, live: Live, run: Run) -> None:
        found = run.delivered()
        manifest = found["file"].manifest  # what the page shows is what people download
        (file,) = manifest["files"]
        assert left_by(live, run)["extract", -1] == {
            "progress": {"written": manifest["rows"], "counted": manifest["source_rows"]},
            "facts": {
                "rows": manifest["rows"],
                "bytes": file["bytes"],
                "window": manifest["window"],
                "as_of": None,
                "file": {"name": file["name"], "bytes": file["bytes"], "sha256": file["sha256"]},
                "delivers": [found[place].manifest["files"][0]["sha256"] for place in ("file", "s3")],
            },
            "manifest": manifest,
        }
        assert manifest["rows"] > 0

    def test_each_deliver_leaves_where_it_is(self, live: Live, run: Run) -> None:
        left, found = left_by(live, run), run.delivered()
        events = {event["manifest"]: event for event in run.events()}
        for map_index, (place, title) in enumerate([("file", "download"), ("s3", f"amazon_s3:{BUCKET}/facts")]):
            delivered, manifest = left["deliver", map_index]["delivered"], found[place].manifest
            (file,) = ({name: each[name] for name in ("name", "bytes", "sha256")} for each in manifest["files"])
            assert left["deliver", map_index]["manifest"] == manifest
            event = events.pop(delivered["manifest"])
            assert event["destination"] == title
            assert delivered == {
                "destination": title,
                "manifest": event["manifest"],
                "files": event["files"],
                "folder": "20261001T040000Z_20261101T040000Z",
                "sha256": file["sha256"],
                "facts": {
                    "rows": manifest["rows"],
                    "bytes": file["bytes"],
                    "window": manifest["window"],
                    "as_of": None,
                    "file": file,
                },
                "again": False,
            }
            assert f"/{delivered['folder']}/" in delivered["manifest"]
        assert events == {}
        assert len(left) == 3

    def test_a_snapshot_has_an_instant(self, live: Live) -> None:
        run = live.export("user_ledger_summary", "Facts of now", filters={"wallet": "grocery-rewards"}).succeed()
        facts = left_by(live, run)["extract", -1]["facts"]
        assert facts["window"] is None
        assert facts["as_of"] == run.delivered()["file"].manifest["as_of"]

    def test_a_mistake_leaves_its_reason(self, live: Live) -> None:
        run = live.transactions("Facts of nothing", "grocery-reward", "2026-10-01", "2026-10-31")
        assert run.wait() == "failed"
        ((task, left),) = left_by(live, run).items()
        assert task == ("extract", -1)
        reason = left["failure"].pop("reason")
        assert reason.endswith("loyalty wallet 'grocery-reward' is not in the promo database.")
        said = {"error": "UnknownValue", "fix": "Did you mean grocery-rewards?", "retryable": False}
        assert left == {"failure": said}

    def test_a_delivery_of_what_is_gone_says_so_until_all_is_made_again(
        self, live: Live, people: People, run: Run
    ) -> None:
        before = left_by(live, run)
        (export_id,) = (each["id"] for each in people.viewer.all("api/exports", q="Facts") if each["name"] == "Facts")
        made, sent = people.viewer.created(export_id), people.viewer.downloaded(export_id)
        for attempt in self.staged(live, run):
            shutil.rmtree(attempt)
        run.clear("deliver")
        assert run.wait() == "failed"
        after = left_by(live, run)
        assert after.pop(("extract", -1)) == before.pop(("extract", -1))
        for task, left in after.items():
            assert left["delivered"] == before[task]["delivered"]  # which is still there
            assert " is gone." in left["failure"]["reason"]
            assert left["failure"]["fix"] == "Clear the task extract of this run."
        shown = people.viewer.export(export_id)
        assert (shown["status"], shown["earlier"]) == ("failed", True)
        assert (shown["rows"], shown["download"]) == (made["rows"], made["download"])
        assert people.viewer.downloaded(export_id).content == sent.content  # to the byte

        run.clear().succeed()
        again = left_by(live, run)
        manifest = again.pop(("extract", -1))["manifest"]
        assert manifest == again["deliver", 0]["manifest"]
        for left in before.values():
            left["delivered"]["again"] = True
            left["manifest"] |= {name: manifest[name] for name in ("snapshot_at", "started_at", "finished_at")}
        assert again == before

    @staticmethod
    def staged(live: Live, run: Run) -> list[Path]:
        """The directories of one run in the staging area."""
        report_id = left_by(live, run)["extract", -1]["manifest"]["report_id"]
        return list((live.staging / report_id).glob("*"))
