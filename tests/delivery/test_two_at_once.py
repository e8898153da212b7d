"""Two attempts at the same window at the same time give one export."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from promo_reports.delivery import publish
from promo_reports.errors import DestinationRefused
from promo_reports.pipeline.staging.directory import StagedDirectory
from tests.support.delivery.exports import EARLY, LATE, LATER, BucketPlace, Place, assert_is, staged
from tests.support.delivery.interruptions import POINTS, InterruptedArea


def both(place: Place, exports: list[StagedDirectory]) -> list[str]:
    """Publish all at once; what became of each."""
    start = Barrier(len(exports))

    def one(export: StagedDirectory) -> str:
        start.wait()
        try:
            return "published" if publish(export, place.area).changed else "nothing to do"
        except DestinationRefused:
            return "refused"

    with ThreadPoolExecutor(len(exports)) as pool:
        return list(pool.map(one, exports))


def test_two_triggers_with_the_same_content(place: Place, tmp_path: Path) -> None:
    exports = [staged(tmp_path, b"same 1\n", b"same 2\n", snapshot_at=at) for at in (EARLY, LATE)]
    assert "published" in both(place, exports)
    assert_is(place, exports[0])


def test_the_newer_snapshot_wins(place: Place, tmp_path: Path) -> None:
    older, newer = staged(tmp_path, b"older\n", snapshot_at=LATE), staged(tmp_path, b"newer\n", snapshot_at=LATER)
    assert both(place, [older, newer])[1] == "published"
    assert_is(place, newer)


@pytest.mark.parametrize("point", [each for each in POINTS if each not in ("before remove 1", "after remove 1")])
@pytest.mark.parametrize("content", [b"theirs\n", b"ours 1\n"], ids=["other content", "same first file"])
def test_another_attempt_publishes_in_the_middle_of_ours(
    unlocked: Place, tmp_path: Path, point: str, content: bytes
) -> None:
    """Every interleaving of a whole publication with ours, where nothing is locked."""
    newer = staged(tmp_path, content, snapshot_at=LATER)
    older = staged(tmp_path, b"ours 1\n", b"ours 2\n", snapshot_at=LATE)
    interrupted = InterruptedArea(unlocked.area, point, lambda: _publish(newer, unlocked))
    _ignore_refusal(lambda: publish(older, interrupted))
    assert interrupted.reached
    assert_is(unlocked, newer)


@pytest.mark.parametrize("point", [each for each in POINTS if each not in ("before remove 1", "after remove 1")])
def test_an_older_attempt_runs_in_the_middle_of_ours(unlocked: Place, tmp_path: Path, point: str) -> None:
    newer = staged(tmp_path, b"ours 1\n", b"ours 2\n", snapshot_at=LATER)
    older = staged(tmp_path, b"ours 1\n", b"theirs\n", snapshot_at=LATE)
    interrupted = InterruptedArea(unlocked.area, point, lambda: _ignore_refusal(lambda: publish(older, unlocked.area)))
    assert publish(newer, interrupted).changed
    assert interrupted.reached
    assert_is(unlocked, newer)


@pytest.mark.parametrize("point", ["after put 1", "after put 2", "before switch 1", "after switch 1"])
def test_an_attempt_that_fails_beside_ours_takes_no_file_of_ours_with_it(
    unlocked: Place, tmp_path: Path, point: str
) -> None:
    """It has put the files that we found there; it withdraws them when we are about to name them."""
    ours = staged(tmp_path, b"same 1\n", b"same 2\n", snapshot_at=LATER)
    theirs = staged(tmp_path, b"same 1\n", b"same 2\n", snapshot_at=LATE)

    def we_publish() -> None:
        publish(ours, InterruptedArea(unlocked.area, point, they_withdraw))
        raise RuntimeError("they fail afterwards")

    def they_withdraw() -> None:
        for file in theirs.manifest.files:
            unlocked.delete(file.name)

    with pytest.raises(RuntimeError):
        publish(theirs, InterruptedArea(unlocked.area, "after put 2", we_publish))
    assert_is(unlocked, ours)


def test_the_manifest_that_was_read_tells_what_is_stale(in_bucket: BucketPlace, tmp_path: Path) -> None:
    """Another attempt publishes between our reading the manifest and our listing the files, taking a second for it."""
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATER)
    older = staged(tmp_path, b"older\n", snapshot_at=LATE)
    slow = InterruptedArea(in_bucket.area, "before switch 1", next_second)
    interrupted = InterruptedArea(in_bucket.area, "after manifest 1", lambda: publish(newer, slow))
    seen: list[bool] = []
    watched = InterruptedArea(
        interrupted, "before put 1", lambda: seen.append(set(in_bucket.contents()) > {"manifest.json"})
    )
    with pytest.raises(DestinationRefused, match="newer export"):
        publish(older, watched)
    assert seen == [True]
    assert_is(in_bucket, newer)


def test_a_retry_that_changes_nothing_takes_no_file_of_a_newer_attempt(in_bucket: BucketPlace, tmp_path: Path) -> None:
    """The newer attempt finds its file there already, from before the present manifest: nobody must count on that."""
    present = staged(tmp_path, b"present\n", snapshot_at=LATE)
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATER)
    in_bucket.client.put_object(
        Bucket=in_bucket.bucket,
        Key=in_bucket.folder + newer.manifest.files[0].name,
        Body=b"newer\n",
        Metadata={"sha256": newer.manifest.files[0].sha256},
    )
    slow = InterruptedArea(in_bucket.area, "before switch 1", next_second)
    publish(present, InterruptedArea(slow, "before remove 1", stop_tidying))
    assert len(in_bucket.contents()) == 3

    def again() -> None:
        assert not publish(present, in_bucket.area).changed
        assert newer.manifest.files[0].name in in_bucket.contents()

    interrupted = InterruptedArea(in_bucket.area, "before switch 1", again)
    publish(newer, interrupted)
    assert interrupted.reached
    assert_is(in_bucket, newer)


def next_second() -> None:
    """Wait for it: S3 counts in seconds."""
    time.sleep(1.05 - time.time() % 1)


def stop_tidying() -> None:
    """As where nothing may be deleted."""
    raise DestinationRefused("no delete permission")


def _publish(export: StagedDirectory, place: Place) -> None:
    assert publish(export, place.area).changed


def _ignore_refusal(publication: Callable[[], object]) -> None:
    try:
        publication()
    except DestinationRefused as refused:
        assert "newer export" in str(refused)  # noqa: PT017 - it may also be superseded a moment later
