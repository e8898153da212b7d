"""Buckets through the filesystems of pyarrow, and any filesystem that is given.

The libraries find credentials in their ordinary places: AWS's environment variables, profiles and roles; Google's
application default credentials; Azure's `AZURE_STORAGE_ACCOUNT` with a key, a token or an identity.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from promo_reports.domain.manifest import MOST_MANIFEST_BYTES, ExportFile
from promo_reports.errors import DestinationRefused, DestinationUnavailable, ReadRefused
from promo_reports.object_stores.port import damaged
from promo_reports.reading.trees.tree import QUOTED, Content, Found

_CODE = re.compile(r"AWS Error ([A-Z_]{1,60})")
_REFUSED = {"ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "NO_SUCH_BUCKET"}


def s3_tree(bucket: str) -> ArrowTree:
    """Return the tree of Amazon S3, or of the server that AWS_ENDPOINT_URL names."""
    from pyarrow import fs

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    with _told(f"s3://{bucket}"):
        if region is None and endpoint is None:
            region = fs.resolve_s3_region(bucket)
        return ArrowTree(
            "s3", fs.S3FileSystem(region=region, endpoint_override=endpoint, connect_timeout=10, request_timeout=60)
        )


def gs_tree(bucket: str) -> ArrowTree:
    """Return the tree of Google Cloud Storage."""
    from pyarrow import fs

    with _told(f"gs://{bucket}"):
        return ArrowTree("gs", fs.GcsFileSystem(retry_time_limit=timedelta(seconds=60)))


def az_tree(container: str) -> ArrowTree:
    """Return the tree of the storage account that AZURE_STORAGE_ACCOUNT names, since an address has none."""
    from pyarrow import fs

    account = os.environ.get("AZURE_STORAGE_ACCOUNT")
    if not account:
        raise ReadRefused(
            f"az://{container} does not say its storage account.",
            "Set AZURE_STORAGE_ACCOUNT, and AZURE_STORAGE_KEY where no identity of this host is permitted.",
        )
    given = {
        "account_key": os.environ.get("AZURE_STORAGE_KEY"),
        "sas_token": os.environ.get("AZURE_STORAGE_SAS_TOKEN"),
    }
    with _told(f"az://{container}"):
        return ArrowTree("az", fs.AzureFileSystem(account, **{key: value for key, value in given.items() if value}))


def given_tree(scheme: str, filesystem: Any) -> ArrowTree:
    """Return the tree of a filesystem of pyarrow or fsspec, whose paths are those of the addresses."""
    from pyarrow import fs

    if not isinstance(filesystem, fs.FileSystem):
        filesystem = fs.PyFileSystem(fs.FSSpecHandler(filesystem))
    return ArrowTree(scheme, filesystem)


class ArrowTree:
    """The paths of a filesystem, `bucket/key`; addresses are `<scheme>://<path>`."""

    def __init__(self, scheme: str, filesystem: Any) -> None:
        self._scheme, self._filesystem = scheme, filesystem

    def get(self, path: str) -> bytes | None:
        """Return a small file."""
        try:
            with _told(self.address(path)), self._filesystem.open_input_stream(path, compression=None) as opened:
                content: bytes = opened.read(MOST_MANIFEST_BYTES + 1)
                return content
        except FileNotFoundError:
            return None

    @contextmanager
    def content(self, path: str, file: ExportFile) -> Iterator[Content | None]:
        """Open a file as a stream, once its size is the manifest's."""
        address = self.address(path)
        with _told(address):
            found = self._filesystem.get_file_info(path)
        if found.type.name == "NotFound":
            yield None
            return
        if not found.is_file or found.size != file.bytes:
            size = f"it has {found.size or 0:,} bytes" if found.is_file else "it is no regular file"
            raise damaged(address, f"{size}, its manifest names {file.bytes:,}")
        try:
            with _told(address):
                opened = self._filesystem.open_input_stream(path, compression=None)
        except FileNotFoundError:
            yield None
            return
        with opened:
            yield _Stream(opened, address)

    def below(self, path: str) -> Iterator[Found]:
        """List everything below a folder at once."""
        from pyarrow import fs

        with _told(self.address(path)):
            found = self._filesystem.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
            bucket = path.partition("/")[0]
            if not found and bucket and self._filesystem.get_file_info(bucket).type.name == "NotFound":
                raise DestinationRefused(
                    f"There is no bucket {bucket!r} at {self.address(path)}.", "Correct the address."
                )
        for each in sorted(found, key=lambda info: str(info.path)):
            if each.type.name != "Directory":
                yield Found(each.path, each.size if each.is_file else None)

    def address(self, path: str) -> str:
        """Return the scheme with the path."""
        return f"{self._scheme}://{quote(path) if self._scheme in QUOTED else path}"


class _Stream:
    """The bytes of an open file; a file that goes while it is read ends too early, which its hash shows."""

    def __init__(self, opened: Any, address: str) -> None:
        self._opened, self._address = opened, address

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""
        try:
            with _told(self._address):
                content: bytes = self._opened.read(size)
                return content
        except FileNotFoundError:
            return b""


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Translate the errors of a filesystem; their own texts may name requests and keys, and are left out."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        code = _CODE.search(str(error))
        name = code[1] if code else type(error).__name__
        if isinstance(error, PermissionError | ValueError) or name in _REFUSED:
            raise DestinationRefused(
                f"{address} refuses to be read ({name}).", "Check the address, and the credentials of this process."
            ) from None
        raise DestinationUnavailable(f"{address} cannot be reached ({name}).") from None
