"""What only Azure Blob Storage can do wrong: blocks, signatures, its answers."""

from __future__ import annotations

import base64
import json
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from devstack.azure import ACCOUNT, AzureServer
from promo_reports.delivery import publish
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import Damaged, DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.azure_blob import errors
from promo_reports.object_stores.azure_blob.blocks import BLOCK, block_of, block_size
from promo_reports.object_stores.azure_blob.client import through_airflow
from promo_reports.object_stores.azure_blob.objects import AzureBlobObjects
from promo_reports.object_stores.azure_blob.store import AzureBlobStore
from promo_reports.object_stores.port import LostRace
from tests.support.delivery.azure import AT_ONCE, CONNECTION, AzurePlace, azure_area, connect_airflow
from tests.support.delivery.azure_copying import copying
from tests.support.delivery.exports import EARLY, LATE, LATER, PREFIX, REPORT, WINDOW, assert_is, staged
from tests.support.delivery.interruptions import child

pytestmark = pytest.mark.clouds

MIB = 1 << 20
LINES = b"0123456789abcde\n"
CONTENT = LINES * (BLOCK // 16) + b"second block___\n" * (BLOCK // 16) + LINES * (MIB // 16)
"""Three blocks, of which the second is another one."""


def hooked(place: AzurePlace, **hooks: Callable[[Any], None]) -> Any:
    """The place's area, whose client calls a hook with each request or response."""
    client = place.server.client(**AT_ONCE, **hooks)
    return azure_area(place.container, lambda: client)


@contextmanager
def opened(place: AzurePlace, client: Any = None) -> Iterator[AzureBlobObjects]:
    """The folder of the export."""
    store = AzureBlobStore(CONNECTION, place.container, PREFIX, client=lambda: client or place.client)
    with store.folder(REPORT, WINDOW) as objects:
        yield objects


def is_request(exchange: Any, method: str, comp: str | None = None) -> bool:
    request = exchange.http_request
    return (request.method, request.query.get("comp")) == (method, comp)


# Blocks, and what they prove


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, 2 * BLOCK + 5])
def test_large_files_go_in_blocks(in_azure: AzurePlace, tmp_path: Path, size: int) -> None:
    export = staged(tmp_path, (LINES * (size // 16 + 1))[:size])
    publish(export, in_azure.area)
    assert_is(in_azure, export)
    (file,) = export.manifest.files
    blob = in_azure.blobs.get_blob_client(in_azure.folder + file.name)
    assert blob.get_blob_properties().content_settings.content_type == "text/csv; charset=utf-8"
    blocks = [block_of(each) for each in blob.get_block_list("committed")[0]]
    assert [each and (each.number, each.sha256.hex()) for each in blocks] == [
        (number, file.sha256) for number in range(-(-size // BLOCK))
    ]


def test_blocks_grow_so_that_fifty_thousand_suffice() -> None:
    assert block_size(1) == block_size(50_000 * BLOCK) == BLOCK
    for size in (50_000 * BLOCK + 1, 4 << 40):
        assert block_size(size) % MIB == 0
        assert -(-size // block_size(size)) <= 50_000


def uploaded(place: AzurePlace, tmp_path: Path) -> tuple[ExportFile, list[str]]:
    """A file of three blocks, and their names."""
    export = staged(tmp_path, CONTENT)
    (file,) = export.manifest.files
    with opened(place) as objects:
        objects.upload(file, export.directory / file.name)
    blob = place.blobs.get_blob_client(place.folder + file.name)
    return file, [each.id for each in blob.get_block_list("committed")[0]]


def test_a_file_is_proved_by_its_blocks_without_reading_it(in_azure: AzurePlace, tmp_path: Path) -> None:
    file, _ = uploaded(in_azure, tmp_path)
    asked: list[Any] = []
    client = in_azure.server.client(raw_request_hook=asked.append)
    with opened(in_azure, client) as objects:
        assert objects.digest(file.name) == (file.bytes, file.sha256)
    assert [(each.http_request.method, each.http_request.query.get("comp")) for each in asked] == [("GET", "blocklist")]


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 1), (0, 1, 1), (0, 1, 2, 2), ()], ids=str)
def test_other_blocks_of_the_same_file_prove_nothing(in_azure: AzurePlace, tmp_path: Path, order: Any) -> None:
    file, names = uploaded(in_azure, tmp_path)
    blob = in_azure.blobs.get_blob_client(in_azure.folder + file.name)
    blob.commit_block_list([names[each] for each in order], metadata={"sha256": file.sha256})
    with opened(in_azure) as objects:
        assert objects.digest(file.name) != (file.bytes, file.sha256)


@pytest.mark.parametrize("content", ["the same", "another"])
def test_what_another_program_has_put_there_is_read(in_azure: AzurePlace, tmp_path: Path, content: str) -> None:
    """Metadata, and a Content-MD5 that is not true, do not count."""
    from azure.storage.blob import ContentSettings

    file, _ = uploaded(in_azure, tmp_path)
    there = in_azure.contents()[file.name]
    blob = in_azure.blobs.get_blob_client(in_azure.folder + file.name)
    told = blob.get_blob_properties()
    blob.upload_blob(
        there if content == "the same" else there[:-1] + b"!",
        overwrite=True,
        metadata={"sha256": file.sha256},
        max_concurrency=2,
    )
    blob.set_http_headers(ContentSettings(content_md5=told.content_settings.content_md5))
    with opened(in_azure) as objects:
        assert (objects.digest(file.name) == (file.bytes, file.sha256)) == (content == "the same")
        found = objects.open(file.name)
        assert found is not None
        assert (found.bytes, found.sha256) == (file.bytes, None)


def test_a_block_that_arrives_damaged_is_refused_by_the_server(in_azure: AzurePlace, tmp_path: Path) -> None:
    def damage(request: Any) -> None:
        if is_request(request, "PUT", "block"):
            request.http_request.set_bytes_body(b"?" * int(request.http_request.headers["Content-Length"]))

    with pytest.raises(PromoReportsError, match="answers Put Block with"):
        publish(staged(tmp_path, b"new\n"), hooked(in_azure, raw_request_hook=damage))
    assert (in_azure.contents(), in_azure.unfinished()) == ({}, [])


# Interruptions


@pytest.mark.parametrize(("at", "first"), [("block", True), ("blocklist", False)])
def test_sigkill_in_an_upload_leaves_what_nobody_sees(
    in_azure: AzurePlace, tmp_path: Path, at: str, first: bool
) -> None:
    if not first:
        publish(staged(tmp_path, b"old\n"), in_azure.area)
    untouched = in_azure.contents()
    export = staged(tmp_path, LINES * (17 * MIB // 16), snapshot_at=LATE)
    with child(export, {**in_azure.for_child(), "stopped_at": at}, "nowhere", "SIGKILL") as process:
        assert process.wait(60) == -signal.SIGKILL
    assert len(in_azure.unfinished()) == 1
    assert in_azure.contents() == untouched
    with opened(in_azure) as objects:
        assert [(each.bytes, each.name) for each in objects.entries() if each.unfinished] == [
            (None, export.manifest.files[0].name)
        ]
    assert publish(export, in_azure.area).changed
    assert_is(in_azure, export)


def test_leftovers_of_another_name_are_removed_by_the_next_publication(in_azure: AzurePlace, tmp_path: Path) -> None:
    killed = staged(tmp_path, LINES * (17 * MIB // 16))
    with child(killed, {**in_azure.for_child(), "stopped_at": "blocklist"}, "nowhere", "SIGKILL") as process:
        assert process.wait(60) == -signal.SIGKILL
    store = AzureBlobStore(CONNECTION, in_azure.container, PREFIX, client=lambda: in_azure.client)
    assert (store.folders(), store.remove_empty(REPORT, WINDOW)) == ([REPORT], False)
    export = staged(tmp_path, b"other\n", snapshot_at=LATE)
    publish(export, in_azure.area)
    assert_is(in_azure, export)


def test_sigterm_in_an_upload_drops_its_blocks(in_azure: AzurePlace, tmp_path: Path) -> None:
    export = staged(tmp_path, LINES * (40 * MIB // 16))
    terminated = {**in_azure.for_child(), "stopped_at": "block", "seconds_to_end": "50"}
    with child(export, terminated, "nowhere", "SIGTERM") as process:
        output, _ = process.communicate(timeout=60)
    assert json.loads(output) == {"error": "Terminated"}
    assert (in_azure.contents(), in_azure.unfinished()) == ({}, [])


def test_dropping_blocks_spares_what_was_committed_since(in_azure: AzurePlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"new\n")
    (file,) = export.manifest.files
    in_azure.blobs.get_blob_client(in_azure.folder + file.name).stage_block("of-a-killed-attempt", b"x")
    with opened(in_azure) as objects:
        (left,) = objects.entries()
        in_azure.overwrite(file.name, b"new\n")
        objects.delete([(left.name, left.handle)])
        assert objects.digest(file.name) == (file.bytes, file.sha256)
        in_azure.delete(file.name)
        objects.delete([(left.name, left.handle), (left.name, None)])
        assert objects.entries() == []


def test_an_upload_whose_blocks_were_taken_away_is_tried_again(in_azure: AzurePlace, tmp_path: Path) -> None:
    export = staged(tmp_path, b"ours\n", snapshot_at=EARLY)
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATER)

    def overtake(request: Any) -> None:
        if is_request(request, "PUT", "blocklist") and not overtaken:
            overtaken.append(publish(newer, in_azure.area))

    overtaken: list[object] = []
    with pytest.raises(DestinationUnavailable, match="answers Put Block List with InvalidBlockList"):
        publish(export, hooked(in_azure, raw_request_hook=overtake))
    assert_is(in_azure, newer)


# Answers that are lost, and conditions


def lose(matches: Callable[[Any], bool], times: int) -> Callable[[Any], None]:
    """A hook that drops the first answers of an operation, as if the connection had broken."""
    left = list(range(times))

    def look(response: Any) -> None:
        from azure.core.exceptions import ServiceResponseError

        if matches(response) and left:
            left.pop()
            raise ServiceResponseError(f"https://x.example/?sig=feedface {ACCOUNT}")

    return look


@pytest.mark.parametrize("times", [1, 100], ids=["once", "always"])
def test_the_answer_to_a_commit_is_lost(in_azure: AzurePlace, tmp_path: Path, times: int) -> None:
    export = staged(tmp_path, b"new\n")
    lost = lose(lambda each: is_request(each, "PUT", "blocklist"), times)
    assert publish(export, hooked(in_azure, raw_response_hook=lost)).changed
    assert_is(in_azure, export)


@pytest.mark.parametrize("replacing", [True, False])
def test_the_answer_to_the_manifest_is_lost(in_azure: AzurePlace, tmp_path: Path, replacing: bool) -> None:
    """The client tries again by itself; the condition then fails against our own manifest."""
    if replacing:
        publish(staged(tmp_path, b"old\n"), in_azure.area)
    export = staged(tmp_path, b"new\n", snapshot_at=LATE)
    lost = lose(lambda each: is_request(each, "PUT"), 1)
    assert publish(export, hooked(in_azure, raw_response_hook=lost)).changed
    assert publish(export, in_azure.area).changed is False


@pytest.mark.parametrize("replacing", [True, False])
def test_another_attempt_publishes_just_before_our_manifest_arrives(
    in_azure: AzurePlace, tmp_path: Path, replacing: bool
) -> None:
    if replacing:
        publish(staged(tmp_path, b"old\n"), in_azure.area)
    newer = staged(tmp_path, b"newer\n", snapshot_at=LATER)
    overtaken: list[object] = []

    def overtake(request: Any) -> None:
        if is_request(request, "PUT") and not overtaken:
            overtaken.append(publish(newer, in_azure.area))

    with pytest.raises(DestinationRefused, match="newer export"):
        publish(staged(tmp_path, b"ours\n", snapshot_at=LATE), hooked(in_azure, raw_request_hook=overtake))
    assert overtaken
    assert_is(in_azure, newer)


def test_what_was_replaced_since_it_was_listed_is_not_discarded(in_azure: AzurePlace) -> None:
    with opened(in_azure) as objects:
        objects.put("state.json", b"one", replacing=None)
        found = objects.get("state.json")
        (listed,) = objects.entries()
        assert found is not None
        assert listed.stamp == found.tag
        objects.put("state.json", b"two", replacing=listed.stamp)
        with pytest.raises(LostRace):
            objects.discard("state.json", stamp=listed.stamp)
        (listed,) = objects.entries()
        objects.discard("state.json", stamp=listed.stamp)
        objects.discard("state.json", stamp=listed.stamp)
        assert objects.entries() == []


def test_an_empty_blob_is_read(in_azure: AzurePlace) -> None:
    with opened(in_azure) as objects:
        objects.put("marker", b"", replacing=None)
        found = objects.get("marker")
        assert found is not None
        assert found.content == b""
        objects.put("marker", b"no more", replacing=found.tag)


# Copies on the server's side


def test_a_blob_is_copied_block_by_block(in_azure: AzurePlace, tmp_path: Path) -> None:
    file, names = uploaded(in_azure, tmp_path)
    with copying(in_azure.server) as server, opened(in_azure, server.client()) as source:
        to = AzureBlobStore(CONNECTION, in_azure.container, "Köln 100%", client=server.client)
        with to.folder("a", "b") as target:
            assert target.copy(file, source)
            assert target.digest(file.name) == (file.bytes, file.sha256)
        assert len(server.copied) == len(names) == 3
    assert in_azure.blobs.download_blob(f"Köln 100%/a/b/{file.name}").readall() == CONTENT


def test_a_copy_of_what_was_damaged_is_not_committed(in_azure: AzurePlace, tmp_path: Path) -> None:
    """By its blocks it is the file, so that only their MD5 tells."""
    file, names = uploaded(in_azure, tmp_path)
    blob = in_azure.blobs.get_blob_client(in_azure.folder + file.name)
    for name, size in zip(names, (BLOCK, BLOCK, MIB), strict=True):
        blob.stage_block(name, b"?" * size)
    blob.commit_block_list(names)
    with copying(in_azure.server) as server, opened(in_azure, server.client()) as source:
        to = AzureBlobStore(CONNECTION, in_azure.container, "elsewhere", client=server.client)
        with to.folder("a") as target:
            with pytest.raises(DestinationUnavailable, match="Md5Mismatch"):
                target.copy(file, source)
            assert target.entries() == []


def test_what_cannot_be_copied_is_left_to_the_caller(in_azure: AzurePlace, tmp_path: Path) -> None:
    file, _ = uploaded(in_azure, tmp_path)
    signed = in_azure.server.client(credential=None)
    with opened(in_azure) as source, opened(in_azure, sas_client(in_azure.server)) as closed:
        to = AzureBlobStore(CONNECTION, in_azure.container, "elsewhere", client=lambda: signed)
        with to.folder("a") as target:
            assert not target.copy(file, source)  # the server has no such operation
            assert not target.copy(file, closed)
            in_azure.overwrite(file.name, b"x" * file.bytes)
            assert not target.copy(file, source)
            in_azure.overwrite(file.name, b"x")
            with pytest.raises(Damaged):
                target.copy(file, source)
            assert target.entries() == []


# Credentials and errors


def sas(server: AzureServer, *, seconds: float = 600, permission: str = "rwdlac") -> str:
    """A shared access signature of the account."""
    from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

    token: str = generate_account_sas(
        ACCOUNT,
        server.key,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions.from_string(permission),
        expiry=datetime.now(UTC) + timedelta(seconds=seconds),
        start=datetime.now(UTC) - timedelta(hours=1),
    )
    return token


def sas_client(server: AzureServer, **options: Any) -> Any:
    from azure.core.credentials import AzureSasCredential
    from azure.storage.blob import BlobServiceClient

    credential = AzureSasCredential(sas(server, **options))
    return BlobServiceClient(server.account_url, credential=credential, use_env_settings=False, **AT_ONCE)


def fails(place: AzurePlace, tmp_path: Path, *clients: Any, container: str = "") -> PromoReportsError:
    """The error of a publication that leaves nothing behind, with each client in turn."""
    left = list(clients)
    area = azure_area(container or place.container, lambda: left.pop(0))
    with pytest.raises(PromoReportsError) as raised:
        publish(staged(tmp_path, b"new\n"), area)
    error = raised.value
    assert left == []
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    for secret in (place.server.key, "sig=", "feedface", "http:", "https:"):
        assert secret not in str(error)
    assert (place.contents(), place.unfinished()) == ({}, [])
    return error


def test_an_expired_signature_is_renewed_once(in_azure: AzurePlace, tmp_path: Path) -> None:
    clients = [sas_client(in_azure.server, seconds=-60), sas_client(in_azure.server)]
    export = staged(tmp_path, b"new\n")
    publish(export, azure_area(in_azure.container, lambda: clients.pop(0)))
    assert clients == []
    assert_is(in_azure, export)


def test_a_signature_that_stays_expired_is_refused(in_azure: AzurePlace, tmp_path: Path) -> None:
    clients = [sas_client(in_azure.server, seconds=-60) for _ in range(2)]
    error = fails(in_azure, tmp_path, *clients)
    assert isinstance(error, DestinationRefused)
    assert "Renew the credentials in the Airflow connection 'test_azure'" in str(error)


def test_a_wrong_key(in_azure: AzurePlace, tmp_path: Path) -> None:
    from azure.storage.blob import BlobServiceClient

    clients = [
        BlobServiceClient(in_azure.server.account_url, credential="bm90IGl0cyBrZXk=", use_env_settings=False)
        for _ in range(2)
    ]
    assert "Renew the credentials" in str(fails(in_azure, tmp_path, *clients))


def test_a_key_that_is_none(in_azure: AzurePlace, tmp_path: Path) -> None:
    from azure.storage.blob import BlobServiceClient

    client = BlobServiceClient(in_azure.server.account_url, credential="a", use_env_settings=False)
    error = fails(in_azure, tmp_path, client)
    assert isinstance(error, DestinationRefused)
    assert "signing in failed (AzureSigningError)" in str(error)


def test_a_signature_that_may_not_write(in_azure: AzurePlace, tmp_path: Path) -> None:
    error = fails(in_azure, tmp_path, sas_client(in_azure.server, permission="rl"))
    assert isinstance(error, DestinationRefused)
    assert "permissions in docs/delivery.md; Put Block lacks its own" in str(error)


def test_a_container_that_is_missing(in_azure: AzurePlace, tmp_path: Path) -> None:
    error = fails(in_azure, tmp_path, in_azure.client, container="not-there")
    assert isinstance(error, DestinationRefused)
    assert "Container 'not-there' of connection 'test_azure' answers Get Blob with ContainerNotFound." in str(error)
    assert "Create the container" in error.fix


def test_an_account_that_no_name_server_knows(in_azure: AzurePlace, tmp_path: Path) -> None:
    from azure.storage.blob import BlobServiceClient

    credential = {"account_name": "nobody", "account_key": in_azure.server.key}
    client = BlobServiceClient("https://nobody.invalid", credential=credential, use_env_settings=False, **AT_ONCE)
    error = fails(in_azure, tmp_path, client)
    assert isinstance(error, DestinationUnavailable)
    assert "cannot be reached (ServiceRequestError). Check the network, and the storage account's name" in str(error)


def test_a_server_that_never_answers(in_azure: AzurePlace, tmp_path: Path) -> None:
    from azure.storage.blob import BlobServiceClient

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{ACCOUNT}"
        client = BlobServiceClient(
            url, credential=in_azure.server.key, use_env_settings=False, read_timeout=0.3, **AT_ONCE
        )
        assert "cannot be reached (ServiceResponse" in str(fails(in_azure, tmp_path, client))


def test_a_sign_in_that_fails(in_azure: AzurePlace, tmp_path: Path) -> None:
    from azure.core.exceptions import ClientAuthenticationError
    from azure.storage.blob import BlobServiceClient

    class Refused:
        def get_token(self, *_: object, **__: object) -> None:
            raise ClientAuthenticationError(f"AADSTS7000215: Invalid client secret {in_azure.server.key}")

    client = BlobServiceClient("https://nobody.invalid", credential=Refused(), **AT_ONCE)
    error = fails(in_azure, tmp_path, client)
    assert isinstance(error, DestinationRefused)
    assert "signing in failed (ClientAuthenticationError). Correct the credentials" in str(error)


class Answered:
    """A response of Azure that this server does not give."""

    reason = "as Azure words it"

    def __init__(self, status: int, code: str = "", **headers: str) -> None:
        self.status_code = status
        self.headers = {**({"x-ms-error-code": code} if code else {}), **headers}
        self.request = type("Request", (), {"method": "PUT", "url": "https://x.example/c/b?comp=block&sig=feedface"})


REFUSED = [
    (403, "AuthorizationFailure", "firewall"),
    (403, "AuthenticationFailed", "Renew the credentials"),
    (401, "InvalidAuthenticationInfo", "Renew the credentials"),
    (403, "KeyBasedAuthenticationNotPermitted", "firewall"),
    (403, "AuthorizationPermissionMismatch", "Grant connection"),
    (403, "", "Grant connection"),
    (404, "ContainerNotFound", "correct its name"),
    (400, "InvalidResourceName", "correct its name"),
    (409, "BlobImmutableDueToPolicy", "immutability policy"),
    (412, "LeaseIdMissing", "a lease"),
    (501, "APINotImplemented", "Check the container"),
]
PASSING = [
    (503, "ServerBusy"),
    (500, "InternalError"),
    (502, ""),
    (429, ""),
    (400, "Md5Mismatch"),
    (412, "ConditionNotMet"),
]


def translated(response: Answered) -> PromoReportsError | None:
    from azure.core.exceptions import HttpResponseError

    error = HttpResponseError("Signature not valid: sig=feedface", response=response)
    return errors.meaning(error, bucket="exports", connection="test_azure")


@pytest.mark.parametrize(("status", "code", "fix"), REFUSED, ids=[f"{status} {code}" for status, code, _ in REFUSED])
def test_what_no_retry_can_help(status: int, code: str, fix: str) -> None:
    error = translated(Answered(status, code))
    assert isinstance(error, DestinationRefused)
    assert error.reason == (f"Container 'exports' of connection 'test_azure' answers Put Block with {code or status}.")
    assert fix in error.fix


@pytest.mark.parametrize(("status", "code"), PASSING, ids=[f"{status} {code}" for status, code in PASSING])
def test_what_a_retry_may_help(status: int, code: str) -> None:
    error = translated(Answered(status, code))
    assert isinstance(error, DestinationUnavailable)
    assert "feedface" not in str(error)


def test_a_clock_that_is_off_is_told_by_the_time_of_the_answer() -> None:
    for code in ("AuthenticationFailed", "AuthorizationFailure"):
        error = translated(Answered(403, code, Date="Mon, 02 Mar 2026 07:00:00 GMT"))
        assert error is not None
        assert error.fix == "Set this host's clock."


# Signing in


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for loopback, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    directory = tmp_path_factory.mktemp("tls")
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return directory / "cert.pem", directory / "key.pem"


class SignedIn:
    """Somebody with a token that lasts an hour."""

    ID = "11059fcc-5514-4800-b5f8-49808b9cfab6"

    def get_token(self, *_: object, **__: object) -> Any:
        from azure.core.credentials import AccessToken

        now = int(time.time())
        claims = {
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
            "tid": "ab1f708d-50f6-404c-a006-d71b2ac7a606",
            "oid": self.ID,
            "iat": now - 60,
            "nbf": now - 60,
            "exp": now + 3600,
        }
        parts = (json.dumps(each).encode() for each in ({"alg": "RS256", "typ": "JWT"}, claims))
        token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
        return AccessToken(f"{token}.c2ln", now + 3600)


def test_whoever_is_signed_in_publishes_and_signs_links_with_a_key_of_the_account(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    from azure.storage.blob import BlobServiceClient

    # The server makes the key, but signs in an older way than today's clients, and takes no URL that is signed with it.
    project = Path(__file__).resolve().parents[2]
    with AzureServer(project=project, log=tmp_path / "azure" / "azure.log", certificate=certificate) as server:
        client = BlobServiceClient(
            server.account_url, credential=SignedIn(), use_env_settings=False, connection_verify=str(certificate[0])
        )
        client.create_container("exports")
        export = staged(tmp_path, b"a,b\n1,2\n")
        publish(export, azure_area("exports", lambda: client))
        store = AzureBlobStore(CONNECTION, "exports", PREFIX, client=lambda: client)
        with store.folder(REPORT, WINDOW) as objects:
            found = objects.open(export.manifest.files[0].name)
        assert found is not None
        query = parse_qs(urlsplit(str(found.content)).query)
        assert (query["skoid"], query["sp"], query["spr"]) == ([SignedIn.ID], ["r"], ["https"])
        assert datetime.fromisoformat(query["se"][0]) - datetime.now(UTC) < timedelta(seconds=61)


# The connection


def made_by(monkeypatch: pytest.MonkeyPatch, **given: Any) -> Any:
    connect_airflow(monkeypatch, **given)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return through_airflow(CONNECTION)()


@pytest.mark.parametrize("kind", ["connection string", "account key", "key in the extra", "SAS"])
def test_connections_of_each_kind(
    in_azure: AzurePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    server = in_azure.server
    given: dict[str, dict[str, Any]] = {
        "connection string": {"extra": {"connection_string": server.connection_string}},
        "account key": {"login": ACCOUNT, "password": server.key, "host": server.account_url},
        "key in the extra": {"login": ACCOUNT, "host": server.account_url, "extra": {"account_key": server.key}},
        "SAS": {"login": ACCOUNT, "host": server.account_url, "extra": {"sas_token": sas(server)}},
    }
    export = staged(tmp_path, b"new\n")
    client = made_by(monkeypatch, **given[kind])
    publish(export, azure_area(in_azure.container, lambda: client))
    assert_is(in_azure, export)
    with opened(in_azure, client) as objects:
        if kind == "SAS":
            with pytest.raises(DestinationRefused, match="cannot sign links for downloads"):
                objects.open(export.manifest.files[0].name)
        else:
            found = objects.open(export.manifest.files[0].name)
            assert found is not None
            assert "sig=" in str(found.content)
            assert "sig=" not in repr(found)


def test_time_limits_are_ours_unless_the_connection_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = made_by(monkeypatch, login=ACCOUNT, password="a2V5")
    assert (ours._config.transport.connection_config.timeout, ours._config.retry_policy.total_retries) == (10, 4)
    theirs = made_by(monkeypatch, login=ACCOUNT, password="a2V5", extra={"connection_timeout": 3, "retry_total": 1})
    assert (theirs._config.transport.connection_config.timeout, theirs._config.retry_policy.total_retries) == (3, 1)


@pytest.mark.parametrize(
    "given",
    [
        {"extra": {"connection_string": "hunter2"}},
        {"host": "http://127.0.0.1:1/account", "login": "id", "password": "hunter2", "extra": {"tenant_id": "t"}},
    ],
    ids=["a string that is none", "signing in without https"],
)
def test_connections_that_no_client_can_be_made_of(monkeypatch: pytest.MonkeyPatch, given: Any) -> None:
    with pytest.raises(DestinationRefused, match="No client of Azure Blob Storage can be made") as raised:
        made_by(monkeypatch, **given)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_connection_that_is_missing() -> None:
    with pytest.raises(DestinationRefused, match="There is no Airflow connection 'never_made'"):
        through_airflow("never_made")()


def test_a_host_without_the_client_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.microsoft.azure.hooks.wasb", None)
    with pytest.raises(DestinationRefused, match=r"Install promo-reports\[airflow,azure\]"):
        through_airflow(CONNECTION)()


def test_no_log_has_a_secret(
    in_azure: AzurePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = sas(in_azure.server)
    client = made_by(
        monkeypatch, login=ACCOUNT, host=in_azure.server.account_url, extra={"sas_token": token, "logging_enable": True}
    )
    publish(staged(tmp_path, b"new\n"), azure_area(in_azure.container, lambda: client))
    assert "sig=***" in caplog.text
    for secret in (in_azure.server.key, parse_qs(token)["sig"][0], token.rpartition("sig=")[2].partition("&")[0]):
        assert secret not in caplog.text
