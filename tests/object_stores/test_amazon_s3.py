"""What only an object store can do wrong."""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from promo_reports.delivery import Area, publish
from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.amazon_s3 import server_copy
from promo_reports.object_stores.amazon_s3.client import through_airflow
from promo_reports.object_stores.amazon_s3.store import AmazonS3Store
from promo_reports.object_stores.amazon_s3.upload import MIB, PART, part_size
from tests.support.delivery.exports import LATE, LATER, BucketPlace, assert_is, s3_area, staged
from tests.support.delivery.interruptions import InterruptedArea
from tests.support.delivery.s3_clients import KEY, SECRET, Wrapped, raising, refusal


def through(place: BucketPlace, **replaced: Callable[..., Any]) -> Area:
    """The place's area, with some operations replaced."""
    client: Any = Wrapped(place.client, **replaced)
    return s3_area("test_s3", place.bucket, "exports/promo", client=lambda: client)


def of_manifest(place: BucketPlace, operation: Callable[..., Any]) -> Callable[..., Any]:
    """A `put_object` that is replaced for the manifest alone."""

    def put(**options: Any) -> Any:
        return (operation if options["Key"].endswith("manifest.json") else place.client.put_object)(**options)

    return put


def of_files(place: BucketPlace, operation: Callable[..., Any]) -> Callable[..., Any]:
    """A `put_object` that is replaced for all but the manifest."""

    def put(**options: Any) -> Any:
        return (place.client.put_object if options["Key"].endswith("manifest.json") else operation)(**options)

    return put


def test_a_host_without_the_client_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.amazon.aws.hooks.s3", None)
    with pytest.raises(DestinationRefused, match=r"Install promo-reports\[airflow,amazon\]"):
        through_airflow("test_s3")()


