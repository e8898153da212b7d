"""Amazon S3, and servers with its protocol: a PUT makes an object visible completely, or not at all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from promo_reports.domain.account import Bucket
from promo_reports.domain.file_format import media_type_of
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.amazon_s3 import errors
from promo_reports.object_stores.amazon_s3.client import ClientFactory, through_airflow
from promo_reports.object_stores.bucket_access import BucketAccess
from promo_reports.object_stores.port import MOST_BYTES, Entry, LostRace, Objects, OpenObject, Stored, damaged
from promo_reports.object_stores.signed_url import URL_SECONDS, content_disposition
from promo_reports.object_stores.staged_file import CHUNK, gone, new_file, receive, verify

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferConfig
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

MIB = 1 << 20
PART = 16 * MIB
"""Bytes of a part of a multipart upload, and the size from which there are parts."""
MAX_PARTS = 10_000
MOST_COPIED = 5 << 30
"""Bytes that S3 copies in one request."""
THREADS = 3

_MISSING = ("NoSuchKey", "404", "NotFound")
_LOST = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409")
_PARTS = ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload")
_DENIED = ("AccessDenied",)
_UNCONDITIONAL = ("NotImplemented", "501")


class TransferStopped(Exception):
    """The transfer was cancelled."""


def amazon_s3_store(bucket: Bucket) -> AmazonS3Store:
    """Return the store of a connected bucket, with the credentials of its Airflow connection."""
    return AmazonS3Store(bucket.connection, bucket.name, bucket.prefix)


class AmazonS3Store:
    """A bucket below a prefix; addresses are `s3://bucket/key`.

    `connection` is the Airflow connection with the credentials. `client` replaces it for tests, which have none; then
    the name only appears in messages.
    """

    def __init__(self, connection: str, bucket: str, prefix: str = "", *, client: ClientFactory | None = None) -> None:
        self._access = BucketAccess(bucket, connection, client or through_airflow(connection), errors)
        self._prefix = "".join(f"{part}/" for part in prefix.split("/") if part)

    @contextmanager
    def folder(self, *names: str) -> Iterator[AmazonS3Objects]:
        """Return the keys of one folder; nothing is locked, conditional PUTs decide."""
        yield self._objects(names)

    def reading(self, *names: str) -> AbstractContextManager[AmazonS3Objects]:
        """Return the same keys: without a lock there is nothing to leave out."""
        return self.folder(*names)

    def idle_folder(self, *names: str) -> AbstractContextManager[AmazonS3Objects]:
        """Open the same keys: a bucket has no locks."""
        return self.folder(*names)

    def folders(self, *names: str) -> Sequence[str]:
        """List the common prefixes up to the next `/`."""
        return self._objects(names).folders()

    def remove_empty(self, *names: str) -> bool:
        """Return whether no key is left."""
        return not self._objects(names).entries()

    def check_visible(self) -> None:
        """Leave it at that: a bucket that is not there, or is closed to us, has been refused before."""

    def _objects(self, names: Sequence[str]) -> AmazonS3Objects:
        return AmazonS3Objects(self._access, self._prefix + "".join(f"{each}/" for each in names))


class AmazonS3Objects:
    """The keys below one prefix."""

    exclusive = False

    def __init__(self, access: BucketAccess[S3Client], prefix: str) -> None:
        self._access = access
        self._bucket = access.bucket
        self._prefix = prefix

    def get(self, name: str) -> Stored | None:
        """Return an object; its tag is its ETag."""

        def read(client: S3Client) -> Stored:
            got = client.get_object(Bucket=self._bucket, Key=self._key(name))
            with got["Body"] as body:
                return Stored(body.read(MOST_BYTES + 1), got["ETag"], got["LastModified"])

        found = self._access.ask(read, otherwise=_MISSING)
        return None if isinstance(found, str) else found

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Put on a condition.

        The comparison before it decides where a server ignores the condition or does not implement it.
        """
        present = self._head(name)
        if (present["ETag"] if present else None) != replacing:
            raise LostRace
        condition = {"IfNoneMatch": "*"} if replacing is None else {"IfMatch": replacing}
        refused = self._put(name, content, condition, otherwise=(*_LOST, *_UNCONDITIONAL))
        if refused in _UNCONDITIONAL:
            log.debug("Bucket %s has no conditional writes: compared, then put", self._bucket)
            refused = self._put(name, content, {}, otherwise=())
        if refused:
            raise LostRace

    def discard(self, name: str, *, stamp: str) -> None:
        """Delete what still has the ETag; the comparison before it decides, as few servers delete on a condition."""
        present = self._head(name)
        if present and present["ETag"] != stamp:
            raise LostRace
        self.delete([(name, None)])

    def upload(self, file: ExportFile, source: Path) -> None:
        """Upload a file, then ask S3 for it, as the response to a completed upload may be lost."""
        verify(file, source)
        stopped = threading.Event()
        try:
            self._access.ask(lambda client: self._upload(client, file, source, stopped), end=stopped.set)
        except PromoReportsError:
            if not self._has_after_all(file):
                raise
        else:
            if self.digest(file.name) != (file.bytes, file.sha256):
                raise DestinationUnavailable(f"{self.address(file.name)} is not what was sent.")

    def download(self, file: ExportFile, target: Path) -> None:
        """Read an object as a stream; it is as long as it takes, but no longer silent than the client's time limit."""
        address, stopped = self.address(file.name), threading.Event()

        def read(client: S3Client, received: BinaryIO) -> None:
            got = client.get_object(Bucket=self._bucket, Key=self._key(file.name))
            with closing(got["Body"]) as body:
                receive(file, _until(stopped, body.iter_chunks(CHUNK)), received, address)

        with new_file(target) as received:
            if self._access.ask(lambda client: read(client, received), otherwise=_MISSING, end=stopped.set):
                raise gone(address)

    def copy(self, file: ExportFile, source: Objects) -> bool:
        """Have S3 copy an object that the same connection reaches, in one request, or in parts if it is too large."""
        if not isinstance(source, AmazonS3Objects) or source._access.connection != self._access.connection:
            return False
        found = source.digest(file.name)
        if found is None:
            raise gone(source.address(file.name))
        if found != (file.bytes, file.sha256):
            raise damaged(source.address(file.name), "it is not the file that its manifest names")
        stopped = threading.Event()
        if self._access.ask(
            lambda client: self._copy(client, file, source, stopped), otherwise=_MISSING, end=stopped.set
        ):
            raise gone(source.address(file.name))
        if self.digest(file.name) != (file.bytes, file.sha256):
            raise DestinationUnavailable(f"{self.address(file.name)} is not what was copied.")
        return True

    def digest(self, name: str) -> tuple[int, str] | None:
        """Return the size that S3 has, and the hash that was sent along."""
        found = self._head(name)
        return (found["ContentLength"], found["Metadata"].get("sha256", "")) if found else None

    def open(self, name: str) -> OpenObject | None:
        """Ask S3 what it has, and sign a URL for it."""
        found = self.digest(name)
        if found is None:
            return None
        return OpenObject(*found, self._access.ask(lambda client: self._presigned(client, name)))

    def entries(self) -> Sequence[Entry]:
        """List objects and open uploads in parts; the handle of such an upload is its id."""
        objects, uploads = self._pages("list_objects_v2", "Contents"), self._pages("list_multipart_uploads", "Uploads")
        return [
            *(Entry(self._name(each), each["Size"], each["LastModified"], stamp=each["ETag"]) for each in objects),
            *(Entry(self._name(each), None, each["Initiated"], True, each["UploadId"]) for each in uploads),
        ]

    def folders(self) -> Sequence[str]:
        """List the common prefixes up to the next `/`, with those that hold nothing but open uploads in parts.

        Of uploads nothing is listed for a key that may only read.
        """
        found = self._pages("list_objects_v2", "CommonPrefixes", Delimiter="/")
        names = {each["Prefix"][len(self._prefix) : -1] for each in found}
        open_uploads = map(self._name, self._pages("list_multipart_uploads", "Uploads", otherwise=_DENIED))
        return sorted(names.union(each.partition("/")[0] for each in open_uploads if "/" in each))

    def delete(self, names: Iterable[tuple[str, object]]) -> None:
        """Delete objects and abort uploads."""
        for name, upload in names:
            self._access.ask(partial(self._drop, name, upload), otherwise=(*_MISSING, "NoSuchUpload"))

    def address(self, name: str) -> str:
        """Return an `s3://bucket/key` URI."""
        return f"s3://{self._bucket}/{self._key(name)}"

    def _key(self, name: str) -> str:
        return self._prefix + name

    def _name(self, listed: Any) -> str:
        return str(listed["Key"])[len(self._prefix) :]

    def _pages(self, operation: Any, field: str, *, otherwise: Sequence[str] = (), **options: str) -> list[Any]:
        def read(client: S3Client) -> list[Any]:
            pages = client.get_paginator(operation).paginate(Bucket=self._bucket, Prefix=self._prefix, **options)
            return [each for page in pages for each in page.get(field, [])]

        found = self._access.ask(read, otherwise=otherwise)
        return found if isinstance(found, list) else []

    def _head(self, name: str) -> Any:
        """Return what S3 says of an object, or None."""
        found = self._access.ask(
            lambda client: client.head_object(Bucket=self._bucket, Key=self._key(name)), otherwise=_MISSING
        )
        return None if isinstance(found, str) else found

    def _presigned(self, client: S3Client, name: str) -> str:
        return client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": self._key(name),
                "ResponseContentDisposition": content_disposition(name),
                "ResponseCacheControl": "private, no-store",
            },
            ExpiresIn=URL_SECONDS,
        )

    def _has_after_all(self, file: ExportFile) -> bool:
        try:
            return self.digest(file.name) == (file.bytes, file.sha256)
        except PromoReportsError:
            return False

    def _drop(self, name: str, upload: object, client: S3Client) -> None:
        key = self._key(name)
        if upload is None:
            client.delete_object(Bucket=self._bucket, Key=key)
        else:
            client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=str(upload))

    def _upload(self, client: S3Client, file: ExportFile, source: Path, stopped: threading.Event) -> None:
        """Upload a file; once `stopped` is set no further part is sent, and boto3 aborts the upload."""
        with _ending(client, stopped):
            client.upload_file(
                str(source),
                self._bucket,
                self._key(file.name),
                ExtraArgs=_described(file),
                Config=_transfer(file, multipart_threshold=PART),
            )

    def _copy(self, client: S3Client, file: ExportFile, source: AmazonS3Objects, stopped: threading.Event) -> None:
        """Copy an object; once `stopped` is set no further part is asked for, and boto3 aborts the upload."""
        with _ending(client, stopped):
            client.copy(
                {"Bucket": source._bucket, "Key": source._key(file.name)},
                self._bucket,
                self._key(file.name),
                ExtraArgs={**_described(file), "MetadataDirective": "REPLACE"},
                Config=_transfer(file, multipart_threshold=MOST_COPIED),
            )

    def _put(self, name: str, content: bytes, condition: Any, *, otherwise: Sequence[str]) -> str | None:
        """Put an object, and return None, or the error code if S3 refuses."""

        def put(client: S3Client) -> None:
            client.put_object(
                Bucket=self._bucket,
                Key=self._key(name),
                Body=content,
                ContentType="application/json",
                **condition,
            )

        return self._access.ask(put, otherwise=otherwise)


