"""From a definition's destination to an area."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promo_reports.delivery import AmazonS3Area, DownloadArea, area_for, publish
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import Download, Partner, PartnerExport
from promo_reports.errors import DestinationRefused
from promo_reports.settings import Settings
from tests.delivery.exports import REPORT, WINDOW, BucketPlace, staged

ACCOUNT = Account("UTC", "monday", (Bucket("amazon_s3", "bi-exports", "bi_exports_s3", "promo-reports"),))


def test_download_is_the_download_area(tmp_path: Path) -> None:
    area = area_for(Download(), ACCOUNT, Settings(data_dir=tmp_path))
    assert isinstance(area, DownloadArea)
    assert area.root == tmp_path / "downloads"


def test_download_may_be_a_bucket(in_bucket: BucketPlace, tmp_path: Path) -> None:
    asked: list[Bucket] = []

    def client(bucket: Bucket) -> Any:
        asked.append(bucket)
        return in_bucket.client

    settings = Settings(
        data_dir=tmp_path, download_bucket=f"s3://{in_bucket.bucket}/promo/", download_connection="downloads_s3"
    )
    published = publish(staged(tmp_path, b"new\n"), area_for(Download(), ACCOUNT, settings, client=client))
    assert published.manifest == f"s3://{in_bucket.bucket}/promo/{REPORT}/{WINDOW}/manifest.json"
    assert asked == [Bucket("amazon_s3", in_bucket.bucket, "downloads_s3", "promo")]
    assert not settings.downloads.exists()


@pytest.mark.parametrize(
    ("of_account", "of_definition", "joined"),
    [
        ("", "", ""),
        ("promo", "", "promo/"),
        ("", "bi", "bi/"),
        ("promo", "bi/daily", "promo/bi/daily/"),
        ("/a/", "b/", "a/b/"),
    ],
)
def test_prefixes_are_joined(
    in_bucket: BucketPlace, tmp_path: Path, of_account: str, of_definition: str, joined: str
) -> None:
    asked: list[Bucket] = []

    def client(bucket: Bucket) -> Any:
        asked.append(bucket)
        return in_bucket.client

    bucket = Bucket("amazon_s3", in_bucket.bucket, "bi_exports_s3", of_account)
    destination = PartnerExport(Partner.AMAZON_S3, in_bucket.bucket, of_definition)
    area = area_for(destination, Account("UTC", "monday", (bucket,)), Settings(data_dir=tmp_path), client=client)
    assert isinstance(area, AmazonS3Area)
    assert asked == []
    published = publish(staged(tmp_path, b"new\n"), area)
    assert published.manifest == f"s3://{in_bucket.bucket}/{joined}{REPORT}/{WINDOW}/manifest.json"
    assert asked == [bucket]


def test_a_bucket_that_was_disconnected(tmp_path: Path) -> None:
    destination = PartnerExport(Partner.AMAZON_S3, "old-bucket")
    with pytest.raises(DestinationRefused, match=r"'old-bucket' is not connected .*include/account\.yaml"):
        area_for(destination, ACCOUNT, Settings(data_dir=tmp_path))
