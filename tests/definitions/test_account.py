from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from promo_reports.definitions.account import load_account
from promo_reports.domain.account import Bucket

GOOD = "{partner: amazon_s3, bucket: bi-exports, connection: bi_s3}"


def test_an_account(tmp_path: Path) -> None:
    path = tmp_path / "account.yaml"
    path.write_text(f"timezone: Asia/Kolkata\nweek_starts_on: sunday\npartner_exports: [{GOOD}]\n")
    account = load_account(path)
    assert (account.zone.key, account.week_starts_on) == ("Asia/Kolkata", "sunday")
    assert account.bucket("amazon_s3", "bi-exports") == Bucket("amazon_s3", "bi-exports", "bi_s3")
    path.write_text("timezone: UTC\n")
    assert (load_account(path).week_starts_on, load_account(path).buckets) == ("monday", ())


def test_the_shipped_account_is_good() -> None:
    assert load_account(Path(__file__).parents[2] / "include" / "account.yaml").timezone == "America/New_York"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n", ["1: must be a mapping (key: value), not a list"]),
        ("week_starts_on: monday\n", ["1: timezone: is required"]),
        ("timezone: UTC+5\n", [
            "1: timezone: 'UTC+5' is not a timezone; did you mean 'UTC'? write one like America/New_York",
        ]),
        ("timezone: Factory\n", ["1: timezone: 'Factory' is not a timezone; write one like America/New_York"]),
        ("timezone: localtime\n", ["1: timezone: 'localtime' is not a timezone; write one like America/New_York"]),
        ("timezone: UTC\nweek_starts_on: mon\n", [
            "2: week_starts_on: 'mon' is not allowed; did you mean 'monday'?"
            " Allowed: monday, tuesday, wednesday, thursday, friday, saturday, sunday.",
        ]),
        ("timezone: UTC\nbuckets: []\n", [
            "2: buckets: unknown key. Allowed: timezone, week_starts_on, partner_exports.",
        ]),
        (f"timezone: UTC\npartner_exports:\n  - {GOOD}\n  - {GOOD}\n", [
            "4: partner_exports[1].bucket: 'bi-exports' is connected already",
        ]),
        ("timezone: UTC\npartner_exports:\n  - {partner: amazon_s4, bucket: x/y, connection: 's3://k:hunter2@x'}\n", [
            "3: partner_exports[0].partner: 'amazon_s4' is not allowed; did you mean 'amazon_s3'? Allowed: amazon_s3.",
            "3: partner_exports[0].bucket: 'x/y' is not the name of a bucket: a-z, 0-9, . _ and -, no address",
            "3: partner_exports[0].connection: looks like a secret; credentials are kept in Airflow connections only",
        ]),
        ("timezone: UTC\npartner_exports: [{partner: amazon_s3, bucket: bi, connection: 'aws://', prefix: ../x}]\n", [
            "2: partner_exports[0].bucket: 'bi' is not the name of a bucket: a-z, 0-9, . _ and -, no address",
            "2: partner_exports[0].connection: 'aws://' is not the id of an Airflow connection:"
            " letters, digits, _ . and -, no address",
            "2: partner_exports[0].prefix: '../x' holds . or .. as a part",
        ]),
        ("timezone: UTC\npartner_exports:\n  - partner: amazon_s3\n    bucket: bi-x\n    password: hunter2\n", [
            "3: partner_exports[0].connection: is required",
            "5: partner_exports[0].password: unknown key; addresses and credentials are kept in Airflow"
            " connections only. Allowed: partner, bucket, connection, prefix.",
        ]),
    ],
)  # fmt: skip
def test_what_an_account_may_not_say(
    tmp_path: Path, problems: Callable[[Callable[[], object]], list[str]], text: str, expected: list[str]
) -> None:
    path = tmp_path / "include" / "account.yaml"
    path.parent.mkdir()
    path.write_text(text)
    assert problems(lambda: load_account(path)) == [f"include/account.yaml:{each}" for each in expected]