def _described(file: ExportFile) -> dict[str, Any]:
    return {"ContentType": media_type_of(file.name), "Metadata": {"sha256": file.sha256}}


def _transfer(file: ExportFile, *, multipart_threshold: int) -> TransferConfig:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(
        multipart_threshold=multipart_threshold,
        multipart_chunksize=part_size(file.bytes),
        max_concurrency=THREADS,
        preferred_transfer_client="classic",
    )


@contextmanager
def _ending(client: S3Client, stopped: threading.Event) -> Iterator[None]:
    """Send no further request of an upload in parts once `stopped` is set."""

    def check(**_: object) -> None:
        if stopped.is_set():
            raise TransferStopped

    for operation in _PARTS:
        client.meta.events.register(f"before-send.s3.{operation}", check)
    try:
        yield
    finally:
        for operation in _PARTS:
            client.meta.events.unregister(f"before-send.s3.{operation}", check)


def _until(stopped: threading.Event, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield chunks until `stopped` is set."""
    for chunk in chunks:
        if stopped.is_set():
            raise TransferStopped
        yield chunk


def part_size(size: int) -> int:
    """Return the bytes of a part, in whole MiB: 16, or more if 10,000 parts would not suffice."""
    return max(PART, -(-size // (MAX_PARTS * MIB)) * MIB)
