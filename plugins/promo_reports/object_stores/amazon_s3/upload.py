"""Send a staged file: one PUT, or parts of a multipart upload, each with the SHA-256 that S3 must find."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promo_reports.domain.file_format import media_type_of
from promo_reports.domain.manifest import ExportFile
from promo_reports.object_stores.amazon_s3.checksums import SHA256, encoded, metadata_of, part_checksums
from promo_reports.object_stores.amazon_s3.parts import no_parts_after
from promo_reports.object_stores.staged_file import chunks, unreadable
from promo_reports.object_stores.stopping import check
from promo_reports.regular_file import open_regular

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1 << 20
PART = 16 * MIB
"""Bytes of a part of a multipart upload, and the size from which there are parts."""
MAX_PARTS = 10_000
THREADS = 3


def part_size(size: int) -> int:
    """Return the bytes of a part, in whole MiB: 16, or more if 10,000 parts would not suffice."""
    return max(PART, -(-size // (MAX_PARTS * MIB)) * MIB)


def upload_of(file: ExportFile, source: Path) -> FileUpload | PartsUpload:
    """Read a staged file and return its upload; StagingError unless it is the file of the manifest."""
    if file.bytes < PART:
        return FileUpload(file, b"".join(chunks(file, source)))
    return PartsUpload(file, source, tuple(part_checksums(file, source, part_size(file.bytes))))


@dataclass(frozen=True)
class FileUpload:
    """A file that is small enough for one PUT."""

    file: ExportFile
    content: bytes

    def send(self, client: S3Client, target: Mapping[str, Any], stopped: threading.Event, *, checked: bool) -> None:
        """Put the file at `target`, the parameters of `PutObject`; `checked` has S3 compare its checksum."""
        check(stopped)
        checksum = {**SHA256, "ChecksumSHA256": encoded(bytes.fromhex(self.file.sha256))} if checked else {}
        client.put_object(
            **target,
            **checksum,
            ContentType=media_type_of(self.file.name),
            Metadata=metadata_of(self.file),
            Body=self.content,
        )


@dataclass(frozen=True)
class PartsUpload:
    """A file that is sent in parts with these checksums."""

    file: ExportFile
    source: Path
    checksums: Sequence[bytes]

    def send(self, client: S3Client, target: Mapping[str, Any], stopped: threading.Event, *, checked: bool) -> None:
        """Send all parts and complete the upload; once `stopped` is set, no further part is sent.

        An upload that is not completed is aborted as far as S3 answers, and listed as unfinished otherwise.
        """
        begun = client.create_multipart_upload(
            **target,
            **(SHA256 if checked else {}),
            ContentType=media_type_of(self.file.name),
            Metadata=metadata_of(self.file, self.checksums),
        )
        upload = {"Bucket": target["Bucket"], "Key": target["Key"], "UploadId": begun["UploadId"]}
        try:
            with no_parts_after(stopped, client):
                sent = self._parts(client, upload, stopped, checked=checked)
                client.complete_multipart_upload(**upload, MultipartUpload={"Parts": sent})
        except BaseException:
            with suppress(Exception):
                client.abort_multipart_upload(**upload)
            raise

    def _parts(
        self, client: S3Client, upload: Mapping[str, Any], stopped: threading.Event, *, checked: bool
    ) -> list[Any]:
        """Send the parts side by side, and return what completes the upload; the first error ends it."""
        size = part_size(self.file.bytes)
        try:
            staged = open_regular(self.source)
        except OSError as error:
            raise unreadable(self.source, error) from None

        def send(number: int, checksum: bytes) -> Any:
            check(stopped)
            offset = (number - 1) * size
            # botocore makes a stream of bytes, which is sent in pieces of 16 KiB, but none of a bytearray.
            content: Any = bytearray(min(size, self.file.bytes - offset))
            try:
                os.preadv(staged, [content], offset)
            except OSError as error:
                raise unreadable(self.source, error) from None
            part: dict[str, Any] = {"PartNumber": number}
            if checked:
                part["ChecksumSHA256"] = encoded(checksum)
            answered = client.upload_part(**upload, **part, **(SHA256 if checked else {}), Body=content)
            return {**part, "ETag": answered["ETag"]}

        try:
            with ThreadPoolExecutor(THREADS, "upload-part") as pool:
                sending = [pool.submit(send, *each) for each in enumerate(self.checksums, start=1)]
                wait(sending, return_when=FIRST_EXCEPTION)
                pool.shutdown(cancel_futures=True)
            return [each.result() for each in sending]
        finally:
            os.close(staged)
