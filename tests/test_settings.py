"""Settings that mean no place, or two areas of which one lies inside the other, stop a process with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from promo_reports.domain.account import Bucket
from promo_reports.domain.delivery import KINDS, Kind
from promo_reports.errors import InvalidInput
from promo_reports.settings import PREFIX, Settings

DIRECTORIES = ("HOME", "DATA_DIR", "STAGING_DIR", "DOWNLOAD_DIR", "STORE_DIR")
BUCKET = {f"{PREFIX}DOWNLOAD_BUCKET": "s3://promo", f"{PREFIX}DOWNLOAD_CONNECTION": "downloads_s3"}
AREAS = {"STAGING": "the staging area", "DOWNLOAD": "the download area", "STORE": "the store of created reports"}


def buckets(**addresses: str) -> dict[str, str]:
    """The variables of areas that are buckets, each by its own connection."""
    named = {f"{PREFIX}{area}_BUCKET": address for area, address in addresses.items()}
    return named | {f"{PREFIX}{area}_CONNECTION": f"{area.lower()}_s3" for area in addresses}


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
    assert problem.startswith(f"The areas: {named[0]} (")
    assert f"lies inside {named[1]} (" in problem


@pytest.mark.parametrize(
    ("addresses", "inner", "outer"),
    [
        ({"STAGING": "s3://promo", "STORE": "s3://promo"}, "STORE", "STAGING"),
        ({"STAGING": "s3://promo/a/", "DOWNLOAD": "s3://promo/a"}, "DOWNLOAD", "STAGING"),
        ({"STAGING": "s3://promo/a/b", "STORE": "s3://promo/a"}, "STAGING", "STORE"),
        ({"STORE": "s3://promo/a", "DOWNLOAD": "s3://promo"}, "STORE", "DOWNLOAD"),
    ],
)
def test_a_bucket_inside_another(addresses: dict[str, str], inner: str, outer: str) -> None:
    """Whatever their connections are: two of them may lead to one bucket."""
    (problem,) = refused(buckets(**addresses))
    assert problem.startswith(f"The areas: {PREFIX}{inner}_BUCKET (s3://promo")
    assert f"lies inside {PREFIX}{outer}_BUCKET (s3://promo" in problem
    assert problem.endswith("give each a prefix of its own")


def test_prefixes_beside_each_other_lie_apart() -> None:
    settings = Settings.from_environment(
        buckets(STAGING="s3://promo/ab", DOWNLOAD="s3://promo/a", STORE="s3://promo2/a")
    )
    assert settings.staging_area == Bucket("amazon_s3", "promo", "staging_s3", "ab")
    assert settings.download_area == Bucket("amazon_s3", "promo", "download_s3", "a")
    assert settings.store_area == Bucket("amazon_s3", "promo2", "store_s3", "a")


@pytest.mark.parametrize("area", AREAS)
def test_every_area_is_a_directory_or_a_bucket_with_a_connection(area: str) -> None:
    given = buckets(**{area: "s3://promo"})
    bucket, connection, directory = (f"{PREFIX}{area}_{kind}" for kind in ("BUCKET", "CONNECTION", "DIR"))
    (problem,) = refused(given | {directory: "/srv/area"})
    assert problem.startswith(f"{bucket}: {AREAS[area]} is a directory or a bucket: unset this, or {directory}")
    (problem,) = refused({bucket: "s3://promo"})
    assert problem.startswith(f"{connection}: must be the id of an Airflow connection, since {bucket} is set")
    (problem,) = refused({connection: "any_s3"})
    assert problem.startswith(f"{connection}: is of no use without {bucket}")
    (problem,) = refused(given | {bucket: "promo"})
    assert problem.startswith(f"{bucket}: must be s3://bucket or s3://bucket/prefix")
    (problem,) = refused({directory: "s3://promo/area"})
    assert f"a bucket goes into {bucket}" in problem


def test_the_download_area_is_where_browsers_can_be_sent() -> None:
    (problem,) = refused(buckets(DOWNLOAD="sftp://files.partner.example/inbox"))
    said = "cannot be on SFTP, which gives no links that a browser downloads from"
    assert problem.startswith(f"{PREFIX}DOWNLOAD_BUCKET: {said}")


def test_the_store_is_where_objects_are_compared_and_replaced_in_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Kind("locked", "Locked", "locked", ("bucket", "prefix"), conditional=False)
    monkeypatch.setitem(KINDS, kind.key, kind)
    settings = Settings.from_environment(buckets(STAGING="locked://promo/a", DOWNLOAD="locked://promo/b"))
    assert settings.staging_area.partner == "locked"
    (problem,) = refused(buckets(STORE="locked://promo/a"))
    assert problem.startswith(f"{PREFIX}STORE_BUCKET: must be s3://bucket or s3://bucket/prefix")
    assert "locked://" not in problem.partition("; it is")[0]


def test_directories_are_areas_without_a_connection() -> None:
    settings = Settings.from_environment({f"{PREFIX}DATA_DIR": "/data"})
    assert [settings.staging_area, settings.download_area, settings.store_area] == [
        Bucket("download", f"/data/{name}", "") for name in ("staging", "downloads", "created")
    ]


@pytest.mark.parametrize("area", ["STAGING", "STORE"])
def test_scratch_is_for_what_is_in_buckets(area: str) -> None:
    scratch = f"{PREFIX}SCRATCH_DIR"
    given = {f"{PREFIX}DATA_DIR": "/data"} | buckets(**{area: "s3://promo"})
    settings = Settings.from_environment(given)
    assert (settings.scratch, settings.store_copy) == (Path("/data/scratch/exports"), Path("/data/scratch/created"))
    settings = Settings.from_environment(given | {scratch: "/mnt/own"})
    assert (settings.scratch, settings.store_copy) == (Path("/mnt/own/exports"), Path("/mnt/own/created"))
    (problem,) = refused(given | {scratch: "/data/downloads/own"})
    assert problem.startswith(f"The areas: {scratch} (/data/downloads/own) lies inside {PREFIX}DOWNLOAD_DIR")
    (problem,) = refused({scratch: "/mnt/own"} | BUCKET)
    assert problem.startswith(f"{scratch}: is of no use without {PREFIX}STAGING_BUCKET or {PREFIX}STORE_BUCKET")
    Settings.from_environment({f"{PREFIX}DATA_DIR": "/data", f"{PREFIX}STORE_DIR": "/data/scratch"})  # of no scratch


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
