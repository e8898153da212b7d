"""Exports in the places that a bucket's patterns give them: whole, replaced where they lie, and never in two places."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from promo_reports.delivery import Wanted, area_for, publish, published
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import PartnerExport
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.manifest import Manifest
from promo_reports.domain.places.export_place import RECORD, RECORDS, UNPLACED, ExportPlace, Placement
from promo_reports.domain.places.pattern import Pattern
from promo_reports.errors import DestinationRefused, Expired, ForeignExport
from promo_reports.pipeline.staging.directory import StagedDirectory
from promo_reports.settings import Settings
from tests.support.delivery import memory_destination
from tests.support.delivery.exports import DEFAULT, LATE, LATER, REPORT, LocalPlace, Place, staged, wanted
from tests.support.delivery.interruptions import InterruptedArea, Terminated

DAILY = Placement(
    Pattern.of_folder("{report_id}/dt={start:%Y-%m-%d}"), Pattern.of_file("{name}_{start:%Y%m%d}"), "_manifest.json"
)
BY_DAY = ExportPlace((REPORT, "dt=2024-03-01"), "daily_wallets_20240301", "_manifest.json")
BY_WEEK = Placement(Pattern.of_folder("{report_type}/{report_id}/{end:%G-W%V}"))
NEXT: dict[str, Any] = {
    "window": {"start": "2024-03-08T00:00:00-05:00", "end": "2024-03-09T00:00:00-05:00", "open": False},
    "window_key": "20240308T050000Z_20240309T050000Z",
}
SAME_WEEK: dict[str, Any] = {
    "window": {"start": "2024-03-02T00:00:00-05:00", "end": "2024-03-03T00:00:00-05:00", "open": False},
    "window_key": "20240302T050000Z_20240303T050000Z",
}


@dataclass
class Patterned:
    """One kind of destination, as a bucket of an account whose patterns may change."""

    stored: StoredExports

    def area(self, placement: Placement) -> StoredExports:
        return StoredExports(self.stored.store, placement)

    def publish(self, export: StagedDirectory, placement: Placement) -> str:
        return publish(export, self.area(placement)).manifest

    def address(self, place: ExportPlace) -> str:
        with self.stored.store.folder(*place.folder) as objects:
            return objects.address(place.manifest)

    def names(self, place: ExportPlace) -> set[str]:
        """Names of everything in a folder."""
        with self.stored.store.folder(*place.folder) as objects:
            return {each.name for each in objects.entries()}

    def manifest(self, place: ExportPlace) -> Manifest | None:
        """The manifest in a place, whose files must be there as it says."""
        with self.stored.store.reading(*place.folder) as objects:
            found = objects.get(place.manifest) if objects is not None else None
        if found is None:
            return None
        manifest = Manifest.from_json(found.content)
        with self.stored.folder(place) as folder:
            assert all(folder.holds(file) for file in manifest.files)
        return manifest

    def lay(self, name: str, content: bytes, *folder: str) -> None:
        with self.stored.store.folder(*folder) as objects:
            present = objects.get(name)
            objects.put(name, content, replacing=present.tag if present else None)

    def assert_only(self, export: StagedDirectory, place: ExportPlace, *others: ExportPlace) -> None:
        """The export lies in one place alone, and nothing else of its window anywhere."""
        manifest = self.manifest(place)
        assert manifest is not None
        assert manifest.event_key == export.manifest.event_key
        assert self.names(place) == {place.manifest, *(file.name for file in manifest.files)}
        assert [self.manifest(each) for each in others if each != place] == [None for each in others if each != place]


@pytest.fixture
def patterned(place: Place) -> Patterned:
    """Each destination in turn."""
    assert isinstance(place.area, StoredExports)
    if type(place) is LocalPlace:  # a download area is there before it is read
        place.root.mkdir()
    return Patterned(place.area)


def test_it_publishes_where_the_patterns_say(patterned: Patterned, tmp_path: Path) -> None:
    export = staged(tmp_path, b"a,b\n1,2\n")
    (file,) = export.manifest.files
    done = publish(export, patterned.area(DAILY))
    name = f"daily_wallets_20240301-{file.sha256[:8]}.csv"
    assert done.manifest == patterned.address(BY_DAY)
    assert done.files == (patterned.address(replace(BY_DAY, manifest="x.json")).replace("x.json", name),)
    patterned.assert_only(export, BY_DAY, DEFAULT)
    there = patterned.manifest(BY_DAY)
    assert there is not None
    assert there.to_json() == replace(export.manifest, files=(replace(file, name=name),)).to_json()
    assert not publish(staged(tmp_path, b"a,b\n1,2\n", snapshot_at=LATE), patterned.area(DAILY)).changed
    other = staged(tmp_path, b"a,b\n", snapshot_at=LATER)
    assert patterned.publish(other, DAILY) == done.manifest
    patterned.assert_only(other, BY_DAY, DEFAULT)


PLACEMENTS = {"none": (UNPLACED, DEFAULT), "by day": (DAILY, BY_DAY), "by week": (
    BY_WEEK, ExportPlace(("wallet_transactions", REPORT, "2024-W09")))}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"), [("none", "by day"), ("by day", "by week"), ("by week", "none"), ("by day", "by day")]
)
def test_after_a_change_a_re_run_keeps_its_old_place(
    patterned: Patterned, tmp_path: Path, before: str, after: str
) -> None:
    """By another run, of the report or the command line, after staging was swept: nothing but the bucket knows it."""
    (was, old_place), (now, _) = PLACEMENTS[before], PLACEMENTS[after]
    old = staged(tmp_path, b"old\n")
    assert patterned.publish(old, was) == patterned.address(old_place)
    assert not publish(old, patterned.area(now)).changed
    new = staged(tmp_path, b"new\n", snapshot_at=LATE, dag_id=REPORT, run_id="cli__2024-03-02")
    assert patterned.publish(new, now) == patterned.address(old_place)
    patterned.assert_only(new, old_place, *(place for _, place in PLACEMENTS.values()))
    following = staged(tmp_path, b"next\n", **NEXT)
    assert patterned.publish(following, now) != patterned.address(old_place)
    patterned.assert_only(new, old_place, *(place for _, place in PLACEMENTS.values()))
    assert patterned.publish(new, DAILY) == patterned.address(old_place)


def test_it_is_read_where_it_was_delivered(patterned: Patterned, tmp_path: Path) -> None:
    export = staged(tmp_path, b"rows\n")
    patterned.publish(export, DAILY)
    for placement in (DAILY, BY_WEEK, UNPLACED):
        assert patterned.area(placement).recorded(DEFAULT) == BY_DAY
    assert patterned.area(DAILY).recorded(ExportPlace((REPORT, NEXT["window_key"]))) is None


def test_of_two_that_record_a_place_the_first_decides(patterned: Patterned, tmp_path: Path) -> None:
    week = PLACEMENTS["by week"][1]
    first = staged(tmp_path, b"first\n")
    second = staged(tmp_path, b"second\n", snapshot_at=LATE)
    area = InterruptedArea(patterned.area(BY_WEEK), "before record", lambda: patterned.publish(first, DAILY))
    assert publish(second, area).manifest == patterned.address(BY_DAY)
    assert area.reached
    patterned.assert_only(second, BY_DAY, DEFAULT, week)


def test_an_attempt_that_dies_behind_its_record_is_repeated_in_the_same_place(
    patterned: Patterned, tmp_path: Path
) -> None:
    export = staged(tmp_path, b"rows\n")

    def terminate() -> None:
        raise Terminated

    with pytest.raises(Terminated):
        publish(export, InterruptedArea(patterned.area(DAILY), "after record", terminate))
    assert patterned.manifest(BY_DAY) is None
    assert patterned.publish(export, BY_WEEK) == patterned.address(BY_DAY)
    patterned.assert_only(export, BY_DAY, DEFAULT)


@pytest.mark.parametrize("changes", [SAME_WEEK, {"report_id": "another", "dag_id": "promo_reports.report.another"}])
def test_two_exports_that_meet_all_the_same_are_not_mixed(
    patterned: Patterned, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """A window that is given by hand, or a report that nobody has checked; it goes to a place of its own later."""
    meeting = Placement(Pattern.of_folder("all/{start:%G}-W{end:%G-W%V}"))
    there = ExportPlace(("all", "2024-W2024-W09"))
    theirs, ours = staged(tmp_path, b"theirs\n"), staged(tmp_path, b"ours\n", snapshot_at=LATE, **changes)
    patterned.publish(theirs, meeting)
    with pytest.raises(ForeignExport, match=f"that of {REPORT} for {theirs.manifest.window_key}"):
        patterned.publish(ours, meeting)
    patterned.assert_only(theirs, there)
    patterned.publish(ours, DAILY)
    patterned.assert_only(theirs, there)


def test_on_demand_exports_of_one_name_lie_apart(patterned: Patterned, tmp_path: Path) -> None:
    placement = Placement(Pattern.of_folder("{report_type}/{start:%Y}/{export_id}"))
    kind: dict[str, Any] = {"dag_id": "promo_reports.type.wallet_transactions", "report_id": "june_audit-19b04f56"}
    runs = [staged(tmp_path, run.encode(), run_id=f"manual__{run}", **kind) for run in "12"]
    addresses = {patterned.publish(each, placement) for each in runs}
    assert len(addresses) == 2
    for each in runs:
        export_id = ExportFolder.of(each.manifest).export_id
        patterned.assert_only(each, ExportPlace(("wallet_transactions", "2024", export_id)))


def test_a_snapshot_lies_by_its_instant(patterned: Patterned, tmp_path: Path) -> None:
    snapshot: dict[str, Any] = {
        "window": None, "as_of": "2024-03-01T00:00:00-05:00", "window_key": "as_of_20240301T050000Z",
    }  # fmt: skip
    export = staged(tmp_path, b"rows\n", **snapshot)
    patterned.publish(export, DAILY)
    patterned.assert_only(export, BY_DAY, ExportPlace((REPORT, "as_of_20240301T050000Z")))


def test_what_others_keep_in_the_folder_is_left_alone(patterned: Patterned, tmp_path: Path) -> None:
    """Also what is named as our files are, or as a manifest of ours without the pattern."""
    others = {"README.txt", "manifest.json", "daily_wallets_20240302-0123abcd.csv", "x-0123abcd.zip"}
    for name in others:
        patterned.lay(name, b"theirs", *BY_DAY.folder)
    patterned.lay("daily_wallets_20240301-0123abcd.csv", b"left by a killed attempt", *BY_DAY.folder)
    for content, at in ((b"old\n", LATE), (b"new\n", LATER)):
        patterned.publish(staged(tmp_path, content, snapshot_at=at), DAILY)
    manifest = patterned.manifest(BY_DAY)
    assert manifest is not None
    assert patterned.names(BY_DAY) == {"_manifest.json", manifest.files[0].name, *others}


def test_a_record_that_is_none_is_refused(patterned: Patterned, tmp_path: Path) -> None:
    elsewhere = BY_DAY.to_json().replace(b"dt=2024-03-01", b"../../others")
    for content in (b"", b"{", b"[]", b'{"format_version": 2}', elsewhere):
        patterned.lay(RECORD, content, RECORDS, *DEFAULT.folder)
        with pytest.raises(DestinationRefused, match=r"place\.json does not say where an export lies"):
            patterned.publish(staged(tmp_path, b"rows\n"), DAILY)
    assert patterned.manifest(BY_DAY) is None


def test_what_an_export_is_called_does_not_lead_out(patterned: Patterned, tmp_path: Path) -> None:
    """Also with a pattern that has nothing of it."""
    placement = Placement(Pattern.of_folder("{report_id}/{start}"))
    for name, key in product(("report_id", "window_key"), ("..", "a/b", ".hidden", "")):
        changes: dict[str, Any] = {name: key}
        with pytest.raises(ValueError, match="cannot name a folder"):
            patterned.publish(staged(tmp_path, b"x\n", **changes), placement)


def test_the_download_area_has_no_patterns_and_no_records(place: Place, tmp_path: Path) -> None:
    assert isinstance(place.area, StoredExports)
    patterned = Patterned(place.area)
    patterned.lay(RECORD, BY_DAY.to_json(), RECORDS, *DEFAULT.folder)
    assert publish(staged(tmp_path, b"rows\n"), place.area).manifest == place.address("manifest.json")


def test_two_destinations_of_one_report_with_patterns_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_destination.register(monkeypatch, "bi", "finance")

    def account(**placements: Placement) -> Account:
        buckets = (Bucket("memory", name, "none", "promo", placement=each) for name, each in placements.items())
        return Account("UTC", "monday", tuple(buckets))

    before, changed = account(bi=DAILY, finance=BY_WEEK), account(bi=BY_WEEK, finance=UNPLACED)
    export, to = staged(tmp_path, b"rows\n"), [PartnerExport("memory", name, "own") for name in ("bi", "finance")]
    addresses = [publish(export, area_for(each, before, Settings())).manifest for each in to]
    assert addresses == [
        f"memory://bi/promo/own/{REPORT}/dt=2024-03-01/_manifest.json",
        f"memory://finance/promo/own/wallet_transactions/{REPORT}/2024-W09/manifest.json",
    ]
    for each, address in zip(to, addresses, strict=True):
        assert publish(export, area_for(each, changed, Settings())).manifest == address
        found = published(each, changed, Settings(), wanted(export), delivered=True)
        assert found.manifest.event_key == export.manifest.event_key
        assert json.loads(found.content)["window_key"] == export.manifest.window_key
    elsewhere = Wanted(replace(ExportFolder.of(export.manifest), window_key=NEXT["window_key"]), "0" * 64)
    with pytest.raises(Expired):
        published(to[0], changed, Settings(), elsewhere, delivered=True)
