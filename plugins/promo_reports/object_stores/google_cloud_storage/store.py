"""Google Cloud Storage: an upload makes an object visible completely, or not at all, and generations tell versions."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from promo_reports.domain.account import Bucket
from promo_reports.domain.file_format import media_type_of
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.bucket_access import BucketAccess
from promo_reports.object_stores.bucket_store import BucketStore
from promo_reports.object_stores.google_cloud_storage import errors
from promo_reports.object_stores.google_cloud_storage.client import ClientFactory, Connected, through_airflow
from promo_reports.object_stores.port import MOST_BYTES, Entry, LostRace, Objects, OpenObject, Stored, damaged
from promo_reports.object_stores.staged_file import CHUNK, chunks, digest_of, gone, new_file, receive
from promo_reports.object_stores.stopping import check
from promo_reports.regular_file import open_regular

if TYPE_CHECKING:
    from google.cloud.storage import Blob

PART = 16 << 20
"""Bytes of a part of a resumable upload, and of what one request reads: one part is in memory at a time."""
CACHE_CONTROL = "private, no-store"
"""Where anybody may read a bucket, Google's caches would go on with the previous manifest for an hour."""

_MISSING = (errors.MISSING,)
_LOST = ("conditionNotMet", "412")


def google_cloud_storage_store(bucket: Bucket) -> GoogleCloudStorage:
    """Return the store of a connected bucket, with the credentials of its Airflow connection."""
    return GoogleCloudStorage(bucket.connection, bucket.name, bucket.prefix)


class GoogleCloudStorage(BucketStore["GoogleObjects"]):
    """A bucket below a prefix; addresses are `gs://bucket/key`.

    `connection` is the Airflow connection with the credentials. `client` replaces it for tests, which have none; then
    the name only appears in messages.
    """

    def __init__(self, connection: str, bucket: str, prefix: str = "", *, client: ClientFactory | None = None) -> None:
        access = BucketAccess(bucket, connection, client or through_airflow(connection), errors)
        super().__init__(prefix, partial(GoogleObjects, access))


