"""Have S3 copy an object, in one request, or in parts if it is too large for one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from promo_reports.object_stores.amazon_s3.checksums import SHA256
from promo_reports.object_stores.amazon_s3.parts import no_parts_after
from promo_reports.object_stores.amazon_s3.upload import THREADS, part_size

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST_COPIED = 5 << 30
"""Bytes that S3 copies in one request."""


def copy_object(
    client: S3Client,
    source: Mapping[str, str],
    target: Mapping[str, str],
    *,
    size: int,
    written: Mapping[str, Any],
    stopped: threading.Event,
) -> None:
    """Copy `size` bytes between places of `Bucket` and `Key`; `written` are the parameters of the new object.

    S3 computes a SHA-256 of the copy, and of one in parts the same composite as of an upload: the parts are as large.
    Once `stopped` is set no further part is asked for, and boto3 aborts the upload.
    """
    from boto3.s3.transfer import TransferConfig

    with no_parts_after(stopped, client):
        client.copy(
            {"Bucket": source["Bucket"], "Key": source["Key"]},
            target["Bucket"],
            target["Key"],
            ExtraArgs={**written, **SHA256, "MetadataDirective": "REPLACE"},
            Config=TransferConfig(
                multipart_threshold=MOST_COPIED,
                multipart_chunksize=part_size(size),
                max_concurrency=THREADS,
                preferred_transfer_client="classic",
            ),
        )
