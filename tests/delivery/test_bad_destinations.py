"""A destination that refuses: one sentence with its name and connection, no secret, and the previous export stays."""

from __future__ import annotations

import re
from itertools import chain, islice
from pathlib import Path

import pytest

from promo_reports.delivery import publish
from promo_reports.delivery.destination_check import DestinationCheck
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.account import Bucket
from promo_reports.domain.check_result import CheckState
from promo_reports.errors import DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.stores import store_at
from tests.support.delivery.exports import LATE, PLACES, assert_is, staged
from tests.support.delivery.faults import BROKEN, ENDPOINT, NEVER_SAID, SECRET, BehindServers, Breakable, Fault
from tests.support.delivery.refusing_server import Refusing, refusing_server

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
        assert_is_told(checked(bucket), bucket, fault)


@pytest.mark.parametrize(("breakable", "fault"), FAULTS, indirect=["breakable"])
def test_a_delivery_fails_with_it_and_the_previous_export_stays(
    breakable: Breakable, fault: Fault, tmp_path: Path
) -> None:
    old, new = staged(tmp_path, b"old\n"), staged(tmp_path, b"new\n", snapshot_at=LATE)
    publish(old, breakable.place.area)
    for bucket in chain(breakable.refusing_writes(fault), islice(breakable.broken(fault), 1)):
        with pytest.raises(PromoReportsError) as raised:
            publish(new, StoredExports(store_at(bucket)))
        assert fault.passing in (raised.value.retryable, None)
        assert_is_told(str(raised.value), bucket, fault)
        assert raised.value.__cause__ is None
        assert_is(breakable.place, old)
    assert publish(new, breakable.place.area).changed


@pytest.mark.parametrize("page", ["<html>A login page</html>", ""])
def test_what_answers_with_success_and_is_no_server_of_s3(
    breakable_s3: BehindServers, tmp_path: Path, page: str
) -> None:
    with refusing_server(Refusing(200, page)) as url:
        bucket = breakable_s3.connect(url)
        assert_is_told(checked(bucket), bucket, ENDPOINT)
        with pytest.raises(DestinationUnavailable, match="no S3 server"):
            publish(staged(tmp_path, b"new\n"), StoredExports(store_at(bucket)))


def test_what_is_no_address_is_not_repeated(breakable_s3: BehindServers) -> None:
    said = checked(breakable_s3.connect(f"{SECRET} no address"))
    assert said.startswith("The Airflow connection 'test_s3' cannot be used (ValueError).")
    assert SECRET not in said


def checked(bucket: Bucket) -> str:
    """The one problem that a check finds."""
    check = DestinationCheck(f"{bucket.partner}:{bucket.name}", bucket)
    check.run()
    (said,) = (each.sentence for each in check.results if each.state is CheckState.PROBLEM)
    return said
