"""The bucket of the S3 protocol server, behind servers that refuse."""

from __future__ import annotations

import json

import pytest

from promo_reports.domain.account import Bucket
from tests.support.delivery.breakable.behind_servers import SECRET, BehindServers
from tests.support.delivery.breakable.refusing_server import KEY as KEY_ID
from tests.support.delivery.breakable.refusing_server import TEXT, Refusing
from tests.support.delivery.exports import CONNECTION, PREFIX, BucketPlace
from tests.support.delivery.faults import CLOCK, EXPIRED, KEY, NAME, PERMISSION, REGION, Breakable


def breakable_bucket(place: BucketPlace, monkeypatch: pytest.MonkeyPatch) -> Breakable:
    """The bucket of the S3 protocol server."""

    def answer(status: int, code: str, *headers: tuple[str, str]) -> Refusing:
        body = (
            f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{TEXT.replace('&', '&amp;')}</Message>"
            f"<AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId></Error>"
        )
        return Refusing(status, body, (("Content-Type", "application/xml"), *headers))

    def connect(endpoint: str) -> Bucket:
        # The server behind may take its time on a busy machine, while the one that is silent keeps it for ever.
        once = {"retries": {"mode": "standard", "total_max_attempts": 1}, "connect_timeout": 5, "read_timeout": 5}
        extra = {"endpoint_url": endpoint, "region_name": "us-east-1", "config_kwargs": once}
        given = {"conn_type": "aws", "login": KEY_ID, "password": SECRET, "extra": extra}
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", json.dumps(given))
        return Bucket("amazon_s3", place.bucket, CONNECTION, PREFIX)

    answers = {
        PERMISSION: [answer(403, "AccessDenied")],
        NAME: [answer(404, "NoSuchBucket")],
        REGION: [
            answer(301, "PermanentRedirect", ("x-amz-bucket-region", "eu-central-1")),
            answer(301, "PermanentRedirect"),  # of another server than Amazon's
            answer(400, "AuthorizationHeaderMalformed"),
        ],
        KEY: [answer(403, "InvalidAccessKeyId"), answer(403, "SignatureDoesNotMatch")],
        EXPIRED: [answer(400, "ExpiredToken")],
        CLOCK: [answer(403, "RequestTimeTooSkewed")],
    }
    return BehindServers(place, int(place.endpoint_url.rpartition(":")[2]), answers, connect)