@pytest.mark.parametrize("size", [PART - 1, PART, 40 * MIB])
def test_large_files_go_in_parts(in_bucket: BucketPlace, tmp_path: Path, size: int) -> None:
    export = staged(tmp_path, (b"0123456789abcde\n" * (size // 16 + 1))[:size])
    publish(export, in_bucket.area)
    assert_is(in_bucket, export)
    head = in_bucket.client.head_object(Bucket=in_bucket.bucket, Key=in_bucket.folder + export.manifest.files[0].name)
    assert head["Metadata"]["sha256"] == export.manifest.files[0].sha256
    assert head["ContentType"] == "text/csv; charset=utf-8"
    assert head["ETag"].endswith('-3"') == (size == 40 * MIB)
    assert "-" in head["ETag"] or size < PART


def test_parts_grow_so_that_ten_thousand_suffice() -> None:
    tib = 1 << 40
    assert part_size(1) == part_size(10_000 * PART) == PART
    for size in (10_000 * PART + 1, 300 << 30, 5 * tib):
        assert part_size(size) % MIB == 0
        assert -(-size // part_size(size)) <= 10_000


def test_a_file_that_was_uploaded_whole_is_not_sent_again(in_bucket: BucketPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    failing = raising(refusal("InternalError", 500, "PutObject"))
    with pytest.raises(DestinationUnavailable):
        publish(export, through(in_bucket, put_object=of_manifest(in_bucket, failing)))
    again = raising(AssertionError("sent again"))
    assert publish(export, through(in_bucket, put_object=of_files(in_bucket, again))).changed
    assert_is(in_bucket, export)


def test_the_reply_to_an_upload_is_lost(in_bucket: BucketPlace, tmp_path: Path) -> None:
    from botocore.exceptions import ReadTimeoutError

    def put(**options: Any) -> None:
        in_bucket.client.put_object(**options)
        raise ReadTimeoutError(endpoint_url=f"https://x.example/?X-Amz-Credential={KEY}")

    export = staged(tmp_path, b"new\n")
    assert publish(export, through(in_bucket, put_object=of_files(in_bucket, put))).changed
    assert_is(in_bucket, export)


def test_the_reply_to_the_manifest_is_lost(in_bucket: BucketPlace, tmp_path: Path) -> None:
    """It may have been replaced, so its files stay; the retry finds it."""
    from botocore.exceptions import ReadTimeoutError

    def put(**options: Any) -> None:
        in_bucket.client.put_object(**options)
        raise ReadTimeoutError(endpoint_url="https://x.example/")

    export = staged(tmp_path, b"new\n")
    with pytest.raises(DestinationUnavailable, match="ReadTimeoutError"):
        publish(export, through(in_bucket, put_object=of_manifest(in_bucket, put)))
    assert_is(in_bucket, export)
    assert not publish(export, in_bucket.area).changed


@pytest.mark.parametrize("replacing", [True, False])
def test_the_manifest_is_sent_twice_since_the_first_reply_was_lost(
    in_bucket: BucketPlace, tmp_path: Path, replacing: bool
) -> None:
    """As botocore does by itself; the condition then fails against our own manifest."""
    if replacing:
        publish(staged(tmp_path, b"old\n"), in_bucket.area)

    def put(**options: Any) -> None:
        in_bucket.client.put_object(**options)
        in_bucket.client.put_object(**options)

    export = staged(tmp_path, b"new\n", snapshot_at=LATE)
    assert publish(export, through(in_bucket, put_object=of_manifest(in_bucket, put))).changed
    if replacing:
        publish(staged(tmp_path, b"newest\n", snapshot_at="2024-03-03T00:00:00Z"), in_bucket.area)
    else:
        assert_is(in_bucket, export)


@pytest.mark.parametrize("replacing", [True, False])
def test_another_attempt_publishes_just_before_our_manifest_arrives(
    in_bucket: BucketPlace, tmp_path: Path, replacing: bool
) -> None:
    """After our comparison, so that only the server can tell."""
    if replacing:
        publish(staged(tmp_path, b"old\n"), in_bucket.area)
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATER)

    def put(**options: Any) -> None:
        publish(newer, in_bucket.area)
        in_bucket.client.put_object(**options)

    with pytest.raises(DestinationRefused, match="newer export"):
        publish(
            staged(tmp_path, b"ours\n", snapshot_at=LATE),
            through(in_bucket, put_object=of_manifest(in_bucket, put)),
        )
    assert_is(in_bucket, newer)


@pytest.mark.parametrize("replacing", [True, False])
def test_a_server_that_ignores_conditions(in_bucket: BucketPlace, tmp_path: Path, replacing: bool) -> None:
    if replacing:
        publish(staged(tmp_path, b"old\n"), in_bucket.area)
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATER)

    def put(*, IfMatch: str = "", IfNoneMatch: str = "", **options: Any) -> None:  # noqa: N803 - boto3's names
        in_bucket.client.put_object(**options)

    area = InterruptedArea(
        through(in_bucket, put_object=put), "before switch 1", lambda: publish(newer, in_bucket.area)
    )
    with pytest.raises(DestinationRefused, match="newer export"):
        publish(staged(tmp_path, b"ours\n", snapshot_at=LATE), area)
    assert_is(in_bucket, newer)


def test_a_server_without_conditional_writes(
    in_bucket: BucketPlace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def put(**options: Any) -> Any:
        if "IfMatch" in options or "IfNoneMatch" in options:
            raise refusal("NotImplemented", 501, "PutObject")
        return in_bucket.client.put_object(**options)

    caplog.set_level(logging.DEBUG, "promo_reports")
    area = through(in_bucket, put_object=put)
    publish(staged(tmp_path, b"old\n"), area)
    export = staged(tmp_path, b"new\n", snapshot_at=LATE)
    publish(export, area)
    assert_is(in_bucket, export)
    assert "no conditional writes" in caplog.text
    with pytest.raises(DestinationRefused, match="newer export"):
        publish(staged(tmp_path, b"older\n"), area)


def test_a_bucket_that_lets_nothing_be_deleted_still_gets_its_export(
    in_bucket: BucketPlace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    area = through(in_bucket, delete_object=raising(refusal("AccessDenied", 403, "DeleteObject")))
    publish(staged(tmp_path, b"old\n"), area)
    export = staged(tmp_path, b"new\n", snapshot_at=LATE)
    assert publish(export, area).changed
    assert "Left behind" in caplog.text
    assert len(in_bucket.contents()) == 3


@pytest.mark.parametrize(
    ("method", "code", "operation"),
    [("put_object", "ExpiredToken", "PutObject"), ("head_object", "400", "HeadObject")],
    ids=["said so", "HEAD has no body to say so"],
)
def test_expired_credentials_are_renewed_once(
    in_bucket: BucketPlace, tmp_path: Path, method: str, code: str, operation: str
) -> None:
    expired: Any = Wrapped(in_bucket.client, **{method: raising(refusal(code, 400, operation))})
    clients: list[Any] = [expired, in_bucket.client]
    export = staged(tmp_path, b"new\n")
    publish(export, s3_area("test_s3", in_bucket.bucket, "exports/promo", client=lambda: clients.pop(0)))
    assert clients == []
    assert_is(in_bucket, export)


def test_credentials_that_stay_expired_are_refused(in_bucket: BucketPlace, tmp_path: Path) -> None:
    made = []

    def client() -> Any:
        made.append(1)
        return Wrapped(in_bucket.client, get_object=raising(refusal("ExpiredToken", 400, "GetObject")))

    with pytest.raises(DestinationRefused, match=r"Renew the credentials in the Airflow connection 'test_s3'"):
        publish(staged(tmp_path, b"new\n"), s3_area("test_s3", in_bucket.bucket, client=client))
    assert len(made) == 2
    assert in_bucket.contents() == {}


def test_a_bucket_that_is_missing(in_bucket: BucketPlace, tmp_path: Path) -> None:
    area = s3_area("test_s3", "no-such-bucket", client=lambda: in_bucket.client)
    with pytest.raises(DestinationRefused, match=r"'no-such-bucket' of connection 'test_s3' .* NoSuchBucket"):
        publish(staged(tmp_path, b"new\n"), area)


REFUSED = [
    ("AccessDenied", 403, r"permissions in docs/delivery\.md; PutObject"),
    ("403", 403, "permissions"),
    ("InvalidAccessKeyId", 403, "Renew the credentials"),
    ("SignatureDoesNotMatch", 403, "Renew the credentials"),
    ("ExpiredToken", 400, "Renew the credentials"),
    ("PermanentRedirect", 301, "region_name"),
    ("AuthorizationHeaderMalformed", 400, "region_name"),
    ("RequestTimeTooSkewed", 403, "clock"),
    ("NoSuchBucket", 404, "correct its name"),
    ("NotImplemented", 501, "Check the bucket"),
    ("MethodNotAllowed", 405, "Check the bucket"),
]
UNAVAILABLE = [
    ("SlowDown", 503),
    ("ServiceUnavailable", 503),
    ("InternalError", 500),
    ("502", 502),
    ("RequestTimeout", 400),
    ("429", 429),
    ("NoSuchUpload", 404),
    ("OperationAborted", 409),
    ("BadDigest", 400),
]


def fails(place: BucketPlace, tmp_path: Path, **replaced: Callable[..., Any]) -> PromoReportsError:
    """The error of a publication that leaves nothing behind."""
    with pytest.raises(PromoReportsError) as raised:
        publish(staged(tmp_path, b"new\n"), through(place, **replaced))
    error = raised.value
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    for secret in (KEY, SECRET, "X-Amz", "feedface", "https:"):
        assert secret not in str(error)
    assert place.contents() == {}
    assert place.unfinished() == []
    return error


@pytest.mark.parametrize(("code", "status", "fix"), REFUSED, ids=[code for code, *_ in REFUSED])
def test_what_no_retry_can_help(in_bucket: BucketPlace, tmp_path: Path, code: str, status: int, fix: str) -> None:
    error = fails(in_bucket, tmp_path, put_object=raising(refusal(code, status, "PutObject")))
    assert isinstance(error, DestinationRefused)
    assert repr(in_bucket.bucket) in str(error)
    assert "'test_s3'" in str(error)
    assert code in error.reason
    assert re.search(fix, error.fix)


@pytest.mark.parametrize(("code", "status"), UNAVAILABLE, ids=[code for code, _ in UNAVAILABLE])
def test_what_a_retry_may_help(in_bucket: BucketPlace, tmp_path: Path, code: str, status: int) -> None:
    error = fails(in_bucket, tmp_path, put_object=raising(refusal(code, status, "UploadPart")))
    assert isinstance(error, DestinationUnavailable)
    assert error.retryable


def test_a_part_that_fails_for_good_aborts_the_upload(in_bucket: BucketPlace, tmp_path: Path) -> None:
    in_bucket.client.meta.events.register("before-call.s3.UploadPart", raising(refusal("SlowDown", 503, "UploadPart")))
    with pytest.raises(DestinationUnavailable, match="UploadPart with SlowDown"):
        publish(staged(tmp_path, b"x" * (17 * MIB)), in_bucket.area)
    assert in_bucket.unfinished() == []
    assert in_bucket.contents() == {}


@pytest.mark.parametrize("name", ["NoCredentialsError", "NoRegionError"])
def test_a_connection_that_is_incomplete(in_bucket: BucketPlace, tmp_path: Path, name: str) -> None:
    from botocore import exceptions

    error = fails(in_bucket, tmp_path, put_object=raising(getattr(exceptions, name)()))
    assert isinstance(error, DestinationRefused)
    assert "Correct the connection 'test_s3'" in str(error)


class Overloaded(BaseHTTPRequestHandler):
    """A server that only ever says 503, as S3 words it."""

    def do_GET(self) -> None:
        body = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your rate</Message></Error>"
        self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quietly."""


@pytest.fixture
def overloaded() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Overloaded) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [("overloaded", "GetObject with SlowDown"), ("silent", "ReadTimeoutError"), ("closed", "EndpointConnectionError")],
)
def test_a_server_that_is_not_well(request: pytest.FixtureRequest, tmp_path: Path, endpoint: str, message: str) -> None:
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=request.getfixturevalue(endpoint),
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(connect_timeout=1, read_timeout=0.5, retries={"mode": "standard", "max_attempts": 2}, proxies={}),
    )
    with pytest.raises(DestinationUnavailable, match=message) as raised:
        publish(staged(tmp_path, b"new\n"), s3_area("test_s3", "bi-exports", client=lambda: client))
    assert KEY not in str(raised.value)


def test_the_connection_of_airflow_is_used(in_bucket: BucketPlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    assert publish(export, s3_area("test_s3", in_bucket.bucket, "/exports//promo/")).changed
    assert_is(in_bucket, export)


def test_a_connection_that_is_missing_is_refused(in_bucket: BucketPlace, tmp_path: Path) -> None:
    with pytest.raises(DestinationRefused, match="no Airflow connection 'forgotten'"):
        publish(staged(tmp_path, b"new\n"), s3_area("forgotten", in_bucket.bucket))


def store_of(place: BucketPlace, connection: str = "test_s3", prefix: str = "", **replaced: Callable[..., Any]) -> Any:
    """The bucket below another prefix."""
    client: Any = Wrapped(place.client, **replaced)
    return AmazonS3Store(connection, place.bucket, prefix, client=lambda: client)


@pytest.mark.parametrize("most", [5 * MIB, 5 << 30], ids=["in parts", "in one request"])
def test_a_copy_is_made_by_the_server(
    in_bucket: BucketPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(server_copy, "MOST_COPIED", most)
    export = staged(tmp_path, b"0123456789abcde\n" * (20 * MIB // 16))
    (file,) = export.manifest.files
    with store_of(in_bucket, prefix="staging").folder("a", "b") as source:
        source.upload(file, export.directory / file.name)
        read = raising(AssertionError("read"))
        with store_of(in_bucket, prefix="exports", get_object=read, upload_part=read).folder("c") as target:
            assert target.copy(file, source)
            assert target.digest(file.name) == (file.bytes, file.sha256)
            found = in_bucket.client.head_object(Bucket=in_bucket.bucket, Key=f"exports/c/{file.name}")
            assert found["ContentType"] == "text/csv; charset=utf-8"
            assert found["ETag"].endswith('-2"') == (most < file.bytes)
        with store_of(in_bucket, "another_connection").folder("c") as target:
            assert not target.copy(file, source)


def test_a_copy_that_fails_for_good_is_aborted(
    in_bucket: BucketPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_copy, "MOST_COPIED", 5 * MIB)
    export = staged(tmp_path, b"0123456789abcde\n" * (6 * MIB // 16))
    (file,) = export.manifest.files
    in_bucket.client.meta.events.register(
        "before-call.s3.UploadPartCopy", raising(refusal("SlowDown", 503, "UploadPartCopy"))
    )
    with store_of(in_bucket).folder("a") as source, store_of(in_bucket).folder("b") as target:
        source.upload(file, export.directory / file.name)
        with pytest.raises(DestinationUnavailable, match="UploadPartCopy with SlowDown"):
            target.copy(file, source)
        assert (target.digest(file.name), in_bucket.unfinished()) == (None, [])


def test_a_folder_of_nothing_but_an_open_upload_is_listed(in_bucket: BucketPlace) -> None:
    in_bucket.client.create_multipart_upload(Bucket=in_bucket.bucket, Key="staging/a/b/file.csv")
    store = store_of(in_bucket, prefix="staging")
    assert (store.folders(), store.folders("a"), store.folders("a", "b")) == (["a"], ["b"], [])
    with store.folder("a", "b") as objects:
        (entry,) = objects.entries()
        objects.delete([(entry.name, entry.handle)])
    assert store.folders() == []


def test_a_key_that_may_only_read_lists_folders(in_bucket: BucketPlace, tmp_path: Path) -> None:
    publish(staged(tmp_path, b"new\n"), in_bucket.area)
    in_bucket.client.meta.events.register(
        "before-call.s3.ListMultipartUploads", raising(refusal("AccessDenied", 403, "ListMultipartUploads"))
    )
    assert store_of(in_bucket, prefix="exports").folders() == ["promo"]
