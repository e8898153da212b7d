"""Nobody's export is replaced by, or read in the place of, another's (reliability, P17)."""

from __future__ import annotations

import json
import shutil
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from promo_reports.delivery import OpenFile, PresignedFile, Wanted, open_published, publish, published, sweep
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.manifest import Manifest
from promo_reports.errors import Expired, ForeignExport, Replaced
from promo_reports.pipeline.staging.directory import StagedDirectory
from tests.support.delivery.exports import (
    EARLY,
    LATE,
    REPORT,
    BucketPlace,
    LocalPlace,
    Place,
    assert_is,
    staged,
    wanted,
)
from tests.support.delivery.interruptions import InterruptedArea
from tests.support.delivery.sftp import asked_of

TYPE = "promo_reports.type.wallet_transactions"
OTHER_TYPE = "promo_reports.type.user_errors"
RUN, ID = "manual__1", "june_audit-19b04f56"
DELIVERED = Path(__file__).resolve().parents[1] / "fixtures" / "preview" / "delivered"


def on_demand(directory: Path, content: bytes, dag_id: str = TYPE, **changes: Any) -> StagedDirectory:
    return staged(directory, content, dag_id=dag_id, **{"run_id": RUN, "report_id": ID, **changes})


def lay_what_the_release_before_published(place: Place) -> None:
    for path in DELIVERED.rglob("*"):
        if path.is_file():
            place.lay(str(path.relative_to(DELIVERED)), path.read_bytes())


def earlier(report: str) -> Manifest:
    (path,) = DELIVERED.glob(f"{report}*/*/manifest.json")
    return Manifest.from_json(path.read_bytes())


def read(place: Place, asked: Wanted) -> bytes:
    """What is downloaded; the manifest must be given out or refused likewise."""
    found = open_published(*asked_of(place), asked, delivered=True)
    assert published(*asked_of(place), asked, delivered=True).manifest.run_id
    if isinstance(found, OpenFile):
        with found:
            return found.stream.readall() or b""
    assert isinstance(found, PresignedFile)
    with urllib.request.urlopen(found.url) as answer:
        body: bytes = answer.read()
        return body


def test_two_report_types_exports_of_one_name_and_run_id_lie_apart(place: Place, tmp_path: Path) -> None:
    first, second = on_demand(tmp_path, b"first\n"), on_demand(tmp_path, b"second\n", OTHER_TYPE, snapshot_at=LATE)
    for export in (first, second):
        assert publish(export, place.area).changed
    assert [read(place, wanted(each)) for each in (first, second)] == [b"first\n", b"second\n"]
    assert len(place.everything()) == 4
    assert {path.partition(".")[0] for path in place.everything()} == {"wallet_transactions", "user_errors"}


def test_an_export_on_demand_never_lies_in_a_reports_folder(place: Place, tmp_path: Path) -> None:
    """Whatever run id its caller searches for: the id of the report on demand may be that of a recurring one."""
    report = staged(tmp_path, b"delivered\n", report_id=ID, dag_id=f"promo_reports.report.{ID}")
    publish(report, place.area)
    publish(on_demand(tmp_path, b"hostile\n", snapshot_at=LATE), place.area)
    assert read(place, wanted(report)) == b"delivered\n"
    assert {path.partition("/")[0] for path in place.everything()} > {ID}


@pytest.mark.parametrize(("snapshot_at", "same_content"), [(EARLY, True), (LATE, False)])
@pytest.mark.parametrize(
    ("there", "comes"),
    [
        ({"dag_id": TYPE}, {}),
        ({"dag_id": "promo_reports.report.another"}, {}),
        ({"dag_id": "another"}, {}),
        ({"window_key": "another"}, {}),
        ({"dag_id": OTHER_TYPE, "run_id": RUN, "report_id": ID}, {"dag_id": TYPE, "run_id": RUN, "report_id": ID}),
        ({"dag_id": TYPE, "run_id": "manual__2", "report_id": ID}, {"dag_id": TYPE, "run_id": RUN, "report_id": ID}),
    ],
)
def test_what_belongs_to_another_is_not_replaced(
    place: Place, tmp_path: Path, there: dict[str, Any], comes: dict[str, Any], snapshot_at: str, same_content: bool
) -> None:
    theirs = staged(tmp_path, b"theirs\n", **there)
    ours = staged(tmp_path, b"theirs\n" if same_content else b"ours\n", snapshot_at=snapshot_at, **comes)
    folder = ExportFolder.of(ours.manifest)
    place.lay(f"{folder.name}/{folder.window_key}/manifest.json", theirs.manifest.to_json())
    place.lay(f"{folder.name}/{folder.window_key}/{theirs.manifest.files[0].name}", b"theirs\n")
    before = place.everything()
    with pytest.raises(ForeignExport) as refused:
        publish(ours, place.area)
    assert place.everything() == before
    assert not refused.value.retryable
    assert f"which DAG {theirs.manifest.dag_id} made" in refused.value.reason
    with pytest.raises(ForeignExport):
        read(place, wanted(ours))


