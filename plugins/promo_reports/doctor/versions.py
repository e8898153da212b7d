"""Python, and the packages that this one asks for."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata

from promo_reports.doctor.installation import Installation
from promo_reports.domain.check_result import CheckResult, not_checked, ok, problem
from promo_reports.domain.dates.timezones import timezone_release

_DISTRIBUTION = "promo-reports"


def check_versions(installation: Installation) -> Iterator[CheckResult]:
    """Yield whether Python and every package are of releases that this one is written for."""
    try:
        from packaging.requirements import Requirement
        from packaging.specifiers import SpecifierSet

        asked = metadata.metadata(_DISTRIBUTION)
    except ImportError as error:  # PackageNotFoundError is one
        yield not_checked("versions", f"{error.name or _DISTRIBUTION} is not installed as a package.")
        return
    wrong = []
    python = platform.python_version()
    if not SpecifierSet(asked["Requires-Python"]).contains(python, prereleases=True):
        wrong.append(f"Python is {python}: run one of {asked['Requires-Python']}.")
    for text in metadata.requires(_DISTRIBUTION) or ():
        requirement = Requirement(text)
        extra = next((each for each in asked.get_all("Provides-Extra") or () if f'"{each}"' in text), None)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra or ""}):
            continue
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            if extra is None:
                wrong.append(f"{requirement.name} is missing: pip install '{_DISTRIBUTION}'.")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            of = f"[{extra}]" if extra else ""
            wrong.append(
                f"{requirement.name} is {found}, not {requirement.specifier}: pip install '{_DISTRIBUTION}{of}'."
            )
    yield from (problem("versions", sentence) for sentence in wrong)
    if not wrong:
        yield ok(
            "versions", f"{_DISTRIBUTION} {metadata.version(_DISTRIBUTION)}, Python {python}, {timezone_release()}."
        )
