"""Each destination as docs/delivery.md shows it in include/account.yaml, checked against a server of its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devstack.azure import AzureServer
from devstack.s3 import S3Server
from devstack.sftp import SftpServer
from promo_reports.definitions.account import load_account
from promo_reports.delivery.destination_check import DestinationCheck
from promo_reports.delivery.destinations import buckets_by_id
from promo_reports.domain.account import Bucket
from promo_reports.domain.check_result import CheckState
from promo_reports.domain.delivery import DOWNLOAD, partners
from promo_reports.settings import Settings
from tests.support.project import ROOT

DOCUMENTED = re.findall(
    r"^```yaml\n(?:# include/account.yaml\n)?(partner_exports:\n.*?)^```$",
    (ROOT / "docs" / "delivery.md").read_text(),
    re.DOTALL | re.MULTILINE,
)


def shown(tmp_path: Path) -> dict[str, Bucket]:
    """The buckets of the examples, by their partners."""
    found: dict[str, Bucket] = {}
    for text in DOCUMENTED:
        (tmp_path / "account.yaml").write_text(f"timezone: UTC\n{text}")
        found |= {each.partner: each for each in load_account(tmp_path / "account.yaml").buckets}
    return found


def on_s3(request: pytest.FixtureRequest, bucket: Bucket) -> dict[str, Any]:
    server: S3Server = request.getfixturevalue("s3")
    server.client().create_bucket(Bucket=bucket.name)
    extra = {"endpoint_url": server.endpoint_url, "region_name": "us-east-1"}
    return {"conn_type": "aws", "login": "any", "password": "any", "extra": extra}


def on_google(request: pytest.FixtureRequest, bucket: Bucket) -> dict[str, Any]:
    server = request.getfixturevalue("google_storage")
    server.buckets[bucket.name] = {}
    given: dict[str, Any] = server.connection()
    return given


def on_azure(request: pytest.FixtureRequest, bucket: Bucket) -> dict[str, Any]:
    server: AzureServer = request.getfixturevalue("azure_server")
    server.client().create_container(bucket.name)
    return {"conn_type": "wasb", "login": "promoreports", "password": server.key, "host": server.account_url}


def on_sftp(request: pytest.FixtureRequest, bucket: Bucket) -> dict[str, Any]:
    server: SftpServer = request.getfixturevalue("sftp")
    extra = {"private_key": server.private_key, "host_key": server.host_key}
    return {"conn_type": "sftp", "host": "127.0.0.1", "port": server.port, "login": server.login, "extra": extra}


SERVERS: dict[str, Callable[[pytest.FixtureRequest, Bucket], dict[str, Any]]] = {
    "amazon_s3": on_s3,
    "google_cloud_storage": on_google,
    "azure_blob": on_azure,
    "sftp": on_sftp,
}


def test_every_partner_has_an_example(tmp_path: Path) -> None:
    assert shown(tmp_path).keys() == set(partners()) == SERVERS.keys()


@pytest.mark.parametrize(
    "partner",
    [pytest.param(each, marks=() if each == "amazon_s3" else pytest.mark.clouds) for each in SERVERS],
)
def test_it_can_be_delivered_to(
    partner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    bucket = shown(tmp_path)[partner]
    connection = SERVERS[partner](request, bucket)
    monkeypatch.setenv(f"AIRFLOW_CONN_{bucket.connection.upper()}", json.dumps(connection))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    check = DestinationCheck(f"{partner}:{bucket.id}", bucket)
    check.run()
    assert [each.sentence for each in check.results if each.state is not CheckState.OK] == []


def test_the_download_area_can_be_delivered_to(tmp_path: Path) -> None:
    account = tmp_path / "account.yaml"
    account.write_text("timezone: UTC\n")
    settings = Settings(download_dir=tmp_path / "downloads")
    settings.downloads.mkdir()
    check = DestinationCheck(DOWNLOAD, buckets_by_id(load_account(account), settings)[DOWNLOAD])
    check.run()
    assert [each.sentence for each in check.results if each.state is not CheckState.OK] == []
