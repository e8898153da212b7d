"""What `promo-reports doctor` tells of a host: directories, files, versions."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from promo_reports.doctor.checks import Check, run
from promo_reports.doctor.directories import check_downloads, check_staging, check_store
from promo_reports.doctor.installation import Installation
from promo_reports.doctor.project import check_files
from promo_reports.doctor.versions import check_versions
from promo_reports.domain.check_result import CheckResult, CheckState, ok
from promo_reports.errors import SourceRefused
from tests.support.doctor import installation_of
from tests.support.shell import PROJECT, Shell
from tests.support.small_disk import read_only_directory, small_disk

ACCOUNT = "timezone: America/New_York\nweek_starts_on: monday\npartner_exports:\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "project"
    for name in ("report_types", "include/sql"):
        shutil.copytree(PROJECT / name, home / name)
    (home / "include" / "account.yaml").write_text(ACCOUNT.replace("partner_exports:\n", ""))
    (home / "reports").mkdir()
    return home


def only(found: Iterator[CheckResult], state: CheckState = CheckState.PROBLEM) -> str:
    results = list(found)
    assert [each.state for each in results] == [state], results
    return results[0].sentence


class TestDirectories:
    def test_those_that_are_there_and_those_that_can_be_made(self, home: Path) -> None:
        installation = installation_of("", home)
        for check in (check_staging, check_downloads, check_store):
            assert "GiB are free" in only(check(installation), CheckState.OK)
        assert not (home / ".data").exists(), "nothing is changed"
        assert not list(home.glob(".doctor*"))

    def test_a_store_that_is_not_mounted(self, home: Path, tmp_path: Path) -> None:
        assert str(tmp_path / "mount") in only(check_store(installation_of("", home, store_dir=tmp_path / "mount")))

    def test_a_file_in_the_way(self, home: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert "is no directory" in only(check_staging(installation_of("", home, staging_dir=tmp_path / "file")))

    def test_a_directory_that_is_read_only(self, home: Path) -> None:
        found = list(check_staging(installation_of("", home, staging_dir=read_only_directory() / "staging")))
        assert "cannot be written" in found[0].sentence

    def test_a_directory_that_others_may_look_into(self, home: Path, tmp_path: Path) -> None:
        open_to_all = tmp_path / "open"
        open_to_all.mkdir()
        open_to_all.chmod(0o755)
        said = only(check_staging(installation_of("", home, staging_dir=open_to_all)))
        assert said == f"Every user of this host may look into {open_to_all}: chmod o-rwx {open_to_all}."

    def test_a_small_disk_in_memory(self, home: Path, tmp_path: Path) -> None:
        with small_disk(tmp_path / "disk") as disk:
            found = [each.sentence for each in check_staging(installation_of("", home, staging_dir=disk))]
        assert "bytes are free" in found[0]
        assert "lies in memory (tmpfs)" in found[1]


def test_files_with_mistakes_are_counted(home: Path) -> None:
    assert "7 report types and 0 definitions" in only(check_files(installation_of("", home)), CheckState.OK)
    (home / "reports" / "wrong.yaml").write_text("id: wrong\n")
    (home / "include" / "sql" / "user_errors.sql").write_text("SELECT 1")
    assert "2 have problems (user_errors, wrong" in only(check_files(installation_of("", home)))


def test_versions_are_those_that_the_package_asks_for(home: Path) -> None:
    assert "Python 3." in only(check_versions(installation_of("", home)), CheckState.OK)


def test_a_check_that_fails_or_hangs_stops_no_other(home: Path) -> None:
    released = threading.Event()

    def refused(installation: Installation) -> Iterator[CheckResult]:
        yield ok("first", "Seen.")
        raise SourceRefused("It broke.", "Mend it.")

    def fails(installation: Installation) -> Iterator[CheckResult]:
        raise KeyError("secret")

    def hangs(installation: Installation) -> Iterator[CheckResult]:
        yield ok("before", "Seen.")
        released.wait(60)

    checks = [Check("refused", refused), Check("fails", fails), Check("hangs", hangs, seconds=0.5)]
    found = [result for _, result in run([*checks, Check("last", check_versions)], installation_of("", home))]
    released.set()  # tests of the pipeline want no thread of another test
    assert [(each.subject, each.state.value) for each in found] == [
        ("first", "ok"),
        ("refused", "problem"),
        ("fails", "not checked"),
        ("before", "ok"),
        ("hangs", "problem"),
        ("versions", "ok"),
    ]
    assert found[1].sentence == "It broke. Mend it."
    assert "secret" not in found[2].sentence


def test_the_command(home: Path) -> None:
    shell = Shell(home)
    url = "postgresql://me:hunter2secret@127.0.0.1:1/promo"
    result = shell("doctor", "--database", url, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["state"] == "problem"
    table = shell("doctor", "--database", url)
    assert table.exit_code == 1
    assert "1 problem" in table.stdout
    assert "hunter2secret" not in result.stdout + table.stdout + result.stderr + table.stderr
    settings = shell("doctor", PROMO_REPORTS_ROWS_PER_FILE="none")
    assert settings.exit_code == 1
    assert "PROMO_REPORTS_ROWS_PER_FILE" in settings.stdout
