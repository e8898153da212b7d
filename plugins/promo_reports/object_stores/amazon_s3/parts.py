"""End uploads in parts early, also those that boto3 makes by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from promo_reports.object_stores.stopping import check

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PARTS = ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload")


@contextmanager
def no_parts_after(stopped: threading.Event, client: S3Client) -> Iterator[None]:
    """Send no further request of an upload in parts, and none again, once `stopped` is set."""

    def check_again(**_: object) -> None:
        check(stopped)

    for operation in _PARTS:
        client.meta.events.register(f"before-send.s3.{operation}", check_again)
    try:
        yield
    finally:
        for operation in _PARTS:
            client.meta.events.unregister(f"before-send.s3.{operation}", check_again)
