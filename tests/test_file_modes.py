"""Directories that users of one group share, whose ids a platform assigns: each goes on from what another has made."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from promo_reports.definitions.store.lifecycle import resume, stop
from promo_reports.delivery import publish
from promo_reports.delivery.retention import sweep
from promo_reports.domain.delivery import Download
from promo_reports.file_modes import ensure_directory, keeps_others_out, make_directory, share
from promo_reports.object_stores.directory.locked import MARKER
from promo_reports.object_stores.staged_export import StagedDelivery
from promo_reports.pipeline.staging.directory import StagingDirectory
from promo_reports.regular_file import NotRegular
from tests.support.databases.promo import export
from tests.support.delivery.exports import LATE, LocalPlace, assert_is, staged, staged_manifest
from tests.support.report_stores import directory_store

ONE, OTHER = 1000640000, 1000650000
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@contextmanager
def user_of_group_0(user: int, umask: int) -> Iterator[None]:
    """Be another user of group 0 in this process, for access and for `os.access`; capabilities are gone meanwhile."""
    groups, before = os.getgroups(), os.umask(umask)
    os.setgroups([])
    os.setresuid(user, user, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setgroups(groups)
        os.umask(before)


@pytest.fixture
def shared() -> Iterator[Path]:
    """What the image has, and a volume with an fsGroup."""
    if os.geteuid():
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        root = Path(directory)
        root.chmod(0o2770)
        os.chown(root, 50000, 0)
        yield root


@pytest.fixture(params=[0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def modes(root: Path) -> set[tuple[bool, str]]:
    return {(path.is_dir(), oct(stat.S_IMODE(path.lstat().st_mode))) for path in [root, *root.rglob("*")]}


def test_created_reports(shared: Path, umask: int, tmp_path: Path) -> None:
    def create(root: Path, report: str) -> str:
        store = directory_store(root)
        said = store.prepare()
        store.create(report, f"id: {report}\n")
        stop(store, report, at=NOW, by="ada")
        resume(store, "a", at=NOW, by="ada")
        return said

    create(tmp_path / "first", "a")  # loads what Python loads when it is used: another user may not be able to
    with user_of_group_0(ONE, umask):
        assert create(shared / "created", "a") == "made, mode 2770"
    with user_of_group_0(OTHER, umask):
        assert create(shared / "created", "b") == "already there, mode 2770"
    assert modes(shared) == {(True, "0o2770"), (False, "0o660")}


def test_staged_exports(shared: Path, umask: int) -> None:
    staging, of = StagingDirectory(shared / "staging"), export()
    manifest = staged_manifest(dag_id=of.dag_id, run_id=of.run_id)

    def stage() -> str:
        with staging.attempt(of) as begun:
            (begun.directory / "rows.csv").write_bytes(b"1\n")
            return str(begun.seal((StagedDelivery(Download(), manifest),)).directory)

    with user_of_group_0(ONE, umask):
        address = stage()
    with user_of_group_0(OTHER, umask):
        opened = staging.open(address, dag_id=of.dag_id, run_id=of.run_id)
        assert (opened.directory / "rows.csv").read_bytes() == b"1\n"
        staging.mark_delivered(opened, 0, 2)
        assert (opened.directory / ".delivered-0").exists()
        stage()  # removes the other one's attempt
    assert not Path(address).exists()
    with user_of_group_0(ONE, umask):
        staging.discard(of)
    assert list((shared / "staging").iterdir()) == []


def test_delivered_exports(shared: Path, umask: int) -> None:
    place = LocalPlace(shared / "downloads")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        source = Path(directory)
        source.chmod(0o755)
        old, new = staged(source, b"old\n"), staged(source, b"new\n", snapshot_at=LATE)
        with user_of_group_0(ONE, umask):
            publish(old, place.area)
        with user_of_group_0(OTHER, umask):
            assert_is(place, old)
            publish(new, place.area)
            assert_is(place, new)
    assert modes(place.root) == {(True, "0o2770"), (False, "0o660")}
    with user_of_group_0(ONE, umask):
        sweep(place.root, older_than=datetime.now(UTC) + timedelta(days=1))
    assert [path.name for path in place.root.iterdir()] == [MARKER]


def test_the_directory_above_decides(tmp_path: Path, umask: int) -> None:
    """Only both together say that it is shared: many hosts have a umask of 002."""
    before = os.umask(umask)
    try:
        for mode, expected in ((0o700, 0o700), (0o775, 0o700), (0o2755, 0o700), (0o2770, 0o2770), (0o2775, 0o2770)):
            parent = tmp_path / oct(mode)
            parent.mkdir()
            parent.chmod(mode)
            ensure_directory(parent / "a")
            ensure_directory(parent / "a")
            descriptor = os.open(parent, os.O_RDONLY)
            make_directory("b", descriptor)
            os.close(descriptor)
            inherited = mode & 0o2000  # by the system, whatever mode is asked for
            assert {stat.S_IMODE((parent / name).stat().st_mode) for name in "ab"} == {expected | inherited}
            (parent / "file").touch()
            with pytest.raises(FileExistsError):
                ensure_directory(parent / "file")
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    ("mode", "so"), [(0o700, True), (0o2770, True), (0o770, True), (0o750, False), (0o701, False), (0o777, False)]
)
def test_which_modes_keep_others_out(mode: int, so: bool) -> None:
    assert keeps_others_out(mode) is so


def test_a_link_that_another_user_has_put_there_opens_no_file_to_the_group(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    own = tmp_path / "own"
    own.touch(mode=0o600)
    (tmp_path / "file.csv").symlink_to(own)
    with pytest.raises(NotRegular, match="a symbolic link"):
        share(tmp_path / "file.csv", tmp_path)
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    share(own, tmp_path)
    assert stat.S_IMODE(own.stat().st_mode) == 0o660
