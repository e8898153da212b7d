"""What `promo-reports doctor` tells of a host: directories, buckets, files, versions."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack.s3 import ACCESS_KEY, S3Server
from promo_reports.doctor.buckets import check_buckets
from promo_reports.doctor.checks import Check, run
from promo_reports.doctor.database import check_databases
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


class TestBuckets:
    @pytest.fixture
    def of_account(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Installation]:
        def make(endpoint: str, bucket: str) -> Installation:
            entry = f"  - {{partner: amazon_s3, bucket: {bucket}, connection: doctor_s3, prefix: reports}}\n"
            (home / "include" / "account.yaml").write_text(ACCOUNT + entry)
            once = {"retries": {"total_max_attempts": 1}}
            extra = {"endpoint_url": endpoint, "region_name": "us-east-1", "config_kwargs": once}
            connection = {"conn_type": "aws", "login": ACCESS_KEY, "password": "hunter2secret", "extra": extra}
            monkeypatch.setenv("AIRFLOW_CONN_DOCTOR_S3", json.dumps(connection))
            return installation_of("", home)

        return make

    def test_one_that_can_be_read_and_one_that_is_missing(
        self, of_account: Callable[[str, str], Installation], s3: S3Server, bucket: str
    ) -> None:
        installation = of_account(s3.endpoint_url, bucket)
        assert "can be listed and read by connection doctor_s3" in only(check_buckets(installation), CheckState.OK)
        assert "no-such-bucket" in only(check_buckets(of_account(s3.endpoint_url, "no-such-bucket")))

    def test_a_server_that_is_away(self, of_account: Callable[[str, str], Installation]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        assert "hunter2secret" not in only(check_buckets(of_account(f"http://127.0.0.1:{port}", "exports")))

    def test_a_connection_that_is_missing(
        self, of_account: Callable[[str, str], Installation], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installation = of_account("http://127.0.0.1:1", "exports")
        monkeypatch.delenv("AIRFLOW_CONN_DOCTOR_S3")
        assert "There is no Airflow connection 'doctor_s3'" in only(check_buckets(installation))


def test_files_with_mistakes_are_counted(home: Path) -> None:
    assert "7 report types and 0 definitions" in only(check_files(installation_of("", home)), CheckState.OK)
    (home / "reports" / "wrong.yaml").write_text("id: wrong\n")
    (home / "include" / "sql" / "user_errors.sql").write_text("SELECT 1")
    assert "2 have problems (user_errors, wrong" in only(check_files(installation_of("", home)))


def test_a_report_type_that_cannot_be_read_is_a_problem_of_the_database_check_too(home: Path) -> None:
    for file in (home / "report_types").iterdir():
        file.write_text("id: [")
    found = [each for each in check_databases(installation_of("", home)) if each.state is CheckState.PROBLEM]
    assert len(found) == 7
    assert "promo-reports validate" in found[0].sentence


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
        ("fails", "problem"),
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
