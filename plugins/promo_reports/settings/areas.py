"""The areas of an installation, each a directory or a bucket: staging, downloads, the store of created reports.

One set of rules holds for all of them: an area is one or the other, a bucket has a connection, and no area lies inside
another one, which would sweep, list or serve its files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path

from pydantic import ValidationInfo

from promo_reports.domain.account import Bucket
from promo_reports.domain.delivery import KINDS, partners
from promo_reports.settings.places import broken, place_of

AREAS = {"staging": "the staging area", "download": "the download area", "store": "the store of created reports"}
"""What begins the names of an area's settings, and what people call it."""

_PART = r"[A-Za-z0-9!_*'()=+@-][A-Za-z0-9!_.*'()=+@-]*"
_BUCKET_ADDRESS = re.compile(
    rf"(?P<scheme>[a-z0-9]{{1,20}})://(?P<name>[a-z0-9][a-z0-9._-]{{1,221}}[a-z0-9])(/(?P<prefix>{_PART}(/{_PART})*)?/?)?"
)
_CONNECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_LONGEST_BUCKET_PREFIX = 500
"""Characters: what is below it must fit into the 1,024 bytes of a key, too."""


def bucket_at(address: str, connection: str = "") -> Bucket | None:
    """Return the bucket at an address of a partner's scheme, or None."""
    found = _BUCKET_ADDRESS.fullmatch(address)
    if found is None:
        return None
    of_scheme = (each for each in partners() if KINDS[each].scheme == found["scheme"])
    kinds = (each for each in of_scheme if KINDS[each].takes_name(found["name"]))
    return next((Bucket(each, found["name"], connection, found["prefix"] or "") for each in kinds), None)


def checked_address(address: str | None, given: ValidationInfo) -> str | None:
    """Return the value of `<area>_bucket`; it must be an address, and the area no directory."""
    if address is None:
        return None
    area, bucket = _area(given), bucket_at(address)
    # Hosts write to the store at the same time, and what they read must be what they replace.
    kinds = [each for each in partners() if KINDS[each].conditional or area != "store"]
    if bucket is None or bucket.partner not in kinds:
        forms = (f"{KINDS[each].scheme}://bucket{prefix}" for each in kinds for prefix in ("", "/prefix"))
        raise broken(f"must be {' or '.join(forms)}, in letters, digits and !_.*'()=+@-")
    if area == "download" and not KINDS[bucket.partner].links:
        raise broken(f"cannot be on {KINDS[bucket.partner].label}, which gives no links that a browser downloads from")
    if len(address.partition("://")[2].partition("/")[2]) > _LONGEST_BUCKET_PREFIX:
        raise broken(f"has a prefix of more than {_LONGEST_BUCKET_PREFIX} characters")
    if given.data.get(f"{area}_dir") is not None:
        raise broken(f"{AREAS[area]} is a directory or a bucket: unset this, or {place_of(f'{area}_dir', given)}")
    return address


def checked_connection(connection: str | None, given: ValidationInfo) -> str | None:
    """Return the value of `<area>_connection`, which is there if and only if the area is a bucket."""
    bucket = f"{_area(given)}_bucket"
    if bucket not in given.data:
        return connection
    if given.data[bucket] is None and connection is not None:
        raise broken(f"is of no use without {place_of(bucket, given)}")
    if given.data[bucket] is not None and not _CONNECTION.fullmatch(connection or ""):
        raise broken(f"must be the id of an Airflow connection, since {place_of(bucket, given)} is set")
    return connection


def check_apart(areas: Mapping[str, Path | Bucket], project: Mapping[str, Path]) -> None:
    """Raise for an area that lies inside another one, or inside a directory of the project, or the other way round.

    Both are given by what messages call them.
    """
    for (outer, above), (inner, below) in permutations({**areas, **project}.items(), 2):
        if {outer, inner} <= project.keys() or not _is_below(below, above):
            continue
        own = "prefix" if isinstance(below, Bucket) else "directory"
        raise broken(f"{inner} ({_shown(below)}) lies inside {outer} ({_shown(above)}): give each a {own} of its own")


def _area(given: ValidationInfo) -> str:
    """Return the area that a setting belongs to, by its name."""
    return str(given.field_name).rpartition("_")[0]


def _is_below(place: Path | Bucket, other: Path | Bucket) -> bool:
    """Return whether a place is the other or lies below it, as they are written: nothing is looked up.

    Two connections may lead to one bucket, so the name alone counts.
    """
    if isinstance(place, Bucket) and isinstance(other, Bucket):
        return f"{place.address}/".startswith(f"{other.address}/")
    if isinstance(place, Path) and isinstance(other, Path):
        return Path(os.path.normpath(place)).is_relative_to(os.path.normpath(other))
    return False


def _shown(place: Path | Bucket) -> str:
    return place.address if isinstance(place, Bucket) else str(place)
