"""A bucket that keeps TCP alive and answers nothing: a task that is told to end does so, and limits end the rest."""

from __future__ import annotations

import inspect
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3  # noqa: TID253
import pytest
from airflow.sdk.execution_time.supervisor import WatchedSubprocess
from botocore.config import Config  # noqa: TID253

from devstack.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from devstack.tcp_proxy import TcpProxy
from promo_reports.delivery import publish
from promo_reports.errors import DestinationUnavailable
from promo_reports.interruptible import GRACE, SECONDS_UNTIL_KILLED
from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
from promo_reports.object_stores.bucket_access import SECONDS_TO_END, SECONDS_TO_TIDY
from tests.support.delivery.exports import s3_area, staged
from tests.support.delivery.unwell_servers import Stopped

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SMALL, PARTS = b"a\n" * 10, b"a\n" * (20 << 20)
AT_MOST = 10.0


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[TcpProxy]:
    with TcpProxy(int(s3.endpoint_url.rpartition(":")[2])) as proxy:
        yield proxy
    while any(each.name.startswith("export-") for each in threading.enumerate()):
        time.sleep(0.02)


def through(proxy: TcpProxy, seconds: float) -> S3Client:
    limits = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        proxies={},
        read_timeout=seconds,
        connect_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{proxy.port}",
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=limits,
    )


def tell_once_stalled(proxy: TcpProxy) -> list[float]:
    """Send this process SIGTERM while the bucket hangs; the list gets the time of it."""
    told: list[float] = []

    def tell() -> None:
        proxy.stalled.wait()
        time.sleep(0.2)  # until the main thread waits; earlier is no harm
        told.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=tell, daemon=True).start()
    return told


@pytest.mark.parametrize(
    ("content", "request_line"),
    [(SMALL, "GET /"), (SMALL, "list-type=2"), (SMALL, "PUT /"), (PARTS, "partNumber="), (SMALL, "HEAD /")],
    ids=["manifest", "list", "put", "part", "head"],
)
def test_a_signal_while_a_bucket_hangs(
    content: bytes, request_line: str, proxy: TcpProxy, bucket: str, tmp_path: Path, stop: None
) -> None:
    """In reading the manifest, listing, putting a file whole or in parts, and asking what is there."""
    proxy.stall_at(request_line.encode())
    area = s3_area("bucket", bucket, client=lambda: through(proxy, 30))
    told = tell_once_stalled(proxy)
    with pytest.raises(Stopped):
        publish(staged(tmp_path, content), area)
    assert time.monotonic() - told[0] < AT_MOST


def test_a_signal_while_a_download_hangs(
    proxy: TcpProxy, s3: S3Server, bucket: str, tmp_path: Path, stop: None
) -> None:
    """In the middle of an object; what was received of it is removed."""
    export = staged(tmp_path, PARTS)
    (file,) = export.manifest.files
    with AmazonS3Store("bucket", bucket, client=s3.client).folder("a") as objects:
        objects.upload(file, export.directory / file.name)
    target = tmp_path / "received"
    proxy.stall(after=3 << 20)
    told = tell_once_stalled(proxy)
    stalled = AmazonS3Store("bucket", bucket, client=lambda: through(proxy, 30))
    with stalled.folder("a") as objects, pytest.raises(Stopped):
        objects.download(file, target)
    assert time.monotonic() - told[0] < AT_MOST
    assert not target.exists()


@pytest.mark.parametrize("request_line", ["GET /", "PUT /"])
def test_a_bucket_that_hangs_is_tried_again(request_line: str, proxy: TcpProxy, bucket: str, tmp_path: Path) -> None:
    proxy.stall_at(request_line.encode())
    area = s3_area("bucket", bucket, client=lambda: through(proxy, 1))
    with pytest.raises(DestinationUnavailable, match="cannot be reached"):
        publish(staged(tmp_path, SMALL), area)


def test_an_upload_that_is_stopped_leaves_no_parts(
    proxy: TcpProxy, s3: S3Server, bucket: str, tmp_path: Path, stop: None
) -> None:
    """Where the bucket answers, the parts that were sent are given up."""
    area = s3_area("bucket", bucket, client=lambda: through(proxy, 30))

    def tell() -> None:
        while not s3.client().list_multipart_uploads(Bucket=bucket).get("Uploads"):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=tell, daemon=True).start()
    with pytest.raises(Stopped):
        publish(staged(tmp_path, b"a\n" * (64 << 20)), area)
    ends = time.monotonic() + 60
    while s3.client().list_multipart_uploads(Bucket=bucket).get("Uploads"):
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_task_that_is_stopped_has_time_to_spare_before_airflow_kills_it() -> None:
    delay = inspect.signature(WatchedSubprocess.kill).parameters["escalation_delay"].default
    assert delay == SECONDS_UNTIL_KILLED
    assert delay > SECONDS_TO_END + SECONDS_TO_TIDY + 1
    assert delay > GRACE + 1
