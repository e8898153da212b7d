"""Where an export goes, and which ways go with which frequency (product-spec, "Report Delivery Matrix")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DOWNLOAD = "download"
"""The word for the download area in definitions, in what a delivery leaves, and in titles."""


class Partner(StrEnum):
    """Cloud storage providers of a partner export."""

    AMAZON_S3 = "amazon_s3"

    @property
    def label(self) -> str:
        """The name that users know: `Amazon S3`."""
        return {Partner.AMAZON_S3: "Amazon S3"}[self]


@dataclass(frozen=True)
class Download:
    """Device storage: the file waits in the download area."""

    def __str__(self) -> str:
        return DOWNLOAD


@dataclass(frozen=True)
class PartnerExport:
    """Cloud partner: the file is pushed to a connected bucket, below `prefix`."""

    partner: Partner
    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.partner.value}:{self.bucket}/{self.prefix}".rstrip("/")


Destination = Download | PartnerExport


def destination_values(destination: Destination) -> Any:
    """A destination in the plain values of JSON, for `destination_of`."""
    if isinstance(destination, Download):
        return str(destination)
    return {"partner": destination.partner.value, "bucket": destination.bucket, "prefix": destination.prefix}


def destination_of(values: Any) -> Destination:
    """The destination that these values mean; ValueError where they mean none. Keys that are not known are ignored."""
    if values == DOWNLOAD:
        return Download()
    try:
        return PartnerExport(Partner(values["partner"]), str(values["bucket"]), str(values["prefix"]))
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"not a destination: {wrong}") from wrong


def matrix_problem(*, recurring: bool, destinations: Sequence[Destination]) -> str | None:
    """What is wrong with a combination, in a sentence, or None.

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
