"""Roles that a connection assumes: what is asked of STS, and what its answers and their end mean."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from promo_reports.delivery import publish
from promo_reports.errors import DestinationRefused
from tests.support.delivery.exports import CONNECTION, PREFIX, BucketPlace, assert_is, s3_area, staged

ROLE = "arn:aws:iam::111122223333:role/promo-reports"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
_ERROR = "<ErrorResponse><Error><Code>{0}</Code><Message>{0} AKIAIOSFODNN7EXAMPLE</Message></Error></ErrorResponse>"


class Sts:
    """A server that gives credentials whose tokens are numbered, or refuses, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.refuses = ""

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        """Answer AssumeRole and its like."""
        asked = dict(parse_qsl(body.decode()))
        self.asked.append({**asked, "signed": str("Authorization" in handler.headers)})
        if self.refuses:
            return 403, _ERROR.format(self.refuses)
        given = {
            "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "SecretAccessKey": SECRET,
            "SessionToken": f"token-{len(self.asked)}",
            "Expiration": "2999-01-01T00:00:00Z",
        }
        credentials = "".join(f"<{name}>{value}</{name}>" for name, value in given.items())
        name = asked["Action"]
        return (
            200,
            f"<{name}Response><{name}Result><Credentials>{credentials}</Credentials></{name}Result></{name}Response>",
        )


@contextmanager
def serving(answer: Any) -> Iterator[str]:
    """A server on loopback of what `answer` says: a status and a text, or None if it has answered itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if (answered := answer(self, body)) is not None:
                status, text = answered
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_any  # noqa: N815 - names of the library

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def sts() -> Iterator[tuple[Sts, str]]:
    sts = Sts()
    with serving(sts.answer) as url:
        yield sts, url


def connect(monkeypatch: pytest.MonkeyPatch, endpoint_url: str, sts_url: str, **extra: Any) -> None:
    """Make the connection, with a role."""
    given = {
        "region_name": "us-east-1",
        "endpoint_url": endpoint_url,
        "service_config": {"sts": {"endpoint_url": sts_url}},
        "role_arn": ROLE,
        **extra,
    }
    connection = {"conn_type": "aws", "login": "AKIAIOSFODNN7EXAMPLE", "password": SECRET, "extra": given}
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", json.dumps(connection))


def test_a_role_is_assumed_with_its_external_id(
    in_bucket: BucketPlace, tmp_path: Path, sts: tuple[Sts, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(
        monkeypatch,
        in_bucket.endpoint_url,
        sts[1],
        assume_role_kwargs={"ExternalId": "partner-7", "RoleSessionName": "promo"},
    )
    export = staged(tmp_path, b"new\n")
    publish(export, s3_area(CONNECTION, in_bucket.bucket, PREFIX))
    assert_is(in_bucket, export)
    (asked,) = sts[0].asked
    assert (asked["Action"], asked["RoleArn"], asked["ExternalId"]) == ("AssumeRole", ROLE, "partner-7")
    assert (asked["RoleSessionName"], asked["signed"]) == ("promo", "True")


def test_a_role_is_assumed_with_the_token_of_a_file(
    in_bucket: BucketPlace, tmp_path: Path, sts: tuple[Sts, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("the-web-identity")
    _with_web_identity(monkeypatch, in_bucket, sts[1], token)
    export = staged(tmp_path, b"new\n")
    publish(export, s3_area(CONNECTION, in_bucket.bucket, PREFIX))
    assert_is(in_bucket, export)
    (asked,) = sts[0].asked
    assert (asked["Action"], asked["RoleArn"]) == ("AssumeRoleWithWebIdentity", ROLE)
    assert (asked["WebIdentityToken"], asked["signed"]) == ("the-web-identity", "False")


def test_the_file_of_a_token_is_missing(
    in_bucket: BucketPlace, tmp_path: Path, sts: tuple[Sts, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for a staged file that is gone."""
    _with_web_identity(monkeypatch, in_bucket, sts[1], tmp_path / "no-token")
    with pytest.raises(DestinationRefused, match=rf"connection '{CONNECTION}' .*/no-token cannot be read"):
        publish(staged(tmp_path, b"new\n"), s3_area(CONNECTION, in_bucket.bucket, PREFIX))


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "again and again"])
def test_credentials_of_a_role_that_have_expired_are_renewed_once(
    in_bucket: BucketPlace,
    tmp_path: Path,
    sts: tuple[Sts, str],
    monkeypatch: pytest.MonkeyPatch,
    lasting: bool,
) -> None:
    port = urlsplit(in_bucket.endpoint_url).port or 0

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str] | None:
        if lasting or handler.headers["X-Amz-Security-Token"] == "token-1":
            return 400, "<Error><Code>ExpiredToken</Code><Message>token-1</Message></Error>"
        forwarded = http.client.HTTPConnection("127.0.0.1", port)
        forwarded.request(handler.command, handler.path, body, dict(handler.headers))
        answered = forwarded.getresponse()
        handler.send_response(answered.status)
        for name, value in answered.getheaders():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answered.read())
        forwarded.close()
        return None

    export = staged(tmp_path, b"new\n")
    with serving(answer) as front:
        connect(monkeypatch, front, sts[1])
        area = s3_area(CONNECTION, in_bucket.bucket, PREFIX)
        if lasting:
            with pytest.raises(DestinationRefused, match=f"Renew the credentials .*'{CONNECTION}'") as refused:
                publish(export, area)
            assert "token-1" not in str(refused.value)
        else:
            publish(export, area)
            assert_is(in_bucket, export)
    assert len(sts[0].asked) == 2


def test_a_role_that_may_not_be_assumed(
    in_bucket: BucketPlace, tmp_path: Path, sts: tuple[Sts, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sts[0].refuses = "AccessDenied"
    connect(monkeypatch, in_bucket.endpoint_url, sts[1])
    with pytest.raises(DestinationRefused, match=f"'{CONNECTION}' answers AssumeRole with AccessDenied") as refused:
        publish(staged(tmp_path, b"new\n"), s3_area(CONNECTION, in_bucket.bucket, PREFIX))
    assert f"Have role_arn in the extra of connection '{CONNECTION}' trust whoever assumes it." in str(refused.value)
    assert "AKIA" not in str(refused.value)


def test_a_connection_whose_extra_means_nothing(
    in_bucket: BucketPlace, tmp_path: Path, sts: tuple[Sts, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, in_bucket.endpoint_url, sts[1], assume_role_method="by magic")
    with pytest.raises(DestinationRefused, match=f"connection '{CONNECTION}' cannot be used") as refused:
        publish(staged(tmp_path, b"new\n"), s3_area(CONNECTION, in_bucket.bucket, PREFIX))
    assert "magic" not in str(refused.value)


def _with_web_identity(monkeypatch: pytest.MonkeyPatch, place: BucketPlace, sts_url: str, token: Path) -> None:
    connect(
        monkeypatch,
        place.endpoint_url,
        sts_url,
        assume_role_method="assume_role_with_web_identity",
        assume_role_with_web_identity_federation="file",
        assume_role_with_web_identity_token_file=str(token),
    )