class GoogleObjects:
    """The keys below one prefix."""

    exclusive = False

    def __init__(self, access: BucketAccess[Connected], prefix: str) -> None:
        self._access = access
        self._bucket = access.bucket
        self._prefix = prefix

    def get(self, name: str) -> Stored | None:
        """Return an object; its tag is its generation."""
        found = self._access.ask(lambda connected: self._read(connected, name), otherwise=_MISSING)
        return None if isinstance(found, str) else found

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Upload on the condition of a generation, 0 where there must be none."""

        def put(connected: Connected) -> None:
            blob = connected.blob(self._bucket, self._key(name))
            blob.cache_control = CACHE_CONTROL
            blob.upload_from_string(
                content,
                content_type="application/json",
                if_generation_match=int(replacing or 0),
                **connected.limits,
            )

        if self._access.ask(put, otherwise=_LOST):
            raise LostRace

    def discard(self, name: str, *, stamp: str) -> None:
        """Delete on the condition of a generation."""

        def drop(connected: Connected) -> None:
            connected.blob(self._bucket, self._key(name)).delete(if_generation_match=int(stamp), **connected.limits)

        if self._access.ask(drop, otherwise=(*_LOST, *_MISSING)) in _LOST:
            raise LostRace

    def upload(self, file: ExportFile, source: Path) -> None:
        """Upload a file with its MD5, by which Google refuses all else; then ask for it if the response is lost."""
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in chunks(file, source):
            digest.update(chunk)
        md5 = base64.b64encode(digest.digest()).decode()
        stopped = threading.Event()
        try:
            self._access.ask(lambda connected: self._upload(connected, file, md5, source, stopped), end=stopped.set)
        except PromoReportsError:
            if not self._has_after_all(file):
                raise

    def download(self, file: ExportFile, target: Path) -> None:
        """Read an object in pieces, all of the same generation."""
        address, stopped = self.address(file.name), threading.Event()

        def read(connected: Connected, received: BinaryIO) -> None:
            with self._opened(connected, self._current(connected, file.name), stopped) as content:
                receive(file, iter(partial(content.read, CHUNK), b""), received, address)

        with new_file(target) as received:
            if self._access.ask(lambda connected: read(connected, received), otherwise=_MISSING, end=stopped.set):
                raise gone(address)

    def copy(self, file: ExportFile, source: Objects) -> bool:
        """Have Google rewrite an object that the same connection reaches, in as many requests as it asks for."""
        if not isinstance(source, GoogleObjects) or source._access.connection != self._access.connection:
            return False
        stopped = threading.Event()
        found = self._access.ask(
            lambda connected: self._rewrite(connected, file, source, stopped),
            otherwise=_MISSING,
            end=stopped.set,
        )
        if found == errors.MISSING:
            raise gone(source.address(file.name))
        if found != file.sha256:
            raise DestinationUnavailable(f"{self.address(file.name)} is not what was copied.")
        return True

    def digest(self, name: str) -> tuple[int, str] | None:
        """Return the size that Google has, and the sha256 that its MD5 proves; without proof, read the object."""
        stopped = threading.Event()

        def ask(connected: Connected) -> tuple[int, str]:
            blob = self._current(connected, name)
            proven = _proven(blob)
            if proven is not None:
                return int(blob.size), proven
            with self._opened(connected, blob, stopped) as content:
                return digest_of(content)

        found = self._access.ask(ask, otherwise=_MISSING, end=stopped.set)
        return None if isinstance(found, str) else found

    def open(self, name: str) -> OpenObject | None:
        """Ask Google what it has, and sign a URL for that generation."""

        def sign(connected: Connected) -> OpenObject:
            blob = self._current(connected, name)
            return OpenObject(int(blob.size), _proven(blob), connected.signed_url(blob, name, self._access.connection))

        found = self._access.ask(sign, otherwise=_MISSING)
        return None if isinstance(found, str) else found

    def entries(self) -> Sequence[Entry]:
        """List objects; uploads that were never finished are invisible, and Google drops them after a week."""
        return [
            Entry(each.name[len(self._prefix) :], int(each.size), each.time_created, stamp=str(each.generation))
            for each in self._listed("items(name,size,timeCreated,generation)")[0]
        ]

    def folders(self) -> Sequence[str]:
        """List the common prefixes up to the next `/`."""
        return [each[len(self._prefix) : -1] for each in self._listed("prefixes", delimiter="/")[1]]

    def delete(self, names: Iterable[tuple[str, object]]) -> None:
        """Delete objects."""
        for name, _ in names:
            self._access.ask(partial(self._drop, name), otherwise=_MISSING)

    def address(self, name: str) -> str:
        """Return a `gs://bucket/key` URI."""
        return f"gs://{self._bucket}/{self._key(name)}"

    def _key(self, name: str) -> str:
        return self._prefix + name

    def _listed(self, fields: str, **options: str) -> tuple[list[Blob], list[str]]:
        """List all pages; return the objects and the common prefixes."""

        def read(connected: Connected) -> tuple[list[Blob], list[str]]:
            pages = connected.client.list_blobs(
                self._bucket, prefix=self._prefix, fields=f"{fields},nextPageToken", **options, **connected.limits
            )
            blobs = list(pages)
            return blobs, sorted(pages.prefixes)

        found = self._access.ask(read)
        return ([], []) if isinstance(found, str) else found

    def _current(self, connected: Connected, name: str) -> Blob:
        """Return the handle of the object that is there now: all that is asked of it is asked of its generation."""
        blob = connected.blob(self._bucket, self._key(name))
        blob.reload(**connected.limits)
        return blob

    def _read(self, connected: Connected, name: str) -> Stored:
        from google.api_core.exceptions import NotFound

        while True:
            blob = self._current(connected, name)
            end = MOST_BYTES if blob.size > MOST_BYTES else None
            try:
                content = blob.download_as_bytes(end=end, raw_download=True, **connected.limits) if blob.size else b""
            except NotFound:  # replaced between the two requests, or deleted, which the next one tells
                continue
            return Stored(content, str(blob.generation), blob.time_created)

    @contextmanager
    def _opened(self, connected: Connected, blob: Blob, stopped: threading.Event) -> Iterator[BinaryIO]:
        """Open an object for reading from its beginning, as it is stored."""
        with blob.open("rb", chunk_size=PART, raw_download=True, **connected.limits) as content:
            yield _Stoppable(content, stopped)  # type: ignore[misc]

    def _upload(self, connected: Connected, file: ExportFile, md5: str, source: Path, stopped: threading.Event) -> None:
        """Upload a file in one request, or in parts if it is large; once `stopped` is set no further part is sent."""
        blob = connected.blob(self._bucket, self._key(file.name), chunk_size=PART)
        blob.md5_hash = md5
        _describe(blob, file, md5)
        with os.fdopen(open_regular(source), "rb") as content:
            try:
                blob.upload_from_file(
                    _Stoppable(content, stopped),
                    size=file.bytes,
                    content_type=blob.content_type,
                    checksum=None,
                    **connected.limits,
                )
            except ValueError:  # the client library does not go back to where the server stopped within a part
                raise DestinationUnavailable(f"{self.address(file.name)} was taken in part only.") from None

    def _rewrite(
        self, connected: Connected, file: ExportFile, source: GoogleObjects, stopped: threading.Event
    ) -> str | None:
        """Copy an object, and return the sha256 that Google's MD5 of the copy proves."""
        found = source._current(connected, file.name)
        if (found.size, _proven(found)) != (file.bytes, file.sha256):
            raise damaged(source.address(file.name), "it is not the file that its manifest names")
        blob, token = connected.blob(self._bucket, self._key(file.name)), None
        _describe(blob, file, found.md5_hash)
        while True:
            check(stopped)
            token, *_ = blob.rewrite(found, token=token, **connected.limits)
            if token is None:
                return _proven(blob) if blob.size == file.bytes else None

    def _has_after_all(self, file: ExportFile) -> bool:
        try:
            return self.digest(file.name) == (file.bytes, file.sha256)
        except PromoReportsError:
            return False

    def _drop(self, name: str, connected: Connected) -> None:
        connected.blob(self._bucket, self._key(name)).delete(**connected.limits)


class _Stoppable:
    """A file that is read until `stopped` is set; then Stopped is raised."""

    def __init__(self, file: BinaryIO, stopped: threading.Event) -> None:
        self._file, self._stopped = file, stopped

    def read(self, size: int = -1) -> bytes:
        """Read bytes, unless the transfer has been stopped."""
        check(self._stopped)
        return self._file.read(size)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()


def _describe(blob: Any, file: ExportFile, md5: str) -> None:
    """Set what an object is stored with; its metadata is proof of its sha256 as long as Google's MD5 is this one."""
    blob.content_type = media_type_of(file.name)
    blob.cache_control = CACHE_CONTROL
    blob.metadata = {"sha256": file.sha256, "md5": md5}


def _proven(blob: Any) -> str | None:
    """Return the sha256 that an object was stored with, if Google's own MD5 is the one that we computed with it.

    Metadata alone proves nothing: it can be carried over to other content. Google has no MD5 of composed objects.
    """
    metadata = blob.metadata or {}
    if blob.md5_hash and metadata.get("md5") == blob.md5_hash:
        return metadata.get("sha256")
    return None
