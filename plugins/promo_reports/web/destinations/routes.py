"""Routes for operators: list the destinations of the account, and check one by writing a probe to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.concurrency import run_in_threadpool

from promo_reports.delivery.destination_check import SECONDS, SECONDS_TO_DELETE, DestinationCheck
from promo_reports.delivery.destinations import buckets_by_id
from promo_reports.domain.account import Bucket
from promo_reports.domain.check_result import CheckState
from promo_reports.domain.delivery import KINDS
from promo_reports.orchestration.project import registry
from promo_reports.web.airflow.access import Caller, SignedIn
from promo_reports.web.airflow.audit import write_down
from promo_reports.web.destinations.models import (
    CheckedStep,
    DestinationChecked,
    DestinationConnected,
    DestinationsConnected,
)
from promo_reports.web.error_handlers import forbidden, not_found
from promo_reports.web.limits import Places
from promo_reports.web.models import Nothing
from promo_reports.web.request_locks import exclusive

router = APIRouter(tags=["destinations"])

checking = Places(
    per_process=2,
    per_person=1,
    too_many=("Other destinations are being checked at the moment.", "Try again in a moment."),
    too_many_yours=("A check of yours is running already.", f"It ends within {SECONDS + SECONDS_TO_DELETE:g} seconds."),
)
"""Limit of concurrent checks; each holds one of the 40 threads that Airflow's own API shares."""


@router.get("/destinations")
def destinations(caller: SignedIn) -> DestinationsConnected:
    """The destinations of the account, with their addresses and connections; for operators."""
    return DestinationsConnected(items=[_connected(*each) for each in _by_id(caller).items()])


@router.post("/destinations/{destination_id}/check")
async def check(
    caller: SignedIn,
    destination_id: Annotated[str, Path(max_length=255, description="of a destination of the account")],
    body: Nothing,
) -> DestinationChecked:
    """Check a destination: write, read, replace on a condition, upload, list and delete a probe; for operators.

    Answers within 65 seconds, also where the destination does not answer. One check of a destination runs at a time.
    """
    bucket = await run_in_threadpool(_allowed, caller, destination_id)
    with checking.one(caller.id):
        async with exclusive(f"check {destination_id}"):
            return await run_in_threadpool(_checked, caller, destination_id, bucket)


def _by_id(caller: Caller) -> dict[str, Bucket]:
    if not caller.operates:
        raise forbidden("check destinations", "Whoever may test connections in Airflow may: the role Op, or Admin.")
    return buckets_by_id(registry().account, registry().settings)


def _allowed(caller: Caller, destination_id: str) -> Bucket:
    bucket = _by_id(caller).get(destination_id)
    if bucket is None:
        raise not_found("destination")
    return bucket


def _checked(caller: Caller, destination_id: str, bucket: Bucket) -> DestinationChecked:
    write_down("check_destination", caller, destination=destination_id)
    check = DestinationCheck(destination_id, bucket)
    check.run()
    found = check.results
    return DestinationChecked(
        id=destination_id,
        ok=all(each.state is not CheckState.PROBLEM for each in found),
        steps=[CheckedStep(name=each.subject, state=each.state, sentence=each.sentence) for each in found],
    )


def _connected(destination_id: str, bucket: Bucket) -> DestinationConnected:
    return DestinationConnected(
        id=destination_id,
        label=KINDS[destination_id.partition(":")[0]].label,  # a bucket may be the download area
        address=bucket.address,
        connection=bucket.connection or None,
    )
