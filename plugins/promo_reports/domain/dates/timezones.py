"""Timezones as the pinned `tzdata` package defines them, so that every host computes the same windows.

`zoneinfo.ZoneInfo(name)` prefers the files of the operating system, whose release differs from host to host. Nothing in
the package calls it: `load_timezone` is the one way to a timezone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module, resources
from zoneinfo import ZoneInfo

_PACKAGE = "tzdata"
_NO_PLACES = frozenset({"Factory"})  # a placeholder for a clock that was never set


class _PackagedTimezone(ZoneInfo):
    """A timezone that is pickled and copied by its name: `ZoneInfo.from_file` makes one that cannot be."""

    def __reduce__(self) -> tuple[Callable[[str], ZoneInfo], tuple[str]]:
        return load_timezone, (self.key,)


@cache
def load_timezone(name: str) -> ZoneInfo:
    """Return the timezone of an IANA name, one object for each name; `KeyError` where `timezone_names` has none."""
    if name not in timezone_names():
        raise KeyError(f"No timezone {name!r} in {timezone_release()}")
    file = resources.files(_PACKAGE).joinpath("zoneinfo", *name.split("/"))
    with file.open("rb") as stream:
        return _PackagedTimezone.from_file(stream, key=name)


@cache
def timezone_names() -> frozenset[str]:
    """Return every name that an account or a definition may have, links such as `US/Eastern` included."""
    text = resources.files(_PACKAGE).joinpath("zones").read_text(encoding="utf-8")
    return frozenset(text.split()) - _NO_PLACES


def timezone_release() -> str:
    """Return the release of the timezone database in use: `tzdata 2026f`."""
    return f"tzdata {import_module(_PACKAGE).IANA_VERSION}"
