"""What Google Cloud Storage keeps and compares, for the server of `devstack.google_storage`: objects of generations."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import google_crc32c
from cryptography.hazmat.primitives.asymmetric import rsa

ACCOUNT = "promo-reports@devstack.iam.gserviceaccount.com"
WRITABLE = ("contentType", "cacheControl", "contentDisposition", "metadata")
_CONDITIONS: dict[str, Callable[[int, Kept | None], bool]] = {
    "ifGenerationMatch": lambda wanted, kept: wanted == (kept.generation if kept else 0),
    "ifGenerationNotMatch": lambda wanted, kept: wanted != (kept.generation if kept else 0),
    "ifMetagenerationMatch": lambda wanted, kept: kept is not None and wanted == kept.metageneration,
    "ifMetagenerationNotMatch": lambda wanted, kept: kept is None or wanted != kept.metageneration,
}


class Refused(Exception):
    """An error answer: its status, Google's reason and text."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status, self.reason, self.text = status, reason, text


@dataclass
class Kept:
    """An object of one generation; `described` are its fields that a writer sets."""

    content: bytes
    generation: int
    described: dict[str, Any]
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    metageneration: int = 1

    @property
    def md5(self) -> str:
        """The MD5 of its content in base64."""
        return base64.b64encode(hashlib.md5(self.content, usedforsecurity=False).digest()).decode()

    @property
    def crc32c(self) -> str:
        """The CRC32C of its content, in base64 of its four bytes from the highest."""
        return base64.b64encode(google_crc32c.value(self.content).to_bytes(4, "big")).decode()

    def resource(self, bucket: str, name: str) -> dict[str, Any]:
        """Return the object as the API describes it."""
        created = self.created.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.created.microsecond // 1000:03}Z"
        return {
            "kind": "storage#object",
            "bucket": bucket,
            "name": name,
            "size": str(len(self.content)),
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "timeCreated": created,
            "updated": created,
            "md5Hash": self.md5,
            "crc32c": self.crc32c,
            **self.described,
        }


@dataclass
class Session:
    """A resumable upload; `done` is the answer to its last part, which is given again to whoever asks again."""

    bucket: str
    resource: dict[str, Any]
    asked: dict[str, str]
    received: bytearray = field(default_factory=bytearray)
    done: dict[str, Any] | None = None


class GoogleStorage:
    """Buckets, uploads that are not finished, and the key and the tokens of the one service account.

    `fault` is asked before each request, with its method and its path, and returns the error that is answered instead,
    or None; `lost` after one that was done, and returns whether 503 is answered all the same. `part_received` is called
    with a session's number of bytes after each part. `bytes_per_rewrite` limits what one request copies.
    """

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, Kept]] = {}
        self.sessions: dict[str, Session] = {}
        self.tokens: dict[str, float] = {}
        self.fault: Callable[[str, str], Refused | None] = lambda method, path: None
        self.lost: Callable[[str, str], bool] = lambda method, path: False
        self.part_received: Callable[[int], object] = lambda size: None
        self.bytes_per_rewrite: int | None = None
        self.lock = threading.RLock()
        self.key = rsa.generate_private_key(65537, 2048)
        self._newest = 0

    def keep(self, bucket: str, name: str, content: bytes, described: dict[str, Any]) -> Kept:
        """Make a new generation of an object."""
        with self.lock:
            self._newest = max(self._newest + 1, time.time_ns() // 1000)
            kept = Kept(content, self._newest, {"contentType": "application/octet-stream", **described})
            self.objects(bucket)[name] = kept
            return kept

    def objects(self, bucket: str) -> dict[str, Kept]:
        """Return the objects of a bucket; 404 without it."""
        if bucket not in self.buckets:
            raise Refused(404, "notFound", "The specified bucket does not exist.")
        return self.buckets[bucket]

    def found(self, bucket: str, name: str, asked: dict[str, str]) -> Kept:
        """Return an object of the generation that is asked for, under its conditions; 404 without it."""
        kept = self.objects(bucket).get(name)
        if kept is None or asked.get("generation") not in (None, str(kept.generation)):
            raise Refused(404, "notFound", f"No such object: {bucket}/{name}")
        check(asked, kept)
        return kept

    def write(self, bucket: str, resource: dict[str, Any], content: bytes, asked: dict[str, str]) -> dict[str, Any]:
        """Compare conditions and checksums, then make a new generation, in one step."""
        with self.lock:
            name = str(resource.get("name") or asked.get("name"))
            check(asked, self.objects(bucket).get(name))
            kept = Kept(content, 0, {})
            for given, ours, what in (("md5Hash", kept.md5, "MD5"), ("crc32c", kept.crc32c, "CRC32C")):
                if resource.get(given) not in (None, ours):
                    text = f'Provided {what} hash "{resource[given]}" doesn\'t match calculated {what} hash "{ours}".'
                    raise Refused(400, "invalid", text)
            described = {key: resource[key] for key in WRITABLE if resource.get(key) is not None}
            return self.keep(bucket, name, content, described).resource(bucket, name)


def check(asked: dict[str, str], kept: Kept | None, prefix: str = "if") -> None:
    """Raise 412 unless the conditions in a request's parameters hold."""
    for condition, holds in _CONDITIONS.items():
        given = asked.get(condition.replace("if", prefix, 1))
        if given is not None and not holds(int(given), kept):
            raise Refused(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
