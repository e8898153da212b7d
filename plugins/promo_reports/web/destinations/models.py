"""Response models of destinations."""

from __future__ import annotations

from pydantic import Field

from promo_reports.domain.check_result import CheckState
from promo_reports.web.models import Answer


class DestinationConnected(Answer):
    """A destination of the account."""

    id: str = Field(description="download, or the partner and the bucket's id: amazon_s3:bi-exports")
    label: str = Field(description="the name of its kind")
    address: str
    connection: str | None = Field(description="the Airflow connection with its credentials; a directory has none")


class DestinationsConnected(Answer):
    """Every destination of the account: the download area first."""

    items: list[DestinationConnected]


class CheckedStep(Answer):
    """One step of a check, and one sentence: what was seen, or what is wrong and what to do about it."""

    name: str
    state: CheckState
    sentence: str


class DestinationChecked(Answer):
    """A check of a destination, as this api-server sees it; `ok` if no step found a problem."""

    id: str
    ok: bool
    steps: list[CheckedStep]
