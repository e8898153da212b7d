"""What a destination can be wrong in, as every kind that can be so has to tell it.

A kind takes part by a line in BROKEN, and a fixture of tests/delivery that returns its `Breakable`.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pytest

from promo_reports.domain.account import Bucket
from promo_reports.object_stores.google_cloud_storage import client
from tests.support.delivery import google_place
from tests.support.delivery.exports import CONNECTION, PREFIX, BucketPlace, Place
from tests.support.delivery.google_place import GooglePlace
from tests.support.delivery.refusing_server import KEY as KEY_ID
from tests.support.delivery.refusing_server import SECRETS, TEXT, Refusing, refusing_server


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong; `said` is a pattern that the sentence about it matches."""

    name: str
    said: str
    passing: bool | None = False
    """Whether a retry may help; None where nobody can know."""

    def __str__(self) -> str:
        return self.name


PERMISSION = Fault("permission", r"Grant ")
NAME = Fault("name", r"correct its name|There is no ")
REGION = Fault("region", r"region_name")
KEY = Fault("key", r"Renew the credentials|Correct the (credentials|connection)")
EXPIRED = Fault("expired key", r"Renew the credentials")
CLOCK = Fault("clock", r"Set this host's clock")
NETWORK = Fault("network", r"Check the network", passing=True)
ENDPOINT = Fault("another server's address", r"endpoint_url|address|host|network", passing=None)

SECRET = "hunter2secret"
NEVER_SAID = (SECRET, *SECRETS, "http:", "https:")
"""What no sentence may show."""


class Breakable(Protocol):
    """A destination that is well, and ways to it on which something is wrong."""

    place: Place

    def broken(self, fault: Fault) -> Iterator[Bucket]:
        """The destination as it is told where nothing works, in each way that this may come."""

    def refusing_writes(self, fault: Fault) -> Iterator[Bucket]:
        """The same where reading works all the same; none if that cannot be."""


BROKEN: dict[str, tuple[str, tuple[Fault, ...]]] = {
    "amazon_s3": ("breakable_s3", (PERMISSION, NAME, REGION, KEY, EXPIRED, CLOCK, NETWORK, ENDPOINT)),
    "google_cloud_storage": ("breakable_google", (PERMISSION, NAME, KEY, EXPIRED, CLOCK, NETWORK, ENDPOINT)),
}
"""The fixture of each kind, and what it can be wrong in."""

PAGES = [Refusing(404, "<p>Not found<p>"), Refusing(404, "")]
"""What answers where an address leads to another server than the cloud's."""


@dataclass
class BehindServers:
    """A bucket that is reached by HTTP, behind servers that refuse.

    `connect` makes the connection to an address, with short time limits, and returns the bucket as the account has it;
    `port` is that of the server behind, and `answers` are those of its cloud.
    """

    place: Place
    port: int
    answers: Mapping[Fault, Sequence[Refusing]]
    connect: Callable[[str], Bucket]

    def broken(self, fault: Fault) -> Iterator[Bucket]:
        if fault is NETWORK:
            yield self.connect("http://no-such-host.invalid")
            with socket.create_server(("127.0.0.1", 0)) as silent:
                address = f"http://127.0.0.1:{silent.getsockname()[1]}"
                yield self.connect(address)
            yield self.connect(address)  # nobody listens there any more
        for answer in PAGES if fault is ENDPOINT else self.answers.get(fault, ()):
            with refusing_server(answer) as url:
                yield self.connect(url)

    def refusing_writes(self, fault: Fault) -> Iterator[Bucket]:
        for answer in self.answers.get(fault, ()):
            with refusing_server(answer, methods=("PUT", "POST"), behind=self.port) as url:
                yield self.connect(url)


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


@dataclass
class BehindGoogle(BehindServers):
    """A bucket of Google Cloud Storage; `tokens` are answers to who asks for a token."""

    tokens: Mapping[Fault, str]
    token_from: Callable[[str], Bucket]

    def broken(self, fault: Fault) -> Iterator[Bucket]:
        yield from super().broken(fault)
        if said := self.tokens.get(fault):
            body = json.dumps({"error": "invalid_grant", "error_description": f"Invalid JWT{said}. {TEXT}"})
            with refusing_server(Refusing(400, body)) as url:
                yield self.token_from(url)


def google_behind_servers(place: GooglePlace, monkeypatch: pytest.MonkeyPatch) -> Breakable:
    """The bucket of the server of Google's API."""
    # The server behind may take its time on a busy machine; a request is not repeated.
    monkeypatch.setattr(client, "SECONDS_TO_READ", 5)
    monkeypatch.setattr(client, "SECONDS_OF_RETRIES", 0.1)

    def answer(status: int, reason: str, text: str = "") -> Refusing:
        said = {"message": f"{text}{TEXT}", "reason": reason}
        return Refusing(status, json.dumps({"error": {"code": status, "message": said["message"], "errors": [said]}}))

    def connect(endpoint: str = "", tokens: str = "") -> Bucket:
        given = place.server.connection(endpoint)
        if tokens:
            given["extra"]["keyfile_dict"]["token_uri"] = f"{tokens}/token"
        monkeypatch.setenv(f"AIRFLOW_CONN_{google_place.CONNECTION.upper()}", json.dumps(given))
        return Bucket("google_cloud_storage", place.bucket, google_place.CONNECTION, PREFIX)

    answers = {
        PERMISSION: [answer(403, "forbidden")],
        NAME: [answer(404, "notFound", "The specified bucket does not exist. ")],
        KEY: [answer(401, "authError")],
        EXPIRED: [answer(401, "authError")],
    }
    tokens = {KEY: " Signature", EXPIRED: ": expired", CLOCK: ": Check your iat and exp values"}
    port = int(place.server.url.rpartition(":")[2])
    return BehindGoogle(place, port, answers, connect, tokens, lambda url: connect(tokens=url))
