"""Settings that mean no directory, or two areas of which one lies inside the other, stop a process with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from promo_reports.domain.account import Bucket
from promo_reports.errors import InvalidInput
from promo_reports.settings import PREFIX, Settings

DIRECTORIES = ("HOME", "DATA_DIR", "STAGING_DIR", "DOWNLOAD_DIR", "STORE_DIR")
BUCKET = {f"{PREFIX}DOWNLOAD_BUCKET": "s3://promo", f"{PREFIX}DOWNLOAD_CONNECTION": "downloads_s3"}


def refused(environment: dict[str, str]) -> list[str]:
    with pytest.raises(InvalidInput) as refusal:
        Settings.from_environment(environment)
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize("name", DIRECTORIES)
@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("s3://bucket/staging", "is an address: it must be the absolute path of a directory"),
        ("gs://bucket", "is an address"),
        ("file:///srv/data", "is an address"),
        ("", "is empty: write an absolute path, or unset it"),
        ("~/promo", "begins with ~, which only a shell expands: write the whole path"),
        ("data", "is a relative path"),
        ("./data", "is a relative path"),
        ("../data", "is a relative path"),
        (" /srv/data", "is a relative path"),
        ("/srv/\nda\x7fta", "holds a control character"),
    ],
)
def test_what_is_no_absolute_directory(name: str, value: str, rule: str) -> None:
    (problem,) = refused({f"{PREFIX}{name}": value})
    assert problem.startswith(f"{PREFIX}{name}: {rule}")
    assert problem.endswith(f"; it is {value!r}")


def test_a_relative_path_is_refused_with_what_to_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (problem,) = refused({f"{PREFIX}STAGING_DIR": "var/staging"})
    assert f"write {tmp_path}/var/staging, if that is what is meant" in problem


def test_a_password_in_an_address_is_not_repeated() -> None:
    (problem,) = refused({f"{PREFIX}STORE_DIR": "s3://key:hunter2@bucket/store"})
    assert problem.endswith("; it is (hidden)")


def test_all_of_them_are_told_together() -> None:
    told = refused({f"{PREFIX}{name}": "s3://x" for name in DIRECTORIES})
    assert [each.partition(":")[0] for each in told] == [f"{PREFIX}{name}" for name in DIRECTORIES]


def test_absolute_directories_are_taken_as_they_are() -> None:
    settings = Settings.from_environment({f"{PREFIX}{name}": f"/srv/{name}" for name in DIRECTORIES})
    assert (settings.staging, settings.downloads, settings.store) == tuple(
        Path(f"/srv/{name}") for name in ("STAGING_DIR", "DOWNLOAD_DIR", "STORE_DIR")
    )


@pytest.mark.parametrize(
    ("environment", "inner", "outer"),
    [
        ({"STAGING_DIR": "/srv/downloads/staging", "DOWNLOAD_DIR": "/srv/downloads"}, "STAGING_DIR", "DOWNLOAD_DIR"),
        ({"STAGING_DIR": "/srv/data", "STORE_DIR": "/srv/data"}, "STORE_DIR", "STAGING_DIR"),
        ({"DOWNLOAD_DIR": "/srv/a/../staging/b/", "STAGING_DIR": "/srv/staging/"}, "DOWNLOAD_DIR", "STAGING_DIR"),
        ({"DATA_DIR": "/srv/data", "DOWNLOAD_DIR": "/srv/data"}, "STAGING_DIR", "DOWNLOAD_DIR"),
        ({"HOME": "/srv/home", "STAGING_DIR": "/srv/home/reports/.staging"}, "STAGING_DIR", "reports/ of the project"),
        ({"HOME": "/srv/home", "DATA_DIR": "/data", "STORE_DIR": "/srv"}, "reports/ of the project", "STORE_DIR"),
        ({"STAGING_DIR": "/"}, "STORE_DIR", "STAGING_DIR"),
    ],
)
def test_an_area_inside_another(environment: dict[str, str], inner: str, outer: str) -> None:
    (problem,) = refused({f"{PREFIX}{name}": value for name, value in environment.items()})
    named = [each if " " in each else f"{PREFIX}{each}" for each in (inner, outer)]
    assert problem.startswith(f"The directories: {named[0]} (")
    assert f"lies inside {named[1]} (" in problem


def test_a_bucket_takes_no_place_on_a_disk() -> None:
    settings = Settings.from_environment(
        {f"{PREFIX}STAGING_DIR": "/data/downloads", f"{PREFIX}DATA_DIR": "/data"} | BUCKET
    )
    assert settings.download_area == Bucket("amazon_s3", "promo", "downloads_s3")


def test_names_that_airflow_and_buckets_do_not_take() -> None:
    assert refused({f"{PREFIX}POOL": ""}) != []
    assert refused({f"{PREFIX}POOL": "p" * 257}) != []
    assert Settings.from_environment({f"{PREFIX}POOL": "p" * 256}).pool == "p" * 256
    (problem,) = refused(BUCKET | {f"{PREFIX}DOWNLOAD_BUCKET": f"s3://promo/{'p' * 501}"})
    assert "has a prefix of more than 500 characters" in problem
    assert Settings.from_environment(
        BUCKET | {f"{PREFIX}DOWNLOAD_BUCKET": f"s3://promo/{'p' * 500}"}
    ).download_area.prefix
