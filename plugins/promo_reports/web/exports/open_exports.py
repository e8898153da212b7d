"""The limit of open on-demand exports of one person, over all report types."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager

from sqlalchemy.orm import Session

from promo_reports.orchestration.project import registry
from promo_reports.web.airflow.access import Caller
from promo_reports.web.error_handlers import Refusal
from promo_reports.web.queries.exports import open_on_demand
from promo_reports.web.request_locks import exclusive

SECONDS_UNTIL_ROOM = 30
"""Value of Retry-After in the 429 response."""


def one_after_the_other(people: Iterable[str], *names: str) -> AbstractAsyncContextManager[None]:
    """Serialize starting exports of these people, so that each request counts those started before it.

    `names` are further locks, as of `exclusive`.
    """
    return exclusive(*(f"exports of {person}" for person in people), *names)


def check_open_exports(session: Session, person: str, caller: Caller) -> None:
    """Raise 429 if the export's creator has as many open exports as one person may."""
    most = registry().settings.open_exports_per_person
    open_now = open_on_demand(session, person)
    if open_now < most:
        return
    has = "You have" if person == caller.name else f"{person} has"
    raise Refusal(
        429,
        f"{has} {open_now} exports in the making; one person may have {most} at one time.",
        "Wait until one has ended, or cancel one.",
        headers={"Retry-After": str(SECONDS_UNTIL_ROOM)},
    )
