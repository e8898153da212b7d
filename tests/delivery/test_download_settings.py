"""A bucket in the place of the download area's directory: which settings mean one, and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from promo_reports.domain.account import Bucket
from promo_reports.errors import InvalidInput
from promo_reports.settings import Settings

BUCKET, CONNECTION, DIRECTORY = (f"PROMO_REPORTS_DOWNLOAD_{name}" for name in ("BUCKET", "CONNECTION", "DIR"))


def refused(environment: dict[str, str]) -> list[str]:
    with pytest.raises(InvalidInput) as refusal:
        Settings.from_environment(environment)
    return [str(problem) for problem in refusal.value.problems]


def test_without_one_it_is_a_directory() -> None:
    settings = Settings.from_environment({DIRECTORY: "/srv/downloads"})
    assert (settings.downloads, settings.download_area) == (
        Path("/srv/downloads"),
        Bucket("download", "/srv/downloads", ""),
    )


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("s3://promo-downloads", ("amazon_s3", "promo-downloads", "")),
        ("s3://promo-downloads/", ("amazon_s3", "promo-downloads", "")),
        ("s3://promo-downloads/a/b", ("amazon_s3", "promo-downloads", "a/b")),
        ("s3://promo.downloads/a_b/", ("amazon_s3", "promo.downloads", "a_b")),
        ("gs://promo_downloads.example.com/a", ("google_cloud_storage", "promo_downloads.example.com", "a")),
    ],
)
def test_a_bucket_and_a_prefix(address: str, found: tuple[str, str, str]) -> None:
    settings = Settings.from_environment({BUCKET: address, CONNECTION: "downloads_s3"})
    partner, name, prefix = found
    assert settings.download_area == Bucket(partner, name, "downloads_s3", prefix)
    assert settings.download_connection == "downloads_s3"


@pytest.mark.parametrize(
    "address",
    ["", "promo-downloads", "ftp://promo-downloads", "s3://", "s3://Promo", "s3://b/x", "s3://promo//a", "s3://promo/../a",
     "s3://promo/a/..", "s3://promo/a b", "s3://key:secret@promo/a", "s3://promo/a?versionId=1", "s3://promo/a\n"],
)  # fmt: skip
def test_a_malformed_address(address: str) -> None:
    (problem,) = refused({BUCKET: address, CONNECTION: "downloads_s3"})
    assert problem.startswith(f"{BUCKET}: must be s3://bucket or s3://bucket/prefix")


def test_a_directory_and_a_bucket() -> None:
    (problem,) = refused({BUCKET: "s3://promo", CONNECTION: "downloads_s3", DIRECTORY: "/srv/downloads"})
    assert problem.startswith(f"{BUCKET}: the download area is a directory or a bucket: unset this, or {DIRECTORY}")


@pytest.mark.parametrize("connection", [None, "", "s3://key:secret@host"])
def test_a_bucket_needs_a_connection(connection: str | None) -> None:
    (problem,) = refused({BUCKET: "s3://promo"} | ({} if connection is None else {CONNECTION: connection}))
    assert problem.startswith(f"{CONNECTION}: must be the id of an Airflow connection, since {BUCKET} is set")


def test_a_connection_without_a_bucket() -> None:
    (problem,) = refused({CONNECTION: "downloads_s3"})
    assert problem.startswith(f"{CONNECTION}: is of no use without {BUCKET}")
