"""Amazon S3, and every server that speaks its protocol: one PUT shows an object whole, or not at all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promo_reports.delivery.amazon_s3_client import BucketAccess, ClientFactory, through_airflow
from promo_reports.delivery.area import Item, LostRace, PresentManifest, check_folder_name, data_file
from promo_reports.delivery.opened import URL_SECONDS, Damaged, PresignedFile, content_disposition
from promo_reports.delivery.staged_file import verify
from promo_reports.domain.account import Bucket
from promo_reports.domain.file_format import media_type_of
from promo_reports.domain.manifest import MANIFEST_NAME, MOST_MANIFEST_BYTES, ExportFile
from promo_reports.errors import DestinationUnavailable, PromoReportsError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

MIB = 1 << 20
PART = 16 * MIB
"""Bytes of a part of a multipart upload, and the size from which there are parts."""
MAX_PARTS = 10_000
THREADS = 3

_MISSING = ("NoSuchKey", "404", "NotFound")
_LOST = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409")
_PARTS = ("UploadPart", "CompleteMultipartUpload")
_UNCONDITIONAL = ("NotImplemented", "501")


class UploadStopped(Exception):
    """Nobody waits for the upload any more."""


def amazon_s3_area(bucket: Bucket) -> AmazonS3Area:
    """Return the area of a connected bucket, with the credentials of its Airflow connection."""
    return AmazonS3Area(bucket.connection, bucket.name, bucket.prefix)


class AmazonS3Area:
    """A bucket below a prefix; addresses are `s3://bucket/key`.

    `connection` is the Airflow connection with the credentials. `client` replaces it for whoever has none (the CLI,
    tests); then the name only appears in messages.
    """

    def __init__(self, connection: str, bucket: str, prefix: str = "", *, client: ClientFactory | None = None) -> None:
        self._access = BucketAccess(bucket, connection, client or through_airflow(connection))
        self._prefix = "".join(f"{part}/" for part in prefix.split("/") if part)

    @contextmanager
    def folder(self, name: str, window_key: str) -> Iterator[AmazonS3Folder]:
        """The keys of one export; nothing is locked, the manifest's conditional PUT decides."""
        check_folder_name(name)
        check_folder_name(window_key)
        yield AmazonS3Folder(self._access, f"{self._prefix}{name}/{window_key}/")

    def reading(self, name: str, window_key: str) -> AbstractContextManager[AmazonS3Folder]:
        """The same keys: without a lock there is nothing to leave out."""
        return self.folder(name, window_key)

    def check_visible(self) -> None:
        """Leave it at that: a bucket that is not there, or is closed to us, has been refused before."""


