"""What `promo-reports doctor` says of a promo database, with the shipped report types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from promo_reports.definitions.registry import Registry
from promo_reports.doctor.checks import CHECKS, run
from promo_reports.doctor.installation import Installation
from promo_reports.domain.check_result import CheckResult, CheckState
from promo_reports.pipeline.databases.source import Source
from promo_reports.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def installation_of(url: str, home: Path = PROJECT, **settings: object) -> Installation:
    """An installation whose every promo database is the one of a URL."""
    given = Settings.model_validate({"home": home, **settings})
    return Installation(given, Registry(given), NOW, lambda connection: Source(connection, url))


def look_at(url: str, home: Path = PROJECT, **settings: object) -> list[CheckResult]:
    """Run the checks of promo databases."""
    found = run([each for each in CHECKS if each.of_database], installation_of(url, home, **settings))
    return [result for _, result in found]


def problems(found: Sequence[CheckResult]) -> dict[str, list[str]]:
    """The sentences of problems by what they are about."""
    by: dict[str, list[str]] = {}
    for each in found:
        if each.state is CheckState.PROBLEM:
            by.setdefault(each.subject, []).append(each.sentence)
    return by


def one_problem(found: Sequence[CheckResult], subject: str) -> str:
    """The sentence of the only problem, which is about the subject."""
    assert list(problems(found)) == [subject], found
    (sentence,) = problems(found)[subject]
    return sentence
