"""What the tests of the API share: who calls, and exports that were created together, since each costs seconds.

They are imported beside the test classes, and so live as long as the stack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.end_to_end.live import BUCKET, NEVER_MADE, Live, to
from tests.support.end_to_end.reports_api import People, everybody, ledger, transactions

BODIES: Mapping[str, Mapping[str, Any]] = {
    "days": transactions(
        "Days, 100% of_points", "grocery-rewards", date_range={"first": "2026-08-01", "last": "2026-10-31"}
    ),
    "preset": transactions(
        "Preset, 100 of points", "fuel-points", date_range="past_month", delivery=[to(BUCKET, "api")]
    ),
    "today": transactions("Today", "fresh", date_range="today"),
    "snapshot": ledger("Snapshot", "grocery-rewards"),
    "unknown": transactions("Unknown wallet", "no-such-wallet"),
    "late": transactions("Late wallet", "opened-later"),
    "refused": transactions("To a missing bucket", "fuel-points", delivery=["download", to(NEVER_MADE)]),
}
WILL_FAIL = ("unknown", "late", "refused")


@dataclass(frozen=True)
class Made:
    """Exports of `user` by their key in `BODIES`: what was answered at once, the newest rows of the list then, and the
    export once it had ended.
    """

    answers: Mapping[str, Mapping[str, Any]]
    listed: Mapping[str, Mapping[str, Any]]
    ended: Mapping[str, Mapping[str, Any]]

    def id(self, key: str) -> int:
        return int(self.answers[key]["id"])


@pytest.fixture(scope="module")
def people(live: Live) -> Iterator[People]:
    """A caller of each role."""
    with everybody(live) as people:
        yield people


@pytest.fixture(scope="module")
def made(live: Live, people: People) -> Made:
    """All of `BODIES`, ended; those in `WILL_FAIL` have failed."""
    remove_bucket(live, NEVER_MADE)
    for each in {body["report_type"] for body in BODIES.values()}:
        live.api.wait_for_dag(f"promo_reports.type.{each}")
    answers, listed = {}, {}
    for key, body in BODIES.items():
        answers[key] = people.user.create(body)
        listed[key] = people.viewer.get("api/exports", limit=1)["items"][0]
    return Made(answers, listed, {key: people.user.ended(each["id"]) for key, each in answers.items()})


def remove_bucket(live: Live, bucket: str) -> None:
    """Whatever other tests have put into it."""
    if bucket not in [each["Name"] for each in live.s3.list_buckets()["Buckets"]]:
        return
    for each in live.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        live.s3.delete_object(Bucket=bucket, Key=each["Key"])
    live.s3.delete_bucket(Bucket=bucket)