class AmazonS3Folder:
    """The keys below one export's prefix."""

    def __init__(self, access: BucketAccess, prefix: str) -> None:
        self._access = access
        self._bucket = access.bucket
        self._prefix = prefix

    def manifest(self) -> PresentManifest | None:
        """The manifest that is there now; its tag is its ETag."""

        def read(client: S3Client) -> PresentManifest:
            got = client.get_object(Bucket=self._bucket, Key=self._key(MANIFEST_NAME))
            with got["Body"] as body:
                return PresentManifest(body.read(MOST_MANIFEST_BYTES + 1), got["ETag"], got["LastModified"])

        found = self._access.ask(read, otherwise=_MISSING)
        return None if isinstance(found, str) else found

    def items(self, present: PresentManifest | None) -> Sequence[Item]:
        """Objects and open multipart uploads; settled is what was begun before `present` was written."""
        objects, uploads = self._pages("list_objects_v2", "Contents"), self._pages("list_multipart_uploads", "Uploads")
        written = present.written if present else None
        items = [
            Item(self._name(each), each["Size"], _before(each["LastModified"], written))
            for each in objects
            if data_file(self._name(each))
        ]
        unfinished = [
            Item(self._name(each), None, _before(each["Initiated"], written), handle=each["UploadId"])
            for each in uploads
            if data_file(self._name(each)) or self._name(each) == MANIFEST_NAME
        ]
        return items + unfinished

    def put(self, file: ExportFile, source: Path, *, adopt: bool) -> bool:
        """Upload, and ask S3 what it has; with `adopt`, what a killed attempt has uploaded is not sent again."""
        if adopt and self.holds(file):
            return False
        verify(file, source)
        stopped = threading.Event()
        try:
            self._access.ask(lambda client: self._upload(client, file, source, stopped), end=stopped.set)
        except PromoReportsError:
            if not self._has_after_all(file):
                raise
            return True
        if not self.holds(file):
            raise DestinationUnavailable(f"{self.address(file.name)} is not what was sent.")
        return True

    def holds(self, file: ExportFile) -> bool:
        """Whether S3 holds the file: by its size and by the hash that was sent along."""
        found = self._access.ask(lambda client: self._head(client, file.name), otherwise=_MISSING)
        if isinstance(found, str):
            return False
        return (found["ContentLength"], found["Metadata"].get("sha256")) == (file.bytes, file.sha256)

    def open(self, file: ExportFile) -> PresignedFile | None:
        """Ask S3 what it has, and sign a URL for it; the name in the URL belongs to this content alone."""
        found = self._access.ask(lambda client: self._head(client, file.name), otherwise=_MISSING)
        if isinstance(found, str):
            return None
        if (found["ContentLength"], found["Metadata"].get("sha256")) != (file.bytes, file.sha256):
            raise Damaged(
                f"{self.address(file.name)} is damaged: it is not the {file.bytes:,} bytes that its manifest names.",
                "Clear the run in Airflow: it is exported again, and put in its place.",
            )
        return PresignedFile(file, self._access.ask(lambda client: self._presigned(client, file.name)))

    def switch(self, manifest: bytes, *, replacing: str | None) -> None:
        """One conditional PUT.

        The comparison before it decides where a server ignores the condition or does not implement it.
        """
        present = self._access.ask(lambda client: self._head(client, MANIFEST_NAME), otherwise=_MISSING)
        if (None if isinstance(present, str) else present["ETag"]) != replacing:
            raise LostRace
        condition = {"IfNoneMatch": "*"} if replacing is None else {"IfMatch": replacing}
        refused = self._put_manifest(manifest, condition, otherwise=(*_LOST, *_UNCONDITIONAL))
        if refused in _UNCONDITIONAL:
            log.debug("Bucket %s has no conditional writes: compared, then put", self._bucket)
            refused = self._put_manifest(manifest, {}, otherwise=())
        if refused:
            raise LostRace

    def remove(self, items: Iterable[Item]) -> None:
        """Delete objects and abort multipart uploads."""
        for item in items:
            self._access.ask(partial(self._drop, item), otherwise=(*_MISSING, "NoSuchUpload"))

    def address(self, name: str) -> str:
        """An `s3://bucket/key` URI."""
        return f"s3://{self._bucket}/{self._key(name)}"

    def _key(self, name: str) -> str:
        return self._prefix + name

    def _name(self, listed: Any) -> str:
        return str(listed["Key"])[len(self._prefix) :]

    def _pages(self, operation: Any, field: str) -> list[Any]:
        def read(client: S3Client) -> list[Any]:
            pages = client.get_paginator(operation).paginate(Bucket=self._bucket, Prefix=self._prefix)
            return [each for page in pages for each in page.get(field, [])]

        found = self._access.ask(read)
        return found if isinstance(found, list) else []

    def _head(self, client: S3Client, name: str) -> Any:
        return client.head_object(Bucket=self._bucket, Key=self._key(name))

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
        """The reply to a completed upload may be lost on its way."""
        try:
            return self.holds(file)
        except PromoReportsError:
            return False

    def _drop(self, item: Item, client: S3Client) -> None:
        key = self._key(item.name)
        if item.handle is None:
            client.delete_object(Bucket=self._bucket, Key=key)
        else:
            client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=str(item.handle))

    def _upload(self, client: S3Client, file: ExportFile, source: Path, stopped: threading.Event) -> None:
        """Upload; once it is `stopped` no further part is sent, and boto3 gives those up that were."""
        from boto3.s3.transfer import TransferConfig

        def check(**_: object) -> None:
            if stopped.is_set():
                raise UploadStopped

        for operation in _PARTS:
            client.meta.events.register(f"before-send.s3.{operation}", check)
        try:
            client.upload_file(
                str(source),
                self._bucket,
                self._key(file.name),
                ExtraArgs={
                    "ContentType": media_type_of(source.name),
                    "Metadata": {"sha256": file.sha256},
                },
                Config=TransferConfig(
                    multipart_threshold=PART,
                    multipart_chunksize=part_size(file.bytes),
                    max_concurrency=THREADS,
                    preferred_transfer_client="classic",
                ),
            )
        finally:
            for operation in _PARTS:
                client.meta.events.unregister(f"before-send.s3.{operation}", check)

    def _put_manifest(self, manifest: bytes, condition: Any, *, otherwise: Sequence[str]) -> str | None:
        """None, or S3's reason not to."""

        def put(client: S3Client) -> None:
            client.put_object(
                Bucket=self._bucket,
                Key=self._key(MANIFEST_NAME),
                Body=manifest,
                ContentType="application/json",
                **condition,
            )

        return self._access.ask(put, otherwise=otherwise)


def part_size(size: int) -> int:
    """Bytes of a part, in whole MiB: 16, or so many that 10,000 parts suffice."""
    return max(PART, -(-size // (MAX_PARTS * MIB)) * MIB)


def _before(moment: datetime, written: datetime | None) -> bool:
    """Strictly, since S3 counts in seconds. Without a manifest nothing can be told about anybody else's work."""
    return written is not None and moment < written
