"""The container of the Azure Blob Storage server, behind servers that refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from devstack.azure import ACCOUNT
from promo_reports.domain.account import Bucket
from tests.support.delivery import azure
from tests.support.delivery.azure import AzurePlace
from tests.support.delivery.breakable.behind_servers import BehindServers
from tests.support.delivery.breakable.refusing_server import TEXT, Refusing
from tests.support.delivery.exports import PREFIX
from tests.support.delivery.faults import CLOCK, EXPIRED, KEY, NAME, PERMISSION, Breakable


def azure_behind_servers(place: AzurePlace, monkeypatch: pytest.MonkeyPatch) -> Breakable:
    """The container; Azure tells an expired signature from a wrong one in its text alone."""

    def answer(status: int, code: str, *headers: tuple[str, str], text: str = "") -> Refusing:
        message = f"{text}{TEXT}".replace("&", "&amp;")
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return Refusing(status, body, (("Content-Type", "application/xml"), ("x-ms-error-code", code), *headers))

    def connect(address: str) -> Bucket:
        # The server behind may take its time on a busy machine, while the one that is silent keeps it for ever.
        once = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 5}
        there = place.server.connection_string.replace(place.server.account_url, f"{address}/{ACCOUNT}")
        azure.connect_airflow(monkeypatch, extra={"connection_string": there, **once})
        return Bucket("azure_blob", place.container, azure.CONNECTION, PREFIX)

    an_hour_ago = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    answers = {
        PERMISSION: [answer(403, "AuthorizationPermissionMismatch")],
        NAME: [answer(404, "ContainerNotFound")],
        KEY: [answer(403, "AuthenticationFailed"), answer(403, "AuthorizationFailure")],
        EXPIRED: [answer(403, "AuthenticationFailed", text="Signature not valid in the specified time frame. ")],
        CLOCK: [answer(403, "AuthenticationFailed", ("Date", an_hour_ago))],
    }
    return BehindServers(place, place.server.port, answers, connect, secrets=(place.server.key,))