@pytest.mark.parametrize("point", ["before put 1", "after put 1", "before switch 1"])
def test_another_owner_comes_in_the_middle(in_bucket: BucketPlace, tmp_path: Path, point: str) -> None:
    """Where nothing is locked, the condition of the switch keeps what was not there when the manifest was read."""
    theirs = staged(tmp_path, b"theirs\n", dag_id=TYPE)
    interrupted = InterruptedArea(
        in_bucket.area, point, lambda: in_bucket.overwrite("manifest.json", theirs.manifest.to_json())
    )
    with pytest.raises(ForeignExport):
        publish(staged(tmp_path, b"ours\n", snapshot_at=LATE), interrupted)
    assert interrupted.reached
    assert in_bucket.contents() == {"manifest.json": theirs.manifest.to_json()}


def test_the_command_line_exports_as_the_report_itself(place: Place, tmp_path: Path) -> None:
    by_hand: dict[str, Any] = {"dag_id": REPORT, "run_id": "cli__2024-03-02"}
    first, second = staged(tmp_path, b"1\n"), staged(tmp_path, b"2\n", snapshot_at=LATE, **by_hand)
    third = staged(tmp_path, b"3\n", snapshot_at="2024-03-02T12:00:00Z")
    for export in (first, second, third):
        assert publish(export, place.area).changed
        assert_is(place, export)
    with pytest.raises(Replaced):
        read(place, wanted(first))


def test_what_the_release_before_published_is_read_where_it_lies(place: Place) -> None:
    lay_what_the_release_before_published(place)
    for report, beginning in (("daily_moves", b"id,moved_at"), ("june_audit", b"PK\x03\x04")):
        manifest = earlier(report)
        content = read(place, Wanted(ExportFolder.of(manifest), manifest.files[0].sha256))
        assert content.startswith(beginning)
        assert len(content) == manifest.files[0].bytes


@pytest.mark.parametrize("changes", [{"dag_id": OTHER_TYPE}, {"run_id": "page__another"}])
def test_an_old_folder_is_not_read_for_another(place: Place, changes: dict[str, str]) -> None:
    """The ids of reports on demand are short hashes that callers can search for: there it has never been delivered."""
    lay_what_the_release_before_published(place)
    manifest = earlier("june_audit")
    of = {"dag_id": manifest.dag_id, "run_id": manifest.run_id, **changes}
    folder = ExportFolder(**of, report_id=manifest.report_id, window_key=manifest.window_key)
    with pytest.raises(Expired):
        read(place, Wanted(folder, manifest.files[0].sha256))


def test_what_the_release_before_published_of_a_report_is_replaced(place: Place, tmp_path: Path) -> None:
    lay_what_the_release_before_published(place)
    old = earlier("daily_moves")
    new = staged(
        tmp_path,
        b"new\n",
        report_id=old.report_id,
        dag_id=old.dag_id,
        window_key=old.window_key,
        snapshot_at="2027-03-05T00:00:00Z",
    )
    assert publish(new, place.area).changed
    assert read(place, wanted(new)) == b"new\n"
    assert len([path for path in place.everything() if path.startswith("daily_moves/")]) == 2


def test_a_manifest_of_a_later_release_is_read_and_replaced(place: Place, tmp_path: Path) -> None:
    export = staged(tmp_path, b"later\n")
    publish(export, place.area)
    there = json.loads(export.manifest.to_json())
    later = there | {"new": 1, "files": [each | {"new": [2]} for each in there["files"]]}
    place.overwrite("manifest.json", json.dumps(later).encode())
    assert read(place, wanted(export)) == b"later\n"
    assert not publish(export, place.area).changed
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATE)
    publish(newer, place.area)
    assert_is(place, newer)


def test_both_kinds_of_folders_and_those_of_the_release_before_expire(local: LocalPlace, tmp_path: Path) -> None:
    lay_what_the_release_before_published(local)
    publish(on_demand(tmp_path, b"new\n"), local.area)
    publish(staged(tmp_path, b"new\n"), local.area)
    assert len(list(local.root.iterdir())) == 4
    assert len(sweep(local.root, older_than=datetime(2100, 1, 1, tzinfo=UTC)).removed) == 4
    assert local.left() == []


def test_a_retry_after_staging_was_swept_finds_its_own(place: Place, tmp_path: Path) -> None:
    export = on_demand(tmp_path, b"same\n")
    publish(export, place.area)
    shutil.rmtree(export.directory)
    assert not publish(export, place.area).changed
