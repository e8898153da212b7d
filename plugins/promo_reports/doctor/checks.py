"""The table of checks, and how they are run: each within its time, and none keeps another from being run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from promo_reports.doctor.buckets import check_buckets
from promo_reports.doctor.database import check_databases, check_timezones
from promo_reports.doctor.directories import check_downloads, check_staging, check_store
from promo_reports.doctor.installation import Installation
from promo_reports.doctor.pools import check_pools
from promo_reports.doctor.project import check_files
from promo_reports.doctor.sentences import sentence_of
from promo_reports.doctor.versions import check_versions
from promo_reports.domain.check_result import CheckResult, problem
from promo_reports.errors import PromoReportsError
from promo_reports.interruptible import LimitReached, interruptible


@dataclass(frozen=True)
class Check:
    """A function that yields results, and the seconds that it may take; `of_database` for those of promo databases."""

    name: str
    run: Callable[[Installation], Iterable[CheckResult]]
    seconds: float = 30.0
    of_database: bool = False


CHECKS = (
    Check("versions", check_versions),
    Check("files", check_files, seconds=120.0),
    Check("staging area", check_staging),
    Check("download area", check_downloads),
    Check("store", check_store),
    Check("pools", check_pools, seconds=60.0),
    Check("buckets", check_buckets, seconds=60.0),
    Check("promo databases", check_databases, seconds=120.0, of_database=True),
    Check("timezones", check_timezones, seconds=120.0, of_database=True),
)
"""Every check, in the order of its lines."""


def run(checks: Iterable[Check], installation: Installation) -> Iterator[tuple[Check, CheckResult]]:
    """Yield the results of checks as they come in; what a check raises, or has not found in its time, is one, too."""
    for check in checks:
        for result in _run(check, installation):
            yield check, result


def _run(check: Check, installation: Installation) -> Iterator[CheckResult]:
    found: list[CheckResult] = []

    def collect() -> None:
        for result in check.run(installation):
            found.append(result)  # one by one: what was found in time is shown, too

    ends = time.monotonic() + check.seconds
    try:
        interruptible(collect, remaining=lambda: ends - time.monotonic(), grace=0.0)
    except LimitReached:
        found.append(problem(check.name, f"This took longer than {check.seconds:g} s and was left."))
    except PromoReportsError as error:
        found.append(problem(check.name, sentence_of(error)))
    except Exception as error:
        found.append(problem(check.name, f"The check itself failed, which is a defect of it: {type(error).__name__}."))
    yield from found
