"""Destinations of an export, and which of them each frequency may have (product-spec, "Report Delivery Matrix")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_CONTAINER = re.compile(r"(?!.*--)[a-z0-9-]{3,63}")
_KMS_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(?:key|alias)/[A-Za-z0-9/_-]+")
DOWNLOAD = "download"
"""The download area in definitions, in handovers and in titles."""


@dataclass(frozen=True)
class BucketKey:
    """A key that `include/account.yaml` may have for a bucket of one kind, beside those that buckets of all kinds have.

    Its value is text: one of `words`, or what matches `pattern` from end to end. `rule` says so, after the value.
    """

    name: str
    description: str
    rule: str
    words: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of destination: what every layer may know of it without its code, which `delivery` has under its key.

    `label` is the name that users know, `scheme` begins the addresses of its files, and `settings` are the keys that a
    definition has for one of them, besides the kind itself. `conditional` says that it compares and replaces in one
    step by itself; where it does not, a lock stands in for that, which only our own attempts heed. `links` says that it
    signs URLs from which a browser downloads.
    `bucket_keys` are the keys that the account may have for one (`Bucket.option`). `name` is the pattern of its
    buckets' names, where it takes fewer than others, and `name_rule` says so in words.
    """

    key: str
    label: str
    scheme: str
    settings: tuple[str, ...] = ()
    conditional: bool = True
    links: bool = True
    bucket_keys: tuple[BucketKey, ...] = ()
    name: re.Pattern[str] | None = None
    name_rule: str = ""

    def takes_name(self, bucket: str) -> bool:
        """Return whether a name may be that of a bucket of this kind."""
        return self.name is None or self.name.fullmatch(bucket) is not None


KINDS = {
    each.key: each
    for each in (
        Kind(DOWNLOAD, "Device Storage", "file"),
        Kind(
            "amazon_s3",
            "Amazon S3",
            "s3",
            ("bucket", "prefix"),
            bucket_keys=(
                BucketKey(
                    "encryption",
                    "how S3 encrypts the objects: AES256, aws:kms (the account's own key), or the ARN of a KMS key",
                    "is none of AES256, aws:kms and the ARN of a KMS key",
                    ("AES256", "aws:kms"),
                    _KMS_KEY,
                ),
                BucketKey(
                    "storage_class",
                    "a storage class whose objects can be read at once",
                    "is no storage class whose objects can be read at once",
                    ("STANDARD", "INTELLIGENT_TIERING", "STANDARD_IA", "ONEZONE_IA", "GLACIER_IR"),
                ),
                BucketKey(
                    "acl",
                    "bucket-owner-full-control, where the bucket is another account's",
                    "is not bucket-owner-full-control",
                    ("bucket-owner-full-control",),
                ),
            ),
        ),
        Kind("google_cloud_storage", "Google Cloud Storage", "gs", ("bucket", "prefix")),
        Kind(
            "azure_blob",
            "Azure Blob Storage",
            "az",
            ("bucket", "prefix"),
            name=_CONTAINER,
            name_rule="a container has 3 to 63 of a-z, 0-9 and -, and no two - one after the other",
        ),
        Kind("sftp", "SFTP", "sftp", ("bucket", "prefix"), conditional=False, links=False),
    )
}
"""Every kind of destination by its key."""


def partners() -> tuple[str, ...]:
    """Return the keys of the kinds that a partner export may name: those with buckets."""
    return tuple(key for key, kind in KINDS.items() if "bucket" in kind.settings)


@dataclass(frozen=True)
class Download:
    """Device storage: the file waits in the download area."""

    def __str__(self) -> str:
        return DOWNLOAD


@dataclass(frozen=True)
class PartnerExport:
    """Cloud partner: the file is pushed to a connected bucket, below `prefix`; `partner` is the key of its kind.

    `bucket` is the id that the account has for it (`domain.account.Bucket.id`).
    """

    partner: str
    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.partner}:{self.bucket}/{self.prefix}".rstrip("/")


Destination = Download | PartnerExport


def destination_values(destination: Destination) -> Any:
    """Return a destination in the plain values of JSON, for `destination_of`."""
    if isinstance(destination, Download):
        return str(destination)
    return {"partner": destination.partner, "bucket": destination.bucket, "prefix": destination.prefix}


def destination_of(values: Any) -> Destination:
    """Return the destination that these values mean; ValueError where they mean none. Unknown keys are ignored."""
    if values == DOWNLOAD:
        return Download()
    try:
        export = PartnerExport(str(values["partner"]), str(values["bucket"]), str(values["prefix"]))
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"not a destination: {wrong}") from wrong
    if export.partner not in partners():
        raise ValueError(f"not a destination: this release knows no partner {export.partner!r}")
    return export


def matrix_problem(*, recurring: bool, destinations: Sequence[Destination]) -> str | None:
    """Return what is wrong with a combination, in a sentence, or None.

    One-time reports may use every way. A recurring report must reach a bucket, since nobody is there to press
    download; it may add the download area (FAQ: "include Download as the delivery method").
    """
    if not destinations:
        return "needs at least one of: download, partner_export"
    if len(set(destinations)) != len(destinations):
        return "names the same destination twice"
    if recurring and not any(isinstance(destination, PartnerExport) for destination in destinations):
        return "a recurring report needs a partner_export; download alone is for one-time reports"
    return None
