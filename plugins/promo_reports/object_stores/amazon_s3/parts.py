"""End transfers early: whoever asked for one may be told to end in the middle of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PARTS = ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload")


class Stopped(Exception):
    """The transfer was stopped."""


@contextmanager
def no_parts_after(stopped: threading.Event, client: S3Client) -> Iterator[None]:
    """Send no further request of an upload in parts, and none again, once `stopped` is set."""

    def check(**_: object) -> None:
        if stopped.is_set():
            raise Stopped

    for operation in _PARTS:
        client.meta.events.register(f"before-send.s3.{operation}", check)
    try:
        yield
    finally:
        for operation in _PARTS:
            client.meta.events.unregister(f"before-send.s3.{operation}", check)


def until(stopped: threading.Event, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield chunks until `stopped` is set; then raise Stopped."""
    for chunk in chunks:
        if stopped.is_set():
            raise Stopped
        yield chunk
