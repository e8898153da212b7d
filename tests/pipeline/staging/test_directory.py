"""The staging area: private, one directory for each attempt, empty after a failure."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from promo_reports.errors import HandoverRefused, StagingError, StagingRefused
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.staging.directory import StagedDirectory, StagingDirectory
from promo_reports.pipeline.staging.disk_errors import Disk, explained
from tests.support.databases.promo import Move, Project, SqlitePromo, content, export, numbered
from tests.support.small_disk import small_disk


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "staging"


def run_directory(root: Path, of: Export) -> Path:
    """Where the attempts of a run lie."""
    return StagingDirectory(root).of_run(of)


@contextmanager
def attempt(root: Path, of: Export) -> Iterator[Path]:
    """The directory of a new attempt."""
    with StagingDirectory(root).attempt(of) as begun:
        yield begun.directory


def reopened(project: Project, staged: StagedDirectory) -> StagedDirectory:
    """The export as deliver opens it."""
    of = staged.manifest
    return StagingDirectory(project.settings.staging).open(str(staged.directory), dag_id=of.dag_id, run_id=of.run_id)


def test_an_attempt_is_private_and_stays_when_it_succeeds(root: Path) -> None:
    os.umask(before := os.umask(0))
    os.umask(0)
    try:
        with attempt(root, export()) as directory:
            (directory / "a").touch()
    finally:
        os.umask(before)
    assert directory.parent == run_directory(root, export())
    assert [mode(path) for path in (directory, directory.parent, directory.parent.parent)] == [0o700] * 3
    assert (directory / "a").exists()


def test_a_failed_attempt_leaves_nothing(root: Path) -> None:
    def fail(error: type[BaseException]) -> None:
        with attempt(root, export()) as directory:
            (directory / "sub").mkdir()
            (directory / "sub" / "a").touch()
            raise error

    for error in (ValueError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error):
            fail(error)
        assert list(run_directory(root, export()).iterdir()) == []


def test_the_next_attempt_removes_what_a_killed_one_left(root: Path) -> None:
    killed = run_directory(root, export()) / "killed"
    killed.mkdir(parents=True)
    (killed / "half.csv").write_bytes(b"half")
    other_run = run_directory(root, export(run_id="other")) / "theirs"
    other_run.mkdir(parents=True)
    with attempt(root, export()) as directory:
        assert list(directory.parent.iterdir()) == [directory]
    assert other_run.exists()


def test_an_export_that_was_killed_is_cleared_by_its_retry(
    on_sqlite: SqlitePromo, project: Project, tmp_path: Path
) -> None:
    """A real process, SIGKILLed while it writes."""
    on_sqlite.load(*numbered(20_000))
    program = (
        "import os, pathlib, signal, sys\n"
        "from tests.support.databases.promo import Project, Source, NOW, export\n"
        "from promo_reports.pipeline.extract import extract\n"
        "from promo_reports.pipeline.staging.directory import StagingDirectory\n"
        "from promo_reports.settings import Settings\n"
        "settings = Settings(home=sys.argv[1], data_dir=sys.argv[2])\n"
        "die = lambda rows, expected: rows and os.kill(os.getpid(), signal.SIGKILL)\n"
        "area = StagingDirectory(settings.staging)\n"
        "extract(export(), Source('promo_db', sys.argv[3]), area, settings, now=lambda: NOW, progress=die)\n"
    )
    home = Path(__file__).resolve().parents[3]
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            program,
            str(project.settings.home),
            str(project.settings.data_dir),
            on_sqlite.source.url,
        ],
        env={**os.environ, "PYTHONPATH": f"{home}:{home / 'plugins'}"},
        cwd=tmp_path,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    (left,) = project.left
    assert not (left / "manifest.json").exists()
    staged = project.make(on_sqlite.source)
    assert project.left == [staged.directory]


def test_two_attempts_do_not_mix_and_the_late_one_loses(root: Path) -> None:
    def late(first: Path) -> None:
        with attempt(root, export()) as second:
            assert second != first
            assert not first.exists()
        (first / "late.csv").write_bytes(b"late")

    with (
        pytest.raises(StagingError, match="the attempt's directory has been removed"),
        attempt(root, export()) as first,
    ):
        late(first)
    assert len(list(run_directory(root, export()).iterdir())) == 1


@pytest.fixture
def as_a_user() -> Iterator[None]:
    """Permissions do not bind root, who the tests often are."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_area(root: Path, as_a_user: None) -> None:
    me, root = os.geteuid(), Path("/tmp") / f"staging-{os.getpid()}"
    root.mkdir(mode=0o500)
    try:
        assert root.stat().st_uid == me
        with (
            pytest.raises(
                StagingRefused, match=r"closed to this user \(Permission denied\).*PROMO_REPORTS_STAGING_DIR"
            ),
            attempt(root, export()),
        ):
            raise AssertionError
    finally:
        root.rmdir()


