"""From a definition's destination to an area."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from devstack.s3 import S3Server
from promo_reports.delivery import area_for, publish
from promo_reports.delivery.destinations import buckets_by_id
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import KINDS, Download, PartnerExport
from promo_reports.errors import DestinationRefused
from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
from promo_reports.object_stores.directory.store import DirectoryStore
from promo_reports.object_stores.stores import STORES
from promo_reports.settings import Settings
from tests.support.delivery.exports import (
    CONNECTION,
    LATE,
    PREFIX,
    REPORT,
    WINDOW,
    BucketPlace,
    assert_is,
    connect_airflow,
    staged,
)
from tests.support.project import ROOT

ACCOUNT = Account("UTC", "monday", (Bucket("amazon_s3", "bi-exports", "bi_exports_s3", "promo-reports"),))
LOADED = """
import sys
from pathlib import Path
from promo_reports.delivery import area_for, open_published, publish, sweep
from promo_reports.object_stores.stores import STORES
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import Download, PartnerExport
from promo_reports.settings import Settings
assert not {module for module, _ in STORES.values()} & set(sys.modules)
account = Account("UTC", "monday", tuple(Bucket(kind, "bucket", "connection") for kind in STORES if kind != "download"))
for destination in (Download(), *(PartnerExport(each.partner, each.name) for each in account.buckets)):
    area_for(destination, account, Settings(data_dir=Path("/srv")))
assert {module for module, _ in STORES.values()} <= set(sys.modules)
print(*{name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore", "airflow", "sqlalchemy", "google"})
"""


def test_every_kind_has_its_code() -> None:
    assert STORES.keys() == KINDS.keys()


def test_code_is_imported_when_it_is_used_and_libraries_when_something_is_contacted() -> None:
    path = str(ROOT / "plugins")
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED], env={"PYTHONPATH": path}, check=True, capture_output=True, text=True
    )
    assert loaded.stdout.split() == []


def test_download_is_the_download_area(tmp_path: Path) -> None:
    area = area_for(Download(), ACCOUNT, Settings(data_dir=tmp_path))
    assert isinstance(area, StoredExports)
    assert isinstance(area.store, DirectoryStore)
    assert area.store.root == tmp_path / "downloads"


def test_download_may_be_a_bucket(in_bucket: BucketPlace, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, download_bucket=f"s3://{in_bucket.bucket}/promo/", download_connection=CONNECTION
    )
    published = publish(staged(tmp_path, b"new\n"), area_for(Download(), ACCOUNT, settings))
    assert published.manifest == f"s3://{in_bucket.bucket}/promo/{REPORT}/{WINDOW}/manifest.json"
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
    account = Account("UTC", "monday", (Bucket("amazon_s3", in_bucket.bucket, CONNECTION, of_account),))
    area = area_for(PartnerExport("amazon_s3", in_bucket.bucket, of_definition), account, Settings(data_dir=tmp_path))
    assert isinstance(area, StoredExports)
    assert isinstance(area.store, AmazonS3Store)
    published = publish(staged(tmp_path, b"new\n"), area)
    assert published.manifest == f"s3://{in_bucket.bucket}/{joined}{REPORT}/{WINDOW}/manifest.json"


def test_two_buckets_of_one_name_at_two_servers(
    in_bucket: BucketPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with S3Server(log=tmp_path / "s3.log", port=0, buckets=[in_bucket.bucket]) as elsewhere:
        connect_airflow(monkeypatch, elsewhere.endpoint_url, "elsewhere_s3")
        here = Bucket("amazon_s3", in_bucket.bucket, CONNECTION, PREFIX)
        account = Account("UTC", "monday", (here, replace(here, connection="elsewhere_s3", alias="elsewhere")))
        settings = Settings(data_dir=tmp_path)
        ids = [*buckets_by_id(account, settings)]
        assert ids == ["download", f"amazon_s3:{in_bucket.bucket}", "amazon_s3:elsewhere"]
        there = BucketPlace(elsewhere.client(), elsewhere.endpoint_url, in_bucket.bucket)
        old, new = staged(tmp_path, b"old\n"), staged(tmp_path, b"new\n", snapshot_at=LATE)
        publish(old, area_for(PartnerExport("amazon_s3", in_bucket.bucket), account, settings))
        assert there.contents() == {}
        publish(new, area_for(PartnerExport("amazon_s3", "elsewhere"), account, settings))
        assert_is(in_bucket, old)
        assert_is(there, new)


def test_a_bucket_that_was_disconnected(tmp_path: Path) -> None:
    destination = PartnerExport("amazon_s3", "old-bucket")
    with pytest.raises(DestinationRefused, match=r"'old-bucket' is not connected .*include/account\.yaml"):
        area_for(destination, ACCOUNT, Settings(data_dir=tmp_path))


def test_a_kind_that_no_code_is_registered_for(tmp_path: Path) -> None:
    account = Account("UTC", "monday", (Bucket("ftp", "exports", "exports_ftp"),))
    with pytest.raises(DestinationRefused, match=r"cannot deliver to ftp:exports/june: it has no code"):
        area_for(PartnerExport("ftp", "exports", "june"), account, Settings(data_dir=tmp_path))
