"""A destination that refuses: one sentence with its name and connection, no secret, and the previous export stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promo_reports.delivery import publish
from promo_reports.delivery.destination_check import DestinationCheck
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Bucket
from promo_reports.domain.check_result import CheckState
from promo_reports.errors import PromoReportsError
from promo_reports.object_stores.stores import store_at
from tests.support.delivery.exports import LATE, PLACES, assert_is, staged
from tests.support.delivery.faults import BROKEN, NEVER_SAID, Breakable, Fault

FAULTS = [
    pytest.param(fixture, fault, id=f"{kind}, {fault}", marks=() if kind in PLACES else pytest.mark.clouds)
    for kind, (fixture, faults) in BROKEN.items()
    for fault in faults
]


@pytest.fixture
def breakable(request: pytest.FixtureRequest) -> Breakable:
    given: Breakable = request.getfixturevalue(request.param)
    return given


def assert_is_told(said: str, bucket: Bucket, fault: Fault) -> None:
    assert repr(bucket.name) in said
    assert repr(bucket.connection) in said
    assert re.search(fault.said, said), said
    assert [secret for secret in NEVER_SAID if secret in said] == []


@pytest.mark.parametrize(("breakable", "fault"), FAULTS, indirect=["breakable"])
def test_a_check_says_what_is_wrong_and_no_more(breakable: Breakable, fault: Fault) -> None:
    for bucket in breakable.broken(fault):
        check = DestinationCheck(f"{bucket.partner}:{bucket.name}", bucket)
        check.run()
        (said,) = (each.sentence for each in check.results if each.state is CheckState.PROBLEM)
        assert_is_told(said, bucket, fault)


@pytest.mark.parametrize(("breakable", "fault"), FAULTS, indirect=["breakable"])
def test_a_delivery_fails_with_it_and_the_previous_export_stays(
    breakable: Breakable, fault: Fault, tmp_path: Path
) -> None:
    old, new = staged(tmp_path, b"old\n"), staged(tmp_path, b"new\n", snapshot_at=LATE)
    publish(old, breakable.place.area)
    for ways in (breakable.broken, breakable.refusing_writes):
        for bucket in ways(fault):
            with pytest.raises(PromoReportsError) as raised:
                publish(new, StoredExports(store_at(bucket)))
            assert fault.passing in (raised.value.retryable, None)
            assert_is_told(str(raised.value), bucket, fault)
            assert raised.value.__cause__ is None
            assert_is(breakable.place, old)
    assert publish(new, breakable.place.area).changed
