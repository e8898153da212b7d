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
from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.stores import store_at
from tests.support.delivery.breakable.behind_servers import SECRET, BehindServers
from tests.support.delivery.breakable.refusing_server import Refusing, refusing_server
from tests.support.delivery.exports import LATE, PLACES, Place, assert_is, staged
from tests.support.delivery.faults import BROKEN, ENDPOINT, EXPIRED, NEVER_SAID, Breakable, Fault

FAULTS = [
    pytest.param(fixture, fault, id=f"{kind}, {fault}", marks=() if kind in PLACES else pytest.mark.clouds)
    for kind, (fixture, faults) in BROKEN.items()
    for fault in faults
]


@pytest.fixture
def breakable(request: pytest.FixtureRequest) -> Breakable:
    given: Breakable = request.getfixturevalue(request.param)
    return given


def assert_is_told(said: str, bucket: Bucket, fault: Fault, secrets: tuple[str, ...]) -> None:
    assert repr(bucket.name) in said
    assert repr(bucket.connection) in said
    assert re.search(fault.said, said), said
    assert [secret for secret in (*NEVER_SAID, *secrets) if secret in said] == []


@pytest.mark.parametrize(("breakable", "fault"), FAULTS, indirect=["breakable"])
def test_a_check_says_what_is_wrong_and_no_more(breakable: Breakable, fault: Fault) -> None:
    for bucket in breakable.broken(fault):
        assert_is_told(checked(bucket), bucket, fault, breakable.secrets)


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
        assert_is_told(str(raised.value), bucket, fault, breakable.secrets)
        assert raised.value.__cause__ is None
        assert_is(breakable.place, old)
    assert publish(new, breakable.place.area).changed


@pytest.mark.parametrize(
    ("breakable", "well"),
    [
        ("breakable_s3", "local"),
        pytest.param("breakable_google", "in_azure", marks=pytest.mark.clouds),
        pytest.param("breakable_azure", "on_sftp", marks=pytest.mark.clouds),
        pytest.param("breakable_sftp", "in_google", marks=pytest.mark.clouds),
    ],
    indirect=["breakable"],
)
@pytest.mark.parametrize("first", ["the one that fails", "the other"])
def test_one_of_two_destinations_fails(
    breakable: Breakable, well: str, first: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The other has the file all the same, and a retry of both delivers to the one that lacks it."""
    other: Place = request.getfixturevalue(well)
    old, new = staged(tmp_path, b"old\n"), staged(tmp_path, b"new\n", snapshot_at=LATE)
    publish(old, breakable.place.area)
    publish(old, other.area)
    for bucket in islice(breakable.broken(EXPIRED), 1):
        if first == "the other":
            assert publish(new, other.area).changed
        with pytest.raises(DestinationRefused) as raised:
            publish(new, StoredExports(store_at(bucket)))
        if first != "the other":
            assert publish(new, other.area).changed
        assert_is_told(str(raised.value), bucket, EXPIRED, breakable.secrets)
        assert_is(breakable.place, old)
        assert_is(other, new)
    stamps = other.stamps()
    retried = [publish(new, each).changed for each in (breakable.place.area, other.area)]
    assert retried == [True, False]
    assert other.stamps() == stamps
    assert_is(breakable.place, new)
    assert_is(other, new)


@pytest.mark.parametrize("page", ["<html>A login page</html>", ""])
def test_what_answers_with_success_and_is_no_server_of_s3(
    breakable_s3: BehindServers, tmp_path: Path, page: str
) -> None:
    with refusing_server(Refusing(200, page)) as url:
        bucket = breakable_s3.connect(url)
        assert_is_told(checked(bucket), bucket, ENDPOINT, breakable_s3.secrets)
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
