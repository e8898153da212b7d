"""Where settings stand, and what messages call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

PREFIX = "PROMO_REPORTS_"
SECTION = "promo_reports"
"""The section of Airflow's configuration that settings may stand in, beside the environment variables."""
SECTION_PREFIX = f"AIRFLOW__{SECTION.upper()}__"
"""By this the names of Airflow's own variables for that section begin."""


@dataclass(frozen=True)
class Given:
    """A value of a setting as text, and what messages call the place that it was read from."""

    place: str
    text: str


def place_of(name: str, given: ValidationInfo) -> str:
    """Return what messages call a setting: the place of its value, or its environment variable."""
    return str((given.context or {}).get(name, PREFIX + name.upper()))


def broken(rule: str) -> PydanticCustomError:
    """Return the error for a value that breaks a rule."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule})


def shown(value: Any) -> str:
    """Return a value as a message may show it: an address may hold a password."""
    return "(hidden)" if isinstance(value, str) and "://" in value and "@" in value else repr(value)
