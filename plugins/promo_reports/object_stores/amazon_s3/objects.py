"""Objects below one prefix of a bucket: a PUT makes one visible completely, or not at all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from promo_reports.domain.file_format import media_type_of
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.amazon_s3.checksums import proven_sha256
from promo_reports.object_stores.amazon_s3.server_copy import copy_object
from promo_reports.object_stores.amazon_s3.upload import upload_of
from promo_reports.object_stores.amazon_s3.write_options import WriteOptions
from promo_reports.object_stores.bucket_access import BucketAccess
from promo_reports.object_stores.port import MOST_BYTES, Entry, LostRace, Objects, OpenObject, Stored, damaged
from promo_reports.object_stores.signed_url import URL_SECONDS, content_disposition
from promo_reports.object_stores.staged_file import CHUNK, digest_of_chunks, gone, new_file, receive
from promo_reports.object_stores.stopping import until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

_MISSING = ("NoSuchKey", "404", "NotFound")
_LOST = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409")
_DENIED = ("AccessDenied",)
_UNKNOWN = ("NotImplemented", "501")
"""What a server says that lacks conditional writes, or checksums."""


class AmazonS3Objects:
    """The keys below one prefix."""

    exclusive = False

    def __init__(self, access: BucketAccess[S3Client], prefix: str, options: WriteOptions) -> None:
        self._access = access
        self._bucket = access.bucket
        self._prefix = prefix
        self._options = options

    def get(self, name: str) -> Stored | None:
        """Return an object; its tag is its ETag."""

        def read(client: S3Client) -> Stored:
            got = client.get_object(**self._at(name))
            with closing(got["Body"]) as body:
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
        refused = self._put(name, content, condition, otherwise=(*_LOST, *_UNKNOWN))
        if refused in _UNKNOWN:
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
        upload = upload_of(file, source)
        target = {**self._at(file.name), **self._options.of_file()}
        stopped = threading.Event()

        def send(client: S3Client, *, checked: bool = True) -> None:
            upload.send(client, target, stopped, checked=checked)

        try:
            if self._access.ask(send, otherwise=_UNKNOWN, end=stopped.set) in _UNKNOWN:
                log.debug("Bucket %s has no checksums: what was uploaded is read again", self._bucket)
                self._access.ask(partial(send, checked=False), end=stopped.set)
        except PromoReportsError:
            if not self._has_after_all(file):
                raise
        else:
            if self.digest(file.name) != (file.bytes, file.sha256):
                raise DestinationUnavailable(f"{self.address(file.name)} is not what was sent.")
        self._check_encrypted(file.name)

    def download(self, file: ExportFile, target: Path) -> None:
        """Read an object as a stream; it is as long as it takes, but no longer silent than the client's time limit."""
        address, stopped = self.address(file.name), threading.Event()

        def read(client: S3Client, received: BinaryIO) -> None:
            with closing(client.get_object(**self._at(file.name))["Body"]) as body:
                receive(file, until(stopped, body.iter_chunks(CHUNK)), received, address)

        with new_file(target) as received:
            if self._access.ask(lambda client: read(client, received), otherwise=_MISSING, end=stopped.set):
                raise gone(address)

    def copy(self, file: ExportFile, source: Objects) -> bool:
        """Have S3 copy an object that the same connection reaches, and compare what its own checksum proves."""
        if not isinstance(source, AmazonS3Objects) or source._access.connection != self._access.connection:
            return False
        found = source._head(file.name, ChecksumMode="ENABLED")
        if found is None:
            raise gone(source.address(file.name))
        if source._proven(found, file.name) != (file.bytes, file.sha256):
            raise damaged(source.address(file.name), "it is not the file that its manifest names")
        written = {
            "ContentType": media_type_of(file.name),
            "Metadata": found["Metadata"],
            **self._options.of_file(),
        }
        places, stopped = (source._at(file.name), self._at(file.name)), threading.Event()
        refused = self._access.ask(
            lambda client: copy_object(client, *places, size=file.bytes, written=written, stopped=stopped),
            otherwise=(*_MISSING, *_UNKNOWN),
            end=stopped.set,
        )
        if refused in _UNKNOWN:
            return False
        if refused:
            raise gone(source.address(file.name))
        if self.digest(file.name) != (file.bytes, file.sha256):
            raise DestinationUnavailable(f"{self.address(file.name)} is not what was copied.")
        self._check_encrypted(file.name)
        return True

    def digest(self, name: str) -> tuple[int, str] | None:
        """Return the size and hash that S3's own checksum proves; without one, of the content, which is read."""
        found = self._head(name, ChecksumMode="ENABLED")
        return None if found is None else self._proven(found, name)

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

    def _at(self, name: str) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": self._key(name)}

    def _name(self, listed: Any) -> str:
        return str(listed["Key"])[len(self._prefix) :]

    def _pages(self, operation: Any, field: str, *, otherwise: Sequence[str] = (), **options: str) -> list[Any]:
        def read(client: S3Client) -> list[Any]:
            pages = client.get_paginator(operation).paginate(Bucket=self._bucket, Prefix=self._prefix, **options)
            return [each for page in pages for each in page.get(field, [])]

        found = self._access.ask(read, otherwise=otherwise)
        return found if isinstance(found, list) else []

    def _head(self, name: str, **options: Any) -> Any:
        """Return what S3 says of an object, or None."""

        def head(client: S3Client) -> Any:
            answered = client.head_object(**self._at(name), **options)
            return {**answered, "ETag": answered["ETag"]}  # KeyError: what answers is no S3 server

        found = self._access.ask(head, otherwise=_MISSING)
        return None if isinstance(found, str) else found

    def _proven(self, found: Any, name: str) -> tuple[int, str] | None:
        proven = proven_sha256(found)
        return (found["ContentLength"], proven) if proven else self._read(name)

    def _read(self, name: str) -> tuple[int, str] | None:
        """Return the size and hash of an object by reading all of it; None if it is gone."""
        stopped = threading.Event()

        def read(client: S3Client) -> tuple[int, str]:
            with closing(client.get_object(**self._at(name))["Body"]) as body:
                return digest_of_chunks(until(stopped, body.iter_chunks(CHUNK)))

        found = self._access.ask(read, otherwise=_MISSING, end=stopped.set)
        return None if isinstance(found, str) else found

    def _check_encrypted(self, name: str) -> None:
        """Delete an uploaded object again that the server has not encrypted as the account asks, and refuse it."""
        if self._options.encryption and not self._options.encrypted(self._head(name) or {}):
            self.delete([(name, None)])
            raise DestinationRefused(
                f"{self.address(name)} was not encrypted with {self._options.encryption}: the server ignores it.",
                "Deliver to a server that encrypts, or take encryption from the bucket in include/account.yaml.",
            )

    def _presigned(self, client: S3Client, name: str) -> str:
        return client.generate_presigned_url(
            "get_object",
            Params={
                **self._at(name),
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
        if upload is None:
            client.delete_object(**self._at(name))
        else:
            client.abort_multipart_upload(**self._at(name), UploadId=str(upload))

    def _put(self, name: str, content: bytes, condition: Any, *, otherwise: Sequence[str]) -> str | None:
        """Put an object, and return None, or the error code if S3 refuses."""

        def put(client: S3Client) -> None:
            client.put_object(
                **self._at(name),
                **self._options.of_small_object(),
                Body=content,
                ContentType="application/json",
                **condition,
            )

        return self._access.ask(put, otherwise=otherwise)
