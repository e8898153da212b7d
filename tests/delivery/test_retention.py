"""Files expire by policy, and never in the middle of a download or a publication."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from promo_reports.delivery import Swept, publish, sweep
from promo_reports.delivery.retention import sweep_store
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain import layout
from promo_reports.domain.dates.window import Window
from promo_reports.object_stores.directory import locked
from promo_reports.object_stores.port import LostRace, ObjectStore
from promo_reports.pipeline.staging.directory import StagingDirectory
from tests.support.delivery.exports import (
    DEFAULT,
    LATE,
    REPORT,
    WINDOW,
    LocalPlace,
    Place,
    assert_is,
    assert_whole,
    staged,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LIMIT = NOW - timedelta(days=30)


def sweep_staging(root: Path, *, older_than: datetime) -> Swept:
    """Sweep the staging area in a directory."""
    return StagingDirectory(root).sweep(older_than=older_than)


def age(path: Path, days: float) -> None:
    """Make a file or directory as old as that, as of NOW."""
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment), follow_symlinks=False)


def aged(local: LocalPlace, tmp_path: Path, days: float) -> int:
    """Publish an export of that age; its bytes."""
    publish(staged(tmp_path, b"some\n", b"rows\n"), local.area)
    for path in local.folder.iterdir():
        age(path, days)
    return sum(path.stat().st_size for path in local.folder.iterdir())


def test_an_old_export_goes_with_its_directories(local: LocalPlace, tmp_path: Path) -> None:
    size = aged(local, tmp_path, 30.1)
    assert sweep(local.root, older_than=LIMIT) == Swept((f"{REPORT}/{WINDOW}",), files=3, bytes=size)
    assert local.left() == []
    assert sweep(local.root, older_than=LIMIT) == Swept()


def test_a_young_export_stays(local: LocalPlace, tmp_path: Path) -> None:
    aged(local, tmp_path, 29.9)
    before = local.stamps()
    assert sweep(local.root, older_than=LIMIT) == Swept()
    assert local.stamps() == before


def test_the_age_is_that_of_the_manifest(local: LocalPlace, tmp_path: Path) -> None:
    aged(local, tmp_path, 40)
    age(local.folder / "manifest.json", 1)
    assert sweep(local.root, older_than=LIMIT) == Swept()
    assert assert_whole(local)


def test_the_manifest_goes_first(local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aged(local, tmp_path, 40)
    removed: list[str] = []
    unlink = os.unlink

    def failing(name: str, **options: int) -> None:
        if removed:
            raise PermissionError(13, "not now")
        removed.append(name)
        unlink(name, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", failing)
        assert sweep(local.root, older_than=LIMIT).failed == (f"{REPORT}/{WINDOW}",)
    assert removed == ["manifest.json"]
    assert sweep(local.root, older_than=LIMIT).files == 2
    assert not local.folder.exists()


def test_data_of_a_killed_attempt_goes_when_it_is_old(local: LocalPlace) -> None:
    local.overwrite("Wallets-0123abcd.csv", b"never named")
    age(local.folder / "Wallets-0123abcd.csv", 29)
    assert sweep(local.root, older_than=LIMIT) == Swept()
    age(local.folder / "Wallets-0123abcd.csv", 31)
    assert sweep(local.root, older_than=LIMIT).files == 1


def test_temporaries_go_from_young_exports_too(local: LocalPlace, tmp_path: Path) -> None:
    aged(local, tmp_path, 1)
    local.overwrite(".part-0123", b"half")
    assert sweep(local.root, older_than=LIMIT) == Swept(files=1, bytes=4)
    assert assert_whole(local)


def test_what_others_keep_there_stays(local: LocalPlace, tmp_path: Path) -> None:
    aged(local, tmp_path, 40)
    strange = [local.root / "lost+found" / "x" / "manifest.json", local.folder / "README.txt", local.root / "note"]
    for path in strange:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not ours")
        age(path, 400)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / WINDOW).mkdir(parents=True)
    (elsewhere / WINDOW / "manifest.json").write_text("{}")
    age(elsewhere / WINDOW / "manifest.json", 400)
    (local.root / "linked").symlink_to(elsewhere)
    assert sweep(local.root, older_than=LIMIT).files == 3
    assert all(path.exists() for path in strange)
    assert (elsewhere / WINDOW / "manifest.json").exists()


def test_a_download_that_has_begun_ends_whole(local: LocalPlace, tmp_path: Path) -> None:
    aged(local, tmp_path, 40)
    name = next(path for path in local.folder.iterdir() if path.suffix == ".csv")
    content = name.read_bytes()
    with name.open("rb") as download:
        first = download.read(2)
        sweep(local.root, older_than=LIMIT)
        assert not local.folder.exists()
        assert first + download.read() == content


def test_a_publication_that_is_at_work_is_left_alone(local: LocalPlace, tmp_path: Path) -> None:
    aged(local, tmp_path, 40)
    with local.area.folder(DEFAULT):
        assert sweep(local.root, older_than=LIMIT) == Swept(in_use=(f"{REPORT}/{WINDOW}",))
    assert assert_whole(local)


def test_a_directory_that_is_swept_between_opening_and_locking_is_made_again(
    local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = locked._lock
    swept: list[bool] = []

    def late(directory: int) -> bool:
        if not swept:
            local.folder.rmdir()
            local.folder.parent.rmdir()
            swept.append(True)
        return lock(directory)

    monkeypatch.setattr(locked, "_lock", late)
    export = staged(tmp_path, b"new\n")
    publish(export, local.area)
    assert swept
    assert_is(local, export)


def test_publications_and_sweeps_all_the_time(local: LocalPlace, tmp_path: Path) -> None:
    """Sweeping everything at once, against publications that make the directories again."""
    exports = [staged(tmp_path, b"one\n", snapshot_at=LATE), staged(tmp_path, b"two\n", snapshot_at=LATE)]

    swept: list[int] = []

    def publishing(export: int) -> None:
        while sum(swept) < 40:
            publish(exports[export], local.area)

    def sweeping() -> None:
        while sum(swept) < 40:
            swept.append(sweep(local.root, older_than=NOW).files)

    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(publishing, 0), pool.submit(publishing, 1), pool.submit(sweeping), pool.submit(sweeping)]
        for each in work:
            each.result()
    assert_whole(local)
    publish(exports[0], local.area)
    assert_is(local, exports[0])


def test_an_area_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert sweep(tmp_path / "nowhere", older_than=LIMIT) == Swept()
    assert sweep_staging(tmp_path / "nowhere", older_than=LIMIT) == Swept()


def test_limits_need_a_timezone(tmp_path: Path) -> None:
    for swept in (sweep, sweep_staging):
        with pytest.raises(ValueError, match="needs a timezone"):
            swept(tmp_path, older_than=datetime(2030, 1, 1))  # noqa: DTZ001


ATTEMPT = "daily_wallets/0123456789abcdef/0123456789abcdef0123456789abcdef"


def attempt(root: Path, name: str, *ages: float) -> Path:
    """A staged attempt of a run of this name, with files of these ages."""
    directory = root / ATTEMPT.replace("0123456789abcdef/", hashlib.sha256(name.encode()).hexdigest()[:16] + "/")
    directory.mkdir(parents=True)
    for number, days in enumerate(ages):
        (directory / f"{number}.csv").write_bytes(b"rows")
        age(directory / f"{number}.csv", days)
    return directory


def test_staged_attempts_go_by_their_youngest_file(tmp_path: Path) -> None:
    root = tmp_path / "staging"
    old = attempt(root, "old", 40, 31)
    young = attempt(root, "young", 40, 29)
    empty = attempt(root, "empty")
    for path in (empty, empty.parent):
        age(path, 40)
    swept = sweep_staging(root, older_than=LIMIT)
    assert (swept.files, swept.bytes, swept.failed) == (2, 8, ())
    assert set(swept.removed) == {each.relative_to(root).as_posix() for each in (old, empty)}
    assert young.exists()
    assert not empty.parent.exists()
    assert sweep_staging(root, older_than=NOW).files == 2
    assert not young.exists()


def test_a_staging_root_never_goes_itself(tmp_path: Path) -> None:
    root = tmp_path / "staging"
    attempt(root, "old", 40)
    for path in [*root.rglob("*"), root]:
        age(path, 40)
    sweep_staging(root, older_than=LIMIT)
    assert list(root.iterdir()) == []


def test_links_in_staging_are_removed_and_not_followed(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "staging", tmp_path / "elsewhere"
    directory = attempt(root, "old", 40)
    elsewhere.mkdir()
    (elsewhere / "keep").write_text("kept")
    (directory / "link").symlink_to(elsewhere)
    age(directory / "link", 40)
    sweep_staging(root, older_than=LIMIT)
    assert not directory.exists()
    assert (elsewhere / "keep").read_text() == "kept"


FOREIGN = (
    "airflow/dag_bundles/promo-reports/type.wallet_summary.py",  # Airflow's, where no other place is set
    "airflow/dag_bundles/promo-reports/.generation",
    "tmpab12cd34/spill.parquet",
    "pymp-0123/listener",
    "daily_wallets/notes.txt",
    "daily_wallets/2024/backup.tar",
    "daily_wallets/0123456789abcdef/README",
    "daily_wallets/20240301T050000Z_20240302T050000Z/manual/wallets-0123abcd.csv",
    "someone/else/manifest.json",
    "someone/else/orders-deadbeef.csv",
    "lost+found/#123",
    "0123456789abcdef0123456789abcdef",
    "manifest.json",
)


@pytest.mark.parametrize("days", [0, 29, 31, 4000])
def test_files_and_directories_of_others_stay_whatever_their_age(tmp_path: Path, days: float) -> None:
    for name in FOREIGN:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not ours")
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    for path in [*before, tmp_path]:
        age(path, days)
    for swept in (sweep, sweep_staging):
        assert swept(tmp_path, older_than=LIMIT) == Swept()
        assert sorted(tmp_path.rglob("*")) == before


def test_what_cannot_be_listed_is_told_where_its_name_may_be_ours_and_stops_nothing(
    local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(local, tmp_path, 40)
    for name in ("another_report", "lost+found"):
        (local.root / name).mkdir()
    scandir = os.scandir

    def closed(path: Path) -> object:
        if isinstance(path, Path) and path.name in ("another_report", "lost+found"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    swept = sweep(local.root, older_than=LIMIT)
    assert (swept.removed, swept.failed) == ((f"{REPORT}/{WINDOW}",), ("another_report",))
    assert sweep_staging(local.root, older_than=LIMIT).failed == ("another_report",)


@pytest.mark.parametrize(
    "folder", ["june_wallets-1a2b3c4d", "wallet_transactions.june_wallets-0123456789abcdef0123456789abcdef"]
)
@pytest.mark.parametrize("key", [WINDOW, "as_of_20240302T050000Z"])
def test_on_demand_exports_of_every_release_go(tmp_path: Path, folder: str, key: str) -> None:
    export = tmp_path / folder / key
    export.mkdir(parents=True)
    for name in ("manifest.json", "june-0123abcd.csv"):
        (export / name).write_text("{}")
        age(export / name, 40)
    assert sweep(tmp_path, older_than=LIMIT).removed == (f"{folder}/{key}",)
    assert LocalPlace(tmp_path).left() == []


def test_names_are_those_that_extract_and_publication_give(tmp_path: Path) -> None:
    assert layout.is_run_name(layout.run_name("promo_reports.report.a", "scheduled__2024"))
    assert layout.is_attempt_name(layout.new_attempt_name())
    assert layout.is_window_key(Window(LIMIT, NOW).key())
    assert [name for name in ("..", ".hidden", "lost+found", "a/b", "") if layout.is_folder_name(name)] == []


def test_every_object_store_can_be_swept(place: Place, tmp_path: Path) -> None:
    """By the time at which the manifest was written there; and what is not ours stays."""
    export = staged(tmp_path, b"some\n", b"rows\n")
    publish(export, place.area)
    place.overwrite("README.txt", b"not ours")
    store = store_of(place)
    assert sweep_store(store, older_than=datetime.now(UTC) - timedelta(hours=1)) == Swept()
    assert assert_whole(place)
    swept = sweep_store(store, older_than=datetime.now(UTC) + timedelta(hours=1))
    assert (swept.removed, swept.files, swept.in_use, swept.failed) == ((), 3, (), ())
    assert set(place.contents()) == {"README.txt"}
    place.delete("README.txt")
    publish(export, place.area)
    swept = sweep_store(store, older_than=datetime.now(UTC) + timedelta(hours=1))
    assert (swept.removed, swept.files) == ((f"{REPORT}/{WINDOW}",), 3)
    assert (place.contents(), list(store.folders())) == ({}, [])


def test_a_manifest_that_was_replaced_since_it_was_listed_stays_with_its_files(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a store locks nothing, a publication may come between the listing and the deletion."""
    publish(staged(tmp_path, b"old\n"), place.area)
    store = store_of(place)
    with store.idle_folder(REPORT, WINDOW) as objects:
        listed = next(each for each in objects.entries() if each.name == "manifest.json")
        present = objects.get("manifest.json")
        assert present is not None
        objects.put("manifest.json", present.content + b"\n", replacing=present.tag)
        with pytest.raises(LostRace):
            objects.discard(listed.name, stamp=listed.stamp)
        with monkeypatch.context() as patch:
            patch.setattr(type(objects), "entries", lambda _: [listed])
            swept = sweep_store(store, older_than=datetime.now(UTC) + timedelta(hours=1))
        assert swept == Swept(in_use=(f"{REPORT}/{WINDOW}",))
    assert assert_whole(place)
    with store.idle_folder(REPORT, WINDOW) as objects:
        listed = next(each for each in objects.entries() if each.name == "manifest.json")
        objects.discard(listed.name, stamp=listed.stamp)
        objects.discard(listed.name, stamp=listed.stamp)
        assert objects.get("manifest.json") is None


def store_of(place: Place) -> ObjectStore:
    """The store below a destination."""
    assert isinstance(place.area, StoredExports)
    return place.area.store
