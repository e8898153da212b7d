"""An attempt that stops at any step leaves the previous export or the new one, whole; the retry leaves nothing else."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from promo_reports.delivery import publish
from promo_reports.errors import DestinationUnavailable
from tests.support.delivery.azure import AzurePlace
from tests.support.delivery.exports import (
    EARLY,
    LATE,
    LATER,
    BucketPlace,
    LocalPlace,
    Place,
    assert_is,
    assert_whole,
    directory_area,
    staged,
)
from tests.support.delivery.interruptions import POINTS, InterruptedArea, Terminated, child

MIB = 1 << 20
KILLS = ["before manifest 1", *(point for point in POINTS if point.startswith("after"))]
"""Where a process can die: before a step is after the one before it."""
BEFORE_SWITCH = [point for point in POINTS if POINTS.index(point) <= POINTS.index("after put 2")]


def previous(place: Place, tmp_path: Path, point: str = "") -> str:
    """Publish an export, in an earlier second where the retry will have to tell old files from new ones; its key."""
    export = staged(tmp_path, b"old 1\n", b"old 2\n", snapshot_at=EARLY)
    publish(export, place.area)
    if isinstance(place, BucketPlace | AzurePlace) and point not in BEFORE_SWITCH:
        time.sleep(1.05 - time.time() % 1)  # S3 and Azure count in seconds
    return export.manifest.event_key


FAULT = DestinationUnavailable("the network is down")
EXCEPTIONS = [
    *[pytest.param(point, False, FAULT, id=f"{point}-replacing-fault") for point in POINTS],
    *[pytest.param(point, False, Terminated(), id=f"{point}-replacing-SIGTERM") for point in KILLS],
    # Where nothing was published before there is nothing to remove.
    *[pytest.param(point, True, FAULT, id=f"{point}-first-fault") for point in KILLS if "remove" not in point],
]


@pytest.mark.parametrize(("point", "first", "fault"), EXCEPTIONS)
def test_an_exception(place: Place, tmp_path: Path, point: str, first: bool, fault: BaseException) -> None:
    old = None if first else previous(place, tmp_path, point)
    untouched = place.contents()
    export = staged(tmp_path, b"new 1\n", b"new 2\n", snapshot_at=LATE)

    def stop() -> None:
        raise fault

    area = InterruptedArea(place.area, point, stop)
    try:
        publish(export, area)
        swallowed = True
    except type(fault):
        swallowed = False
    assert swallowed == (point.endswith("remove 1") and isinstance(fault, DestinationUnavailable))
    assert area.reached
    visible = assert_whole(place)
    assert visible is None or visible["event_key"] in (old, export.manifest.event_key)
    if point in BEFORE_SWITCH and not point.startswith("after put"):
        assert place.contents() == untouched
        assert place.unfinished() == []
    publish(export, place.area)
    assert_is(place, export)


@pytest.mark.parametrize("point", KILLS)
def test_sigkill(lasting: Place, tmp_path: Path, point: str) -> None:
    place = lasting
    old = previous(place, tmp_path, point)
    export = staged(tmp_path, b"new 1\n", b"new 2\n", snapshot_at=LATE)
    with child(export, place.for_child(), point, "SIGKILL") as process:
        assert process.wait(60) == -signal.SIGKILL
    visible = assert_whole(place)
    assert visible is not None
    after_switch = POINTS.index(point) > POINTS.index("before switch 1")
    assert visible["event_key"] == (export.manifest.event_key if after_switch else old)
    assert publish(export, place.area).changed is not after_switch
    assert_is(place, export)


def test_sigkill_while_copying(local: LocalPlace, tmp_path: Path) -> None:
    old = staged(tmp_path, b"old\n")
    publish(old, local.area)
    export = staged(tmp_path, b"new\n", snapshot_at=LATE)
    with child(export, local.for_child(), "while copying", "SIGKILL") as process:
        assert process.wait(60) == -signal.SIGKILL
    assert len(local.unfinished()) == 1
    assert set(local.contents()) == {"manifest.json", old.manifest.files[0].name}
    assert publish(export, local.area).changed
    assert_is(local, export)


def test_sigterm_while_copying_removes_what_was_copied(local: LocalPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    with child(export, local.for_child(), "while copying", "SIGTERM") as process:
        output, _ = process.communicate(timeout=60)
    assert json.loads(output) == {"error": "Terminated"}
    assert local.left() == []
    assert publish(export, local.area).changed
    assert_is(local, export)


@pytest.mark.parametrize("first", [True, False], ids=["first", "replacing"])
@pytest.mark.parametrize("at", ["UploadPart", "CompleteMultipartUpload"])
def test_sigkill_in_a_multipart_upload(in_bucket: BucketPlace, tmp_path: Path, at: str, first: bool) -> None:
    if not first:
        previous(in_bucket, tmp_path)
    untouched = in_bucket.contents()
    export = staged(tmp_path, b"0123456789abcdef" * (17 * MIB // 16), snapshot_at=LATE)
    killed = {**in_bucket.for_child(), "stopped_at": f"before-call.s3.{at}"}
    with child(export, killed, "nowhere", "SIGKILL") as process:
        assert process.wait(60) == -signal.SIGKILL
    assert len(in_bucket.unfinished()) == 1
    assert in_bucket.contents() == untouched
    assert publish(export, in_bucket.area).changed
    assert_is(in_bucket, export)


def test_sigterm_in_a_multipart_upload_aborts_it(in_bucket: BucketPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"0123456789abcdef" * (40 * MIB // 16))
    # However long the bucket takes on a busy machine; `test_stalled_bucket` has the limits.
    terminated = {**in_bucket.for_child(), "stopped_at": "before-call.s3.UploadPart", "seconds_to_end": "50"}
    with child(export, terminated, "nowhere", "SIGTERM") as process:
        output, _ = process.communicate(timeout=120)
    assert json.loads(output) == {"error": "Terminated"}
    assert in_bucket.unfinished() == []
    assert in_bucket.contents() == {}


def test_a_frozen_upload_wakes_up_and_loses(in_bucket: BucketPlace, tmp_path: Path) -> None:
    previous(in_bucket, tmp_path)
    late = staged(tmp_path, b"late\n", snapshot_at=LATE)
    winner = staged(tmp_path, b"winner\n", snapshot_at=LATER)
    with child(late, in_bucket.for_child(), "after put 1", "SIGSTOP") as process:
        wait_until_stopped(process.pid)
        assert late.manifest.files[0].name in in_bucket.contents()
        publish(winner, in_bucket.area)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=60)
    assert json.loads(output)["error"] == "DestinationRefused"
    assert "newer export" in json.loads(output)["text"]
    assert_is(in_bucket, winner)


def test_a_frozen_copy_holds_its_lock_and_ends_before_the_next(local: LocalPlace, tmp_path: Path) -> None:
    late = staged(tmp_path, b"late\n", snapshot_at=LATE)
    winner = staged(tmp_path, b"winner\n", snapshot_at=LATER)
    with child(late, local.for_child(), "after put 1", "SIGSTOP") as process:
        wait_until_stopped(process.pid)
        with pytest.raises(DestinationUnavailable, match="locked by another publication"):
            publish(winner, directory_area(local.root, lock_wait=0.2))
        process.send_signal(signal.SIGCONT)
        assert publish(winner, local.area).changed
        output, _ = process.communicate(timeout=60)
    assert json.loads(output) == {"changed": True}
    assert_is(local, winner)


def wait_until_stopped(pid: int) -> None:
    """Return when the process is stopped by a signal."""
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        assert time.monotonic() < deadline
        time.sleep(0.02)
