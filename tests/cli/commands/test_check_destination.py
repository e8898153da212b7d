"""`promo-reports check-destination`: what there is to check, the result of each step, and nothing left at its end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devstack.s3 import S3Server
from devstack.tcp_proxy import TcpProxy
from tests.support.shell import Shell

COMMAND = Path(sys.executable).with_name("promo-reports")
SECRET = "hunter2secret"
ACCOUNT = """\
timezone: America/New_York
partner_exports:
  - {{partner: amazon_s3, bucket: {bucket}, connection: bi_s3, prefix: promo}}
  - {{partner: amazon_s3, bucket: no-such-bucket, connection: bi_s3}}
"""


def connection(endpoint: str) -> dict[str, str]:
    extra = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "config_kwargs": {"s3": {"addressing_style": "path"}},
    }
    given = {"conn_type": "aws", "login": "any", "password": SECRET, "extra": extra}
    return {"AIRFLOW_CONN_BI_S3": json.dumps(given), "NO_PROXY": "127.0.0.1"}


@pytest.fixture
def connected(shell: Shell, s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A project with a bucket that is there and one that is not."""
    shell.write("include/account.yaml", ACCOUNT.format(bucket=bucket))
    for name, value in connection(s3.endpoint_url).items():
        monkeypatch.setenv(name, value)
        shell.environment[name] = value
    return shell


def everything(s3: S3Server, bucket: str) -> list[str]:
    return [each["Key"] for each in s3.client().list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_without_an_id_it_lists_what_can_be_checked(connected: Shell, bucket: str) -> None:
    result = connected("check-destination")
    assert result.exit_code == 0
    cells = [line.split()[:1] for line in result.stdout.splitlines()]
    assert [["download"], [f"amazon_s3:{bucket}"], ["amazon_s3:no-such-bucket"]] == cells[2:5]
    assert SECRET not in result.output


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_bucket_that_is_well(connected: Shell, s3: S3Server, bucket: str, by: str) -> None:
    result = connected("check-destination", f"amazon_s3:{bucket}" if by == "id" else bucket)
    assert result.exit_code == 0, result.output
    assert result.stdout.count(" ok ") == 6
    assert "0 problems" in result.stdout
    assert everything(s3, bucket) == []


def test_a_bucket_that_is_missing(connected: Shell) -> None:
    result = connected("check-destination", "no-such-bucket", "--json")
    assert result.exit_code == 1
    first, *others = json.loads(result.stdout)
    assert (first["check"], first["state"]) == ("list", "problem")
    assert "'no-such-bucket' of connection 'bi_s3' answers ListObjectsV2 with NoSuchBucket" in first["sentence"]
    assert {each["state"] for each in others} == {"not checked"}
    assert SECRET not in result.output


def test_the_download_area(connected: Shell) -> None:
    downloads = connected.home / ".data" / "downloads"
    missing = connected("check-destination", "download")
    assert (missing.exit_code, downloads.exists()) == (1, False)
    downloads.mkdir(parents=True)
    result = connected("check-destination", "download")
    assert (result.exit_code, list(downloads.iterdir())) == (0, [])
    assert "The file was opened." in result.stdout


def test_what_is_no_destination(connected: Shell, bucket: str) -> None:
    result = connected("check-destination", "amazon_s3:no-such-buckt")
    assert result.exit_code == 1
    assert "error: ID: no destination 'amazon_s3:no-such-buckt' is connected; did you mean" in result.stderr
    connected.write("include/account.yaml", "timezone: UTC\n")
    assert "known: download" in connected("check-destination", "x").stderr


@contextlib.contextmanager
def heard(number: signal.Signals) -> Iterator[None]:
    """What is started here hears a signal, which a shell makes everything ignore that it starts in the background."""
    before = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_where_the_bucket_hangs_and_what_may_be_left_is_named(
    connected: Shell, s3: S3Server, bucket: str, number: signal.Signals, status: int
) -> None:
    with TcpProxy(int(s3.endpoint_url.rpartition(":")[2])) as proxy:
        proxy.stall_at(b"PUT /")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PROMO_REPORTS_")}
        environment: dict[str, Any] = {
            **kept,
            **connection(f"http://127.0.0.1:{proxy.port}"),
            "AIRFLOW_HOME": str(connected.home / "airflow"),
            "PROMO_REPORTS_HOME": str(connected.home),
        }
        with heard(signal.SIGINT):
            process = subprocess.Popen(
                [COMMAND, "check-destination", bucket],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        assert proxy.stalled.wait(120)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == status, stderr
    assert f"This may be left, delete it: s3://{bucket}/promo/promo-reports-check/" in stdout
    assert "Traceback" not in stderr
    assert SECRET not in stdout + stderr
