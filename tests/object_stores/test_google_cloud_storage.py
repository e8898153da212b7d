"""What only Google Cloud Storage can do wrong: generations, sessions, keys that expire, and what proves content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from devstack.tcp_proxy import TcpProxy
from promo_reports.delivery import publish
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Bucket
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import Damaged, DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.google_cloud_storage import client as clients
from promo_reports.object_stores.google_cloud_storage.client import ClientFactory, Connected, limits, through_airflow
from promo_reports.object_stores.google_cloud_storage.store import PART, GoogleObjects
from promo_reports.object_stores.port import LostRace, OpenObject
from promo_reports.object_stores.stores import store_at
from tests.support.delivery.exports import LATE, REPORT, WINDOW, assert_is, staged
from tests.support.delivery.google_place import CONNECTION, GooglePlace
from tests.support.delivery.interruptions import child
from tests.support.delivery.unwell_servers import Stopped

pytestmark = pytest.mark.clouds

MIB = 1 << 20
SECRET = "ya29.feedface"
AT_MOST = 10.0


def quick(seconds: float = 0.2, connection: str = CONNECTION) -> ClientFactory:
    """Clients that do not repeat requests for long."""
    return lambda: replace(through_airflow(connection)(), limits=limits(1, 1, seconds))


def in_folder(place: GooglePlace) -> GoogleObjects:
    """The export's folder below the area."""
    assert isinstance(place.area, StoredExports)
    with place.area.store.folder(REPORT, WINDOW) as objects:
        assert isinstance(objects, GoogleObjects)
        return objects


def refusing(status: int, reason: str, path: str = "", times: int = 1_000_000) -> Callable[[str, str], Any]:
    """A fault: requests of paths with this in them are answered with an error, which holds what must not be shown."""
    from devstack.google_storage_objects import Refused

    left = iter(range(times))
    text = f"{SECRET} at https://storage.example/?X-Goog-Signature=feedface"
    return lambda _, asked: Refused(status, reason, text) if path in asked and next(left, None) is not None else None


def fails(place: GooglePlace, tmp_path: Path, client: ClientFactory | None = None) -> PromoReportsError:
    """The error of a publication that leaves nothing behind and tells no secret."""
    with pytest.raises(PromoReportsError) as raised:
        publish(staged(tmp_path, b"new\n"), place.through(client or quick()))
    error = raised.value
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert not re.search(r"ya29|feedface|https?:|PRIVATE|iam\.gserviceaccount", str(error))
    assert place.objects == {}
    return error


def test_a_host_without_the_client_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.google.cloud.hooks.gcs", None)
    with pytest.raises(DestinationRefused, match=r"Install promo-reports\[airflow,google\]"):
        through_airflow(CONNECTION)()