def test_a_file_where_the_area_should_be(root: Path) -> None:
    root.write_bytes(b"")
    with pytest.raises(StagingRefused, match="is not a directory"), attempt(root, export()):
        raise AssertionError


def test_a_name_that_is_too_long(root: Path) -> None:
    report = export()
    long = replace(report, definition=replace(report.definition, id="x" * 300))
    with pytest.raises(StagingRefused, match="File name too long"), attempt(root, long):
        raise AssertionError


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on a file system with 1 MiB of free space."""
    with small_disk(tmp_path / "disk") as directory:
        yield directory


@pytest.mark.parametrize("limit", [1_000_000, 3_000])
def test_a_full_area_says_what_is_needed_and_what_is_free(
    limit: int, disk: Path, on_sqlite: SqlitePromo, project: Project
) -> None:
    noise = [os.urandom(150).hex() for _ in range(12_000)]
    on_sqlite.load(*(replace(move, note=noise[move.id - 1]) for move in numbered(12_000)))
    with pytest.raises(StagingError) as full:
        project.make(on_sqlite.source, staging_dir=disk, rows_per_file=limit)
    message = str(full.value)
    assert full.value.retryable
    assert str(disk) in message
    free = int(re.findall(r"full: ([0-9,]+) bytes", message)[0].replace(",", ""))
    assert free > 900_000, "what the attempt has written is free again"
    assert "bytes are free. The export needs about" in message
    needed = int(re.findall(r"needs about ([0-9,]+) bytes", message)[0].replace(",", ""))
    assert 0.9 < needed / (4_056_000 if limit > 12_000 else 2_070_000) < 1.15
    assert [path for path in disk.rglob("*") if path.is_file()] == []
    assert list(disk.glob("*/*/*")) == []


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, StagingError, r"is full: [0-9,]+ bytes are free\. Free space"),
        (errno.EDQUOT, StagingError, r"the disk quota of this user is used up\. Free space"),
        (errno.EIO, StagingError, r"Input/output error\. If it lasts"),
        (errno.EROFS, StagingRefused, r"is read-only .*PROMO_REPORTS_STAGING_DIR"),
        (errno.EFBIG, StagingRefused, r"files this large"),
    ],
)
def test_what_passes_is_retried_and_nothing_else(number: int, kind: type[StagingError], words: str, root: Path) -> None:
    """Also where the area is not made yet."""
    with pytest.raises(StagingError, match=words) as failed, explained(Disk(root / "a" / "b")):
        raise OSError(number, os.strerror(number))
    assert type(failed.value) is kind
    assert failed.value.retryable is (kind is StagingError)
    assert str(root) in failed.value.reason


def test_staged_exports_are_opened_by_their_address(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1))
    staged = project.make(on_sqlite.source)
    again = reopened(project, staged)
    assert again.directory == staged.directory
    assert again.manifest.to_json() == staged.manifest.to_json()
    assert [each.destination for each in again.deliveries] == list(export().definition.destinations)
    assert [mode(path) for path in (staged.directory, staged.directory.parent)] == [0o700, 0o700]
    assert sorted(path.name for path in staged.directory.iterdir()) == sorted(
        ["destinations.json", "manifest.json", staged.manifest.files[0].name]
    )


def test_runs_share_no_directory(root: Path) -> None:
    first = run_directory(root, export())
    assert len(first.name) == 32
    others = [export(run_id="other"), replace(export(), dag_id="promo_reports.type.daily_moves")]
    assert len({first, *(run_directory(root, each) for each in others)}) == 3


@pytest.mark.parametrize("dag_id", ["promo_reports.daily_moves", "promo_reports.type.moves"])
@pytest.mark.parametrize("run_id", ["run", "other"])
def test_a_handover_leads_to_nothing_but_what_its_own_run_has_staged(
    dag_id: str, run_id: str, on_sqlite: SqlitePromo, project: Project
) -> None:
    """Whoever may write XComs may write any address: a foreign export, also by a way around."""
    theirs = project.make(on_sqlite.source, replace(export(run_id="theirs"), dag_id="promo_reports.type.moves"))
    root, address = project.settings.staging, theirs.directory
    own = project.make(on_sqlite.source, replace(export(run_id=run_id), dag_id=dag_id))
    forged: list[object] = [
        str(address),
        f"{own.directory.parent}/../{address.parent.name}/{address.name}",
        f"{own.directory}/../../{address.parent.name}/{address.name}",
        f"/elsewhere/daily_moves/{own.directory.parent.name}/..",
        f"/elsewhere/../{own.directory.parent.name}/{own.directory.name}",
        f"{own.directory}/",
        "",
        ".",
        "/",
        "a\0b",
        None,
        7,
        [str(own.directory)],
        {"staged": str(own.directory)},
    ]
    for each in forged[:5] + forged[6:]:
        with pytest.raises(HandoverRefused, match="was not staged by this run") as refused:
            StagingDirectory(root).open(each, dag_id=dag_id, run_id=run_id)
        assert not refused.value.retryable
    assert StagingDirectory(root).open(forged[5], dag_id=dag_id, run_id=run_id).directory == own.directory


def test_a_foreign_manifest_in_a_runs_own_directory_is_refused(on_sqlite: SqlitePromo, project: Project) -> None:
    theirs, own = (project.make(on_sqlite.source, export(run_id=each)) for each in ("theirs", "own"))
    shutil.copy(theirs.directory / "manifest.json", own.directory)
    with pytest.raises(HandoverRefused):
        reopened(project, own)


def test_what_the_release_before_staged_is_opened(on_sqlite: SqlitePromo, project: Project) -> None:
    """It hashed a run to 16 digits, and left no destinations."""
    own = project.make(on_sqlite.source)
    (own.directory / "destinations.json").unlink()
    moved = own.directory.parent.with_name("73b6fe34f3ba2339")
    own.directory.parent.rename(moved)
    address = moved / own.directory.name
    found = StagingDirectory(project.settings.staging).open(
        str(address), dag_id=export().dag_id, run_id=export().run_id
    )
    assert (found.directory, found.deliveries) == (address, ())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.unlink(), "is gone"),
        (lambda path: shutil.rmtree(path.parent), "is gone"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged"),
        (lambda path: path.write_bytes(b"\xff"), "is damaged"),
        (lambda path: path.write_bytes(b"[]"), "is damaged"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b'"rows"', b'"rose"')), "is damaged"),
        (lambda path: path.write_text(json.dumps({"format_version": 99})), "is damaged"),
        (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "it is a FIFO"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/hostname")), "it is a symbolic link"),
        (lambda path: os.truncate(path, 10 << 30), "is damaged"),
    ],
)  # fmt: skip
def test_a_staged_export_that_is_gone_or_damaged(damage, words: str, on_sqlite: SqlitePromo, project: Project) -> None:  # type: ignore[no-untyped-def]
    staged = project.make(on_sqlite.source)
    damage(staged.directory / "manifest.json")
    with pytest.raises(StagingError, match=words) as gone:
        reopened(project, staged)
    assert "Clear the task extract of this run." in str(gone.value)


def test_files_go_when_every_destination_has_them(on_sqlite: SqlitePromo, project: Project) -> None:
    staged = project.make(on_sqlite.source)
    StagingDirectory(project.settings.staging).mark_delivered(staged, 1, 2)
    StagingDirectory(project.settings.staging).mark_delivered(staged, 1, 2)
    assert content(staged)
    StagingDirectory(project.settings.staging).mark_delivered(staged, 2, 2)
    assert not (staged.directory / staged.manifest.files[0].name).exists()
    assert reopened(project, staged).manifest.to_json() == staged.manifest.to_json()
    StagingDirectory(project.settings.staging).mark_delivered(staged, 2, 2)


def test_a_note_that_cannot_be_left_fails_no_delivery(on_sqlite: SqlitePromo, project: Project) -> None:
    staged = project.make(on_sqlite.source)
    StagingDirectory(project.settings.staging).mark_delivered(
        StagedDirectory(staged.directory / "gone", staged.manifest), 1, 1
    )
    file = staged.directory / "file"
    file.touch()
    StagingDirectory(project.settings.staging).mark_delivered(StagedDirectory(file, staged.manifest), 1, 1)
    assert content(staged)
