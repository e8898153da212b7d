"""The blobs below one prefix of a container: made of blocks, replaced and deleted on the condition of an ETag."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from promo_reports.domain.file_format import media_type_of
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.object_stores.azure_blob import errors
from promo_reports.object_stores.azure_blob.blocks import (
    block_of,
    copy_blocks,
    drop_blocks,
    file_of,
    make_of_blocks,
    stage,
)
from promo_reports.object_stores.azure_blob.etags import if_still, tag_of
from promo_reports.object_stores.azure_blob.signing import signed_url
from promo_reports.object_stores.bucket_access import BucketAccess
from promo_reports.object_stores.port import MOST_BYTES, Entry, LostRace, Objects, OpenObject, Stored, damaged
from promo_reports.object_stores.signed_url import URL_SECONDS, content_disposition
from promo_reports.object_stores.staged_file import digest_of_chunks, gone, new_file, receive
from promo_reports.object_stores.stopping import until

if TYPE_CHECKING:
    from azure.storage.blob import BlobBlock, BlobClient, BlobProperties, BlobServiceClient

COPY_SECONDS = 3600
"""Seconds that Azure may take for copying a blob; if they do not suffice, the copy goes through this host."""

_LOST = ("BlobAlreadyExists", "ConditionNotMet", errors.MISSING)
_NOT_COPIED = ("CannotVerifyCopySource", "APINotImplemented", "501")
_UNCOMMITTED = "uncommitted blocks"
"""The handle of a blob of which nothing was ever committed."""
_NEVER = datetime.max.replace(tzinfo=UTC)
"""When such a blob was written, if the listing does not tell: it is not older than anything then."""


class AzureBlobObjects:
    """The blobs below one prefix."""

    exclusive = False

    def __init__(self, access: BucketAccess[BlobServiceClient], prefix: str) -> None:
        self._access = access
        self._container = access.bucket
        self._prefix = prefix

    def get(self, name: str) -> Stored | None:
        """Return a blob; its tag is its ETag."""

        def read(client: BlobServiceClient) -> Stored:
            got = self._blob(client, name).download_blob()  # without a range, which Azure refuses of an empty blob
            return Stored(got.read(MOST_BYTES + 1), tag_of(got.properties.etag), got.properties.last_modified)

        found = self._access.ask(read, otherwise=(errors.MISSING,))
        return None if isinstance(found, str) else found

    def put(self, name: str, content: bytes, *, replacing: str | None) -> None:
        """Put on a condition, in one request."""

        def write(client: BlobServiceClient) -> None:
            from azure.storage.blob import ContentSettings

            self._blob(client, name).upload_blob(
                content,
                overwrite=replacing is not None,
                content_settings=ContentSettings(content_type="application/json"),
                validate_content=True,
                **({} if replacing is None else if_still(replacing)),
            )

        if self._access.ask(write, otherwise=_LOST):
            raise LostRace

    def discard(self, name: str, *, stamp: str) -> None:
        """Delete what still has the ETag; a blob that is gone has none either."""
        answered = self._access.ask(
            lambda client: self._blob(client, name).delete_blob(**if_still(stamp)),
            otherwise=("ConditionNotMet", errors.MISSING),
        )
        if answered == "ConditionNotMet" and self._properties(name) is not None:
            raise LostRace

    def upload(self, file: ExportFile, source: Path) -> None:
        """Upload a file, then ask Azure for it, as the response to the commit may be lost."""
        stopped = threading.Event()
        try:
            self._access.ask(partial(self._make, file, partial(stage, file, source, stopped=stopped)), end=stopped.set)
        except (DestinationRefused, DestinationUnavailable):
            if not self._has_after_all(file):
                raise
        else:
            self._verify(file)

    def digest(self, name: str) -> tuple[int, str] | None:
        """Return what the blob's blocks say, or what reading the blob says if they are of another writer."""
        found = self._known(name)
        if found is None:
            return None
        size, sha256 = found
        return self._read(name) if sha256 is None else (size, sha256)

    def download(self, file: ExportFile, target: Path) -> None:
        """Read a blob in pieces, all of the same version."""
        address, stopped = self.address(file.name), threading.Event()

        def read(received: BinaryIO, client: BlobServiceClient) -> None:
            receive(file, self._chunks(client, file.name, stopped), received, address)

        with new_file(target) as received:
            if self._access.ask(partial(read, received), otherwise=(errors.MISSING,), end=stopped.set):
                raise gone(address)

    def copy(self, file: ExportFile, source: Objects) -> bool:
        """Have Azure copy a blob of the same account block by block; it compares the MD5 of each.

        False for a blob that another program has written, and for one whose connection cannot sign its URL.
        """
        if not isinstance(source, AzureBlobObjects) or source._account() != self._account():
            return False
        size, sha256 = source._known(file.name) or (None, None)
        if size is None:
            raise gone(source.address(file.name))
        if size != file.bytes or sha256 not in (None, file.sha256):
            raise damaged(source.address(file.name), "it is not the file that its manifest names")
        url = source._signed(file.name, COPY_SECONDS)
        if sha256 is None or url is None:
            return False
        blocks = [block for each in source._blocks(file.name) or () if (block := block_of(each)) is not None]
        stopped = threading.Event()
        copied = partial(copy_blocks, blocks, url, stopped=stopped)
        if self._access.ask(partial(self._make, file, copied), otherwise=_NOT_COPIED, end=stopped.set):
            return False
        self._verify(file)
        return True

    def open(self, name: str) -> OpenObject | None:
        """Ask Azure what it has, and sign a URL for it."""
        found = self._known(name)
        if found is None:
            return None
        url = self._signed(
            name,
            URL_SECONDS,
            content_disposition=content_disposition(name),
            cache_control="private, no-store",
        )
        if url is None:
            raise DestinationRefused(
                f"Connection {self._access.connection!r} cannot sign links for downloads: it has a shared access "
                "signature, which signs nothing else.",
                "Give it the account's key, a service principal or a managed identity.",
            )
        return OpenObject(*found, url)

    def entries(self) -> Sequence[Entry]:
        """List blobs, and those of which blocks were sent and nothing was committed.

        A listing does not tell which those are, so it is compared with one that leaves them out.
        """
        sent = self._listed(include=["uncommittedblobs"])
        committed = {each.name: each for each in self._listed()}
        return [
            *(
                Entry(self._name(each), int(each.size), each.last_modified, stamp=tag_of(each.etag))
                for each in committed.values()
            ),
            *(
                Entry(self._name(each), None, each.last_modified or _NEVER, True, _UNCOMMITTED)
                for each in sent
                if each.name not in committed
            ),
        ]

    def folders(self) -> Sequence[str]:
        """List the common prefixes up to the next `/`, with those that hold nothing but blocks."""

        def read(client: BlobServiceClient) -> list[str]:
            from azure.storage.blob import BlobPrefix

            found = client.get_container_client(self._container).walk_blobs(
                self._prefix, include=["uncommittedblobs"], delimiter="/"
            )
            return [each.name[len(self._prefix) : -1] for each in found if isinstance(each, BlobPrefix)]

        return self._access.ask(read)

    def delete(self, names: Iterable[tuple[str, object]]) -> None:
        """Delete blobs, and blocks that were never committed."""
        for name, handle in names:
            self._access.ask(partial(self._drop, name, handle), otherwise=_LOST)

    def address(self, name: str) -> str:
        """Return an `az://container/name` URI."""
        return f"az://{self._container}/{self._prefix}{name}"

    def _blob(self, client: BlobServiceClient, name: str) -> BlobClient:
        return client.get_blob_client(self._container, self._prefix + name)

    def _name(self, listed: BlobProperties) -> str:
        return str(listed.name)[len(self._prefix) :]

    def _account(self) -> str:
        return self._access.ask(lambda client: client.primary_hostname)

    def _signed(self, name: str, seconds: int, **headers: str) -> str | None:
        return self._access.ask(
            lambda client: signed_url(client, self._container, self._prefix + name, seconds=seconds, **headers)
        )

    def _listed(self, **options: Any) -> list[BlobProperties]:
        def read(client: BlobServiceClient) -> list[BlobProperties]:
            return list(client.get_container_client(self._container).list_blobs(self._prefix, **options))

        return self._access.ask(read)  # type: ignore[return-value]

    def _blocks(self, name: str) -> list[BlobBlock] | None:
        """Return the blocks that a blob consists of, none where it was put in one request; None without it."""
        found = self._access.ask(
            lambda client: self._blob(client, name).get_block_list("committed")[0], otherwise=(errors.MISSING,)
        )
        return None if isinstance(found, str) else found

    def _known(self, name: str) -> tuple[int, str | None] | None:
        """Return the size of a blob, and the sha256 that its blocks say; None without it."""
        blocks = self._blocks(name)
        if blocks:
            return sum(each.size for each in blocks), file_of(map(block_of, blocks))
        found = self._properties(name)
        if found is None:
            return None
        return found.size, hashlib.sha256().hexdigest() if found.size == 0 else None

    def _properties(self, name: str) -> BlobProperties | None:
        found = self._access.ask(
            lambda client: self._blob(client, name).get_blob_properties(), otherwise=(errors.MISSING,)
        )
        return None if isinstance(found, str) else found

    def _read(self, name: str) -> tuple[int, str] | None:
        """Read a blob; None without it."""
        stopped = threading.Event()

        def read(client: BlobServiceClient) -> tuple[int, str]:
            return digest_of_chunks(self._chunks(client, name, stopped))

        found = self._access.ask(read, otherwise=(errors.MISSING,), end=stopped.set)
        return None if isinstance(found, str) else found

    def _chunks(self, client: BlobServiceClient, name: str, stopped: threading.Event) -> Iterator[bytes]:
        return until(stopped, self._blob(client, name).download_blob().chunks())

    def _verify(self, file: ExportFile) -> None:
        if self._known(file.name) != (file.bytes, file.sha256):
            raise DestinationUnavailable(f"{self.address(file.name)} is not what was sent.")

    def _has_after_all(self, file: ExportFile) -> bool:
        try:
            return self._known(file.name) == (file.bytes, file.sha256)
        except (DestinationRefused, DestinationUnavailable):
            return False

    def _make(self, file: ExportFile, send: Callable[[BlobClient], list[str]], client: BlobServiceClient) -> None:
        make_of_blocks(self._blob(client, file.name), media_type_of(file.name), send)

    def _drop(self, name: str, handle: object, client: BlobServiceClient) -> None:
        blob = self._blob(client, name)
        if handle == _UNCOMMITTED:
            drop_blocks(blob)
        else:
            blob.delete_blob()