@pytest.mark.parametrize(("size", "parts"), [(8 * MIB, 0), (8 * MIB + 1, 1), (PART, 1), (40 * MIB, 3)])
def test_large_files_go_in_parts(in_google: GooglePlace, tmp_path: Path, size: int, parts: int) -> None:
    received: list[int] = []
    in_google.server.part_received = received.append
    export = staged(tmp_path, (b"0123456789abcde\n" * (size // 16 + 1))[:size])
    publish(export, in_google.area)
    assert_is(in_google, export)
    assert len(received) == parts
    (file,) = export.manifest.files
    kept = in_google.objects[in_google.folder + file.name]
    assert kept.described == {
        "contentType": "text/csv; charset=utf-8",
        "cacheControl": "private, no-store",
        "metadata": {"sha256": file.sha256, "md5": kept.md5},
    }


def test_a_deletion_holds_the_generation(in_google: GooglePlace) -> None:
    objects = in_folder(in_google)
    objects.put("state.json", b"one", replacing=None)
    (first,) = objects.entries()
    objects.put("state.json", b"two", replacing=first.stamp)
    with pytest.raises(LostRace):
        objects.discard("state.json", stamp=first.stamp)
    (second,) = objects.entries()
    objects.discard("state.json", stamp=second.stamp)
    objects.discard("state.json", stamp=second.stamp)
    assert objects.entries() == []


def test_an_object_that_is_replaced_while_it_is_read_is_read_again(in_google: GooglePlace) -> None:
    """A small object takes two requests, of which the second is for the generation of the first."""
    objects = in_folder(in_google)
    objects.put("state.json", b"one", replacing=None)

    def replace_once(_: str, path: str) -> None:
        if "alt=media" in path and in_google.objects[f"{in_google.folder}state.json"].content == b"one":
            in_google.overwrite("state.json", b"two")

    in_google.server.fault = replace_once
    found = objects.get("state.json")
    assert found is not None
    assert found.content == b"two"


def test_listings_have_pages(in_google: GooglePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devstack.google_storage.PAGE", 2)
    objects = in_folder(in_google)
    names = [f"{number}.json" for number in range(5)]
    for name in names:
        objects.put(name, b"", replacing=None)
    assert [each.name for each in objects.entries()] == names
    store = store_at(Bucket("google_cloud_storage", in_google.bucket, CONNECTION))
    for number in range(5):
        in_google.server.keep(in_google.bucket, f"folders/{number}/x", b"", {})
    assert store.folders("folders") == [str(number) for number in range(5)]


def test_the_reply_to_an_upload_is_lost(in_google: GooglePlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    left = iter([True])
    in_google.server.lost = lambda method, path: "/upload/" in path and next(left, False)
    assert publish(export, in_google.through(quick(0.01))).changed
    assert_is(in_google, export)


@pytest.mark.parametrize("replacing", [True, False])
def test_the_reply_to_the_manifest_is_lost(in_google: GooglePlace, tmp_path: Path, replacing: bool) -> None:
    """The request is repeated; its condition then fails against our own manifest."""
    if replacing:
        publish(staged(tmp_path, b"old\n"), in_google.area)
    uploads = iter([False, True])
    in_google.server.lost = lambda method, path: "/upload/" in path and next(uploads, False)
    export = staged(tmp_path, b"new\n", snapshot_at=LATE)
    assert publish(export, in_google.area).changed
    assert_is(in_google, export)
    assert not publish(export, in_google.area).changed


def test_a_file_that_was_uploaded_whole_is_not_sent_again(in_google: GooglePlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    (file,) = export.manifest.files
    in_folder(in_google).upload(file, export.directory / file.name)
    before = in_google.stamps()
    publish(export, in_google.area)
    assert in_google.stamps().items() >= before.items()
    assert_is(in_google, export)


def test_metadata_that_came_with_other_content_proves_nothing(in_google: GooglePlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"right\n")
    (file,) = export.manifest.files
    publish(export, in_google.area)
    key = in_google.folder + file.name
    described = in_google.objects[key].described
    in_google.server.keep(in_google.bucket, key, b"wrong\n", described)
    objects = in_folder(in_google)
    assert objects.digest(file.name) == (file.bytes, hashlib.sha256(b"wrong\n").hexdigest())
    found = objects.open(file.name)
    assert found is not None
    assert found.sha256 is None
    assert publish(export, in_google.area).changed
    assert_is(in_google, export)


def test_content_without_metadata_is_proven_by_reading_it(in_google: GooglePlace, tmp_path: Path) -> None:
    """As another program uploads or composes it."""
    export = staged(tmp_path, b"right\n", b"")
    publish(export, in_google.area)
    for file in export.manifest.files:
        in_google.overwrite(file.name, (export.directory / file.name).read_bytes())
    assert not publish(export, in_google.area).changed


def test_bytes_that_change_on_the_way_are_refused_by_the_server(
    in_google: GooglePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = in_google.server.write

    def damaging(bucket: str, resource: Any, content: bytes, asked: Any) -> Any:
        return write(bucket, resource, content.replace(b"new", b"nEw"), asked)

    monkeypatch.setattr(in_google.server, "write", damaging)
    error = fails(in_google, tmp_path)
    assert isinstance(error, DestinationUnavailable)
    assert "checksumMismatch" in str(error)


def test_a_rewrite_takes_several_requests(in_google: GooglePlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"0123456789\n" * 100)
    (file,) = export.manifest.files
    source, target = in_folder(in_google), _elsewhere(in_google, CONNECTION)
    source.upload(file, export.directory / file.name)
    in_google.server.bytes_per_rewrite = 300
    assert target.copy(file, source)
    assert target.digest(file.name) == (file.bytes, file.sha256)
    copied, original = (in_google.objects[key] for key in sorted(in_google.objects))
    assert copied.described == original.described


def test_a_damaged_object_is_not_copied_and_another_connection_copies_nothing(
    in_google: GooglePlace, tmp_path: Path
) -> None:
    export = staged(tmp_path, b"right\n")
    (file,) = export.manifest.files
    source = in_folder(in_google)
    assert not _elsewhere(in_google, "another").copy(file, source)
    in_google.overwrite(file.name, b"wrong\n")
    with pytest.raises(Damaged, match="is not the file that its manifest names"):
        _elsewhere(in_google, CONNECTION).copy(file, source)


def _elsewhere(place: GooglePlace, connection: str) -> GoogleObjects:
    store = store_at(Bucket("google_cloud_storage", place.bucket, connection, "another/place"))
    with store.folder("a", "b", "c") as objects:
        assert isinstance(objects, GoogleObjects)
        return objects


def _signed(place: GooglePlace, file: ExportFile) -> str:
    found = in_folder(place).open(file.name)
    assert isinstance(found, OpenObject)
    assert isinstance(found.content, str)
    return found.content


def test_a_signed_url_saves_the_file_under_its_name(in_google: GooglePlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n", stem="Köln")
    (file,) = export.manifest.files
    publish(export, in_google.area)
    url = _signed(in_google, file)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"new\n"
        assert answer.headers["Content-Disposition"].endswith(f"filename*=UTF-8''K%C3%B6ln-{file.sha256[:8]}.csv")
        assert answer.headers["Cache-Control"] == "private, no-store"
    in_google.overwrite(file.name, b"another generation\n")
    assert _status(url) == 404
    assert _status(url.replace("Goog-Expires=60", "Goog-Expires=61")) == 403


def test_a_signed_url_expires(in_google: GooglePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = staged(tmp_path, b"new\n")
    publish(export, in_google.area)
    monkeypatch.setattr(clients, "URL_SECONDS", 0)
    assert _status(_signed(in_google, export.manifest.files[0])) == 400


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_connection_that_cannot_sign_says_so() -> None:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    anonymous = Connected(Client.create_anonymous_client(), AnonymousCredentials(), {})
    with pytest.raises(DestinationRefused, match=r"No URL can be signed with connection 'test_gs': .*Token Creator"):
        anonymous.signed_url(anonymous.blob("b", "k"), "k", CONNECTION)


def test_google_signs_for_an_account_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workload identity: the IAM API signs, where the account may ask it to."""
    from google.auth.exceptions import TransportError
    from google.cloud.storage import Client, _signing

    account: Any = SimpleNamespace(service_account_email="a@b.example", token=SECRET, valid=True)
    connected = Connected(Client.create_anonymous_client(), account, {})
    monkeypatch.setattr(_signing, "_sign_message", lambda *_: "c2lnbmVk")
    url = connected.signed_url(connected.blob("b", "k"), "k", CONNECTION)
    assert url.endswith(f"X-Goog-Signature={b'signed'.hex()}")

    def refused(*_: object) -> str:
        raise TransportError(f"Error calling the IAM signBytes API: b'{SECRET}'")

    monkeypatch.setattr(_signing, "_sign_message", refused)
    with pytest.raises(DestinationRefused, match="may not have Google sign") as raised:
        connected.signed_url(connected.blob("b", "k"), "k", CONNECTION)
    assert SECRET not in str(raised.value)
    assert raised.value.__suppress_context__


def test_expired_credentials_are_renewed_once(in_google: GooglePlace, tmp_path: Path) -> None:
    """The client renews its token by itself, twice for a request; then the connection is read again."""
    made: list[Connected] = []

    def client() -> Connected:
        made.append(through_airflow(CONNECTION)())
        return made[-1]

    in_google.server.fault = refusing(401, "authError", "/storage/v1/b/", times=3)
    export = staged(tmp_path, b"new\n")
    publish(export, in_google.through(client))
    assert len(made) == 2
    assert_is(in_google, export)
    in_google.server.tokens.clear()
    assert not publish(export, in_google.through(client)).changed


def test_credentials_that_stay_expired_are_refused(in_google: GooglePlace, tmp_path: Path) -> None:
    in_google.server.fault = refusing(401, "authError", "/storage/v1/b/")
    error = fails(in_google, tmp_path)
    assert isinstance(error, DestinationRefused)
    assert "Renew the credentials in the Airflow connection 'test_gs'" in str(error)


def test_a_key_that_google_does_not_know(
    in_google: GooglePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    monkeypatch.setattr(in_google.server, "key", rsa.generate_private_key(65537, 2048))
    error = fails(in_google, tmp_path)
    assert isinstance(error, DestinationRefused)
    assert "the request for a token with invalid_grant. Renew the credentials" in str(error)


def test_a_clock_that_is_wrong(in_google: GooglePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from google.auth import _helpers

    now = _helpers.utcnow
    monkeypatch.setattr(_helpers, "utcnow", lambda: now() + timedelta(hours=3))
    error = fails(in_google, tmp_path)
    assert isinstance(error, DestinationRefused)
    assert "Set this host's clock" in str(error)


def test_a_bucket_that_is_missing(in_google: GooglePlace, tmp_path: Path) -> None:
    missing = GooglePlace(in_google.server, "no-such-bucket")
    with pytest.raises(DestinationRefused, match=r"'no-such-bucket' of connection 'test_gs' .* noSuchBucket"):
        publish(staged(tmp_path, b"new\n"), missing.area)


REFUSED = [
    (403, "forbidden", "/upload/", r"permissions in docs/delivery\.md; storage\.objects\.create"),
    (403, "forbidden", "/o?", r"storage\.objects\.list"),
    (403, "accountDisabled", "/upload/", "permissions"),
    (400, "invalid", "/upload/", "Check the bucket"),
    (400, "userProjectMissing", "/upload/", "Check the bucket"),
    (412, "orgPolicyViolated", "/o?", "Check the bucket"),
    (403, "text with a blank", "/upload/", "permissions"),
]
UNAVAILABLE = [
    (503, "backendError", "/upload/"),
    (500, "internalError", "/o?"),
    (429, "rateLimitExceeded", "/upload/"),
    (403, "rateLimitExceeded", "/upload/"),
    (408, "requestTimeout", "/o?"),
]


@pytest.mark.parametrize(("status", "reason", "path", "fix"), REFUSED)
def test_what_no_retry_can_help(
    in_google: GooglePlace, tmp_path: Path, status: int, reason: str, path: str, fix: str
) -> None:
    in_google.server.fault = refusing(status, reason, path)
    error = fails(in_google, tmp_path)
    assert isinstance(error, DestinationRefused)
    assert repr(in_google.bucket) in str(error)
    assert "'test_gs'" in str(error)
    assert (reason if " " not in reason else str(status)) in error.reason
    assert re.search(fix, error.fix)


@pytest.mark.parametrize(("status", "reason", "path"), UNAVAILABLE)
def test_what_a_retry_may_help(in_google: GooglePlace, tmp_path: Path, status: int, reason: str, path: str) -> None:
    in_google.server.fault = refusing(status, reason, path)
    error = fails(in_google, tmp_path, quick(0.01))
    assert isinstance(error, DestinationUnavailable)
    assert reason in str(error)


def test_a_bucket_that_lets_nothing_be_deleted_still_gets_its_export(
    in_google: GooglePlace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(staged(tmp_path, b"old\n"), in_google.area)
    refuse = refusing(403, "forbidden", "/o/")
    in_google.server.fault = lambda method, path: refuse(method, path) if method == "DELETE" else None
    assert publish(staged(tmp_path, b"new\n", snapshot_at=LATE), in_google.area).changed
    assert "storage.objects.delete" in caplog.text
    assert len(in_google.contents()) == 3


def test_a_connection_that_is_missing_is_refused(in_google: GooglePlace, tmp_path: Path) -> None:
    with pytest.raises(DestinationRefused, match="no Airflow connection 'forgotten'"):
        publish(staged(tmp_path, b"new\n"), in_google.through(None, "forgotten"))


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"keyfile_dict": {"type": "service_account", "private_key": "hunter2", "client_email": "a@b.example"}},
        {"keyfile_dict": "{hunter2"},
        {"key_path": "/nowhere/hunter2.json"},
        {"keyfile_dict": {"private_key": "hunter2"}, "key_path": "/nowhere/hunter2.json"},
    ],
)
def test_a_connection_whose_credentials_cannot_be_used(extra: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any, those that Google gives this host are meant, which is none of Google's."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN_GS", json.dumps({"conn_type": "google_cloud_platform", "extra": extra}))
    with pytest.raises(DestinationRefused, match="'broken_gs' has no credentials that can be used") as raised:
        through_airflow("broken_gs")()
    assert "hunter2" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(("endpoint", "message"), [("silent", "Timeout"), ("closed", "ConnectionError")])
def test_a_server_that_is_not_well(
    in_google: GooglePlace,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    endpoint: str,
    message: str,
) -> None:
    made = in_google.server.connection(request.getfixturevalue(endpoint))
    monkeypatch.setenv("AIRFLOW_CONN_UNWELL_GS", json.dumps(made))
    error = fails(in_google, tmp_path, quick(connection="unwell_gs"))
    assert isinstance(error, DestinationUnavailable)
    assert re.search(rf"cannot be reached \(\w*{message}\)", str(error))


def test_a_process_that_is_killed_between_two_parts_leaves_nothing_visible(
    in_google: GooglePlace, tmp_path: Path
) -> None:
    publish(staged(tmp_path, b"old\n"), in_google.area)
    untouched = in_google.contents()
    export = staged(tmp_path, b"0123456789abcdef" * (2 * PART // 16 + 1), snapshot_at=LATE)
    began, killed = threading.Event(), threading.Event()

    def hold(_: int) -> None:
        began.set()
        killed.wait(60)

    in_google.server.part_received = hold
    with child(export, in_google.for_child(), "nowhere", "SIGKILL") as process:
        assert began.wait(60)
        process.kill()
        assert process.wait(60) == -signal.SIGKILL
    killed.set()
    assert in_google.contents() == untouched
    assert publish(export, in_google.area).changed
    assert_is(in_google, export)


@pytest.mark.parametrize(
    ("size", "request_line"),
    [(10, "/o/"), (10, "prefix="), (10, "uploadType=multipart"), (2 * PART, "upload_id=")],
    ids=["manifest", "list", "put", "part"],
)
def test_a_signal_while_a_bucket_hangs(
    in_google: GooglePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: None, size: int, request_line: str
) -> None:
    export = staged(tmp_path, b"a" * size)
    with TcpProxy(int(in_google.server.url.rpartition(":")[2])) as proxy:
        # The answer to the beginning of a session holds the server's address: it has to be the proxy's.
        monkeypatch.setattr(in_google.server, "url", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("AIRFLOW_CONN_STALLED_GS", json.dumps(in_google.server.connection()))
        proxy.stall_at(request_line.encode())
        told: list[float] = []

        def patient() -> Connected:
            return replace(through_airflow("stalled_gs")(), limits=limits(30, 30, 0.2))

        def tell() -> None:
            proxy.stalled.wait()
            time.sleep(0.2)  # until the main thread waits; earlier is no harm
            told.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=tell, daemon=True).start()
        with pytest.raises(Stopped):
            publish(export, in_google.through(patient))
        assert time.monotonic() - told[0] < AT_MOST
    # An upload in one request is done, all of it, if the server got it in time.
    assert in_google.contents() in ({}, {export.manifest.files[0].name: b"a" * size})
    while any(each.name.startswith("export-") for each in threading.enumerate()):
        time.sleep(0.02)
