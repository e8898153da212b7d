"""What a check of an installation has found: `promo-reports doctor` makes a line of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """`NOT_CHECKED` says that nothing is known, and why."""

    OK = "ok"
    PROBLEM = "problem"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class CheckResult:
    """A state, and one sentence: what was seen; of a problem, what is wrong and what to do about it."""

    subject: str
    state: CheckState
    sentence: str


def ok(subject: str, sentence: str) -> CheckResult:
    """Return the result of a check that found nothing wrong."""
    return CheckResult(subject, CheckState.OK, sentence)


def problem(subject: str, sentence: str) -> CheckResult:
    """Return the result of a check that found what has to be changed."""
    return CheckResult(subject, CheckState.PROBLEM, sentence)


def not_checked(subject: str, why: str) -> CheckResult:
    """Return the result of a check that could not be made."""
    return CheckResult(subject, CheckState.NOT_CHECKED, why)
