"""The bucket of the server of Google's API, behind servers that refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from promo_reports.domain.account import Bucket
from promo_reports.object_stores.google_cloud_storage import client
from tests.support.delivery import google_place
from tests.support.delivery.breakable.behind_servers import BehindServers
from tests.support.delivery.breakable.refusing_server import TEXT, Refusing, refusing_server
from tests.support.delivery.exports import PREFIX
from tests.support.delivery.faults import CLOCK, EXPIRED, KEY, NAME, PERMISSION, Breakable, Fault
from tests.support.delivery.google_place import GooglePlace


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
