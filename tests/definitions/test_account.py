from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from promo_reports.definitions.account import load_account
from promo_reports.domain import delivery
from promo_reports.domain.account import Bucket
from promo_reports.domain.delivery import BucketKey, PartnerExport, partners
from promo_reports.domain.places.export_place import Placement
from promo_reports.domain.places.pattern import Pattern
from tests.support.delivery import memory_destination

GOOD = "{partner: amazon_s3, bucket: bi-exports, connection: bi_s3}"


def test_an_account(tmp_path: Path) -> None:
    path = tmp_path / "account.yaml"
    path.write_text(f"timezone: Asia/Kolkata\nweek_starts_on: sunday\npartner_exports: [{GOOD}]\n")
    account = load_account(path)
    assert (account.zone.key, account.week_starts_on) == ("Asia/Kolkata", "sunday")
    assert account.bucket("amazon_s3", "bi-exports") == Bucket("amazon_s3", "bi-exports", "bi_s3")
    path.write_text("timezone: UTC\n")
    assert (load_account(path).week_starts_on, load_account(path).buckets) == ("monday", ())


def test_two_buckets_of_one_name_are_told_apart_by_an_id(tmp_path: Path) -> None:
    path = tmp_path / "account.yaml"
    other = GOOD.replace("bi_s3", "eu_s3").replace("}", ", prefix: eu, id: bi-exports-eu}")
    path.write_text(f"timezone: UTC\npartner_exports: [{GOOD}, {other}]\n")
    account = load_account(path)
    assert account.bucket("amazon_s3", "bi-exports") == Bucket("amazon_s3", "bi-exports", "bi_s3")
    eu = account.bucket_of(PartnerExport("amazon_s3", "bi-exports-eu", "own"))
    assert eu is not None
    assert (eu.name, eu.connection, eu.address) == ("bi-exports", "eu_s3", "s3://bi-exports/eu/own")


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
            "4: partner_exports[1].bucket: 'bi-exports' is connected already; definitions could not tell the two apart."
            " Remove one, or give this one an id of its own, such as id: bi-exports-2, and name it by that",
        ]),
        ("timezone: UTC\npartner_exports:\n"
         "  - {partner: amazon_s3, bucket: bi-exports, connection: us, id: usa}\n"
         "  - {partner: amazon_s3, bucket: usa, connection: other}\n"
         "  - partner: amazon_s3\n    bucket: bi-exports\n    connection: eu\n    id: usa\n", [
            "4: partner_exports[1].bucket: 'usa' is connected already; definitions could not tell the two apart."
            " Remove one, or give this one an id of its own, such as id: usa-2, and name it by that",
            "8: partner_exports[2].id: 'usa' is connected already; definitions could not tell the two apart."
            " Remove one, or give this one an id of its own, such as id: usa-2, and name it by that",
        ]),
        ("timezone: UTC\npartner_exports: [{partner: amazon_s3, bucket: bi-exports, connection: eu, id: a/b}]\n", [
            "2: partner_exports[0].id: 'a/b' is not the name of a bucket: a-z, 0-9, . _ and -, no address",
        ]),
        ("timezone: UTC\npartner_exports:\n  - {partner: amazon_s4, bucket: x/y, connection: 's3://k:hunter2@x'}\n", [
            "3: partner_exports[0].partner: 'amazon_s4' is not allowed; did you mean 'amazon_s3'?"
            f" Allowed: {', '.join(partners())}.",
            "3: partner_exports[0].bucket: 'x/y' is not the name of a bucket: a-z, 0-9, . _ and -, no address",
            "3: partner_exports[0].connection: looks like a secret; credentials are kept in Airflow connections only",
        ]),
        ("timezone: UTC\npartner_exports: [{partner: amazon_s3, bucket: bi, connection: 'aws://', prefix: ../x}]\n", [
            "2: partner_exports[0].bucket: 'bi' is not the name of a bucket: a-z, 0-9, . _ and -, no address",
            "2: partner_exports[0].connection: 'aws://' is not the id of an Airflow connection:"
            " letters, digits, _ . and -, no address",
            "2: partner_exports[0].prefix: '../x' holds . or .. as a part",
        ]),
        ("timezone: UTC\npartner_exports: [{partner: azure_blob, bucket: bi_exports, connection: bi_azure}]\n", [
            "2: partner_exports[0].bucket: 'bi_exports' is no name there:"
            " a container has 3 to 63 of a-z, 0-9 and -, and no two - one after the other",
        ]),
        ("timezone: UTC\npartner_exports:\n  - partner: amazon_s3\n    bucket: bi-x\n    password: hunter2\n", [
            "3: partner_exports[0].connection: is required",
            "5: partner_exports[0].password: unknown key; addresses and credentials are kept in Airflow"
            " connections only. Allowed: partner, bucket, connection, id, prefix, folder, file_stem, manifest,"
            " personal_data, encryption, storage_class, acl.",
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


BUCKET = "timezone: UTC\npartner_exports:\n  - partner: amazon_s3\n    bucket: bi-exports\n    connection: bi_s3\n"


def test_what_a_bucket_may_have_beside_its_address(tmp_path: Path) -> None:
    path = tmp_path / "account.yaml"
    key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    path.write_text(
        f"{BUCKET}    encryption: {key}\n    storage_class: STANDARD_IA\n"
        '    folder: "{report_id}/dt={start:%Y-%m-%d}/"\n    file_stem: part\n    manifest: _manifest.json\n'
    )
    (bucket,) = load_account(path).buckets
    assert (bucket.option("encryption"), bucket.option("storage_class")) == (key, "STANDARD_IA")
    assert bucket.option("region") == ""
    assert bucket.placement == Placement(
        Pattern.of_folder("{report_id}/dt={start:%Y-%m-%d}/"), Pattern.of_file("part"), "_manifest.json"
    )
    assert load_account(path).bucket_of(PartnerExport("amazon_s3", "bi-exports", "own")) == bucket.below("own")
    assert {bucket: "hashable"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("folder: dt={start:%Y-%m-%d}/../x", "folder: 'dt={start:%Y-%m-%d}/../x': holds . or .. as a part"),
        ("folder: '{reprt_id}/{start}'", "folder: '{reprt_id}/{start}': {reprt_id} is no token; there are {report_id}, "
         "{report_type}, {name}, {export_id}, {start}, {end}"),
        ("folder: '{report_id}/{start:%Y-%m}'", "folder: '{report_id}/{start:%Y-%m}': does not tell windows apart: it "
         "needs {start} or {end} with its day or week, such as {start:%Y-%m-%d} or {start:%G-W%V}, or {export_id}"),
        ("folder: {report_id}", "folder: must be text, not a mapping"),
        ("folder: 2026-01-01", 'folder: 2026-01-01 is a date in YAML; quote it: "2026-01-01"'),
        ("file_stem: a/b", "file_stem: 'a/b': holds a /; a file's name has none"),
        ("file_stem: '{start:%A}'", "file_stem: '{start:%A}': '%A' has no place in the format of {start}; allowed are "
         "%Y, %m, %d, %j, %G, %V, %u, %H, %M, %S"),
        ("manifest: ../m.json", "manifest: '../m.json' is not the name of a manifest: letters, digits, _ . and -, and "
         ".json at its end"),
        ("manifest: wallets-0123abcd.csv", "manifest: 'wallets-0123abcd.csv' is not the name of a manifest: letters, "
         "digits, _ . and -, and .json at its end"),
        ("encryption: aws:kmz", "encryption: 'aws:kmz' is none of AES256, aws:kms and the ARN of a KMS key; did you "
         "mean 'aws:kms'?"),
        ("storage_class: DEEP_ARCHIVE", "storage_class: 'DEEP_ARCHIVE' is no storage class whose objects can be read at"
         " once. Allowed: STANDARD, INTELLIGENT_TIERING, STANDARD_IA, ONEZONE_IA, GLACIER_IR."),
        ("encription: AES256", "encription: unknown key; did you mean 'encryption'? Allowed: partner, bucket, "
         "connection, id, prefix, folder, file_stem, manifest, personal_data, encryption, storage_class, acl."),
        ("acl: public-read", "acl: 'public-read' is not bucket-owner-full-control. Allowed: "
         "bucket-owner-full-control."),
    ],
)  # fmt: skip
def test_what_a_bucket_may_not_have(
    tmp_path: Path, problems: Callable[[Callable[[], object]], list[str]], line: str, problem: str
) -> None:
    path = tmp_path / "include" / "account.yaml"
    path.parent.mkdir()
    path.write_text(f"{BUCKET}    {line}\n")
    assert problems(lambda: load_account(path)) == [f"include/account.yaml:6: partner_exports[0].{problem}"]


def test_a_key_belongs_to_its_kind(
    tmp_path: Path, problems: Callable[[Callable[[], object]], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a kind that is registered in this process alone, with a key that no other has."""
    shelf = BucketKey(
        "shelf", "where it stands", "is no shelf: a letter and a number", pattern=re.compile("[A-Z][0-9]")
    )
    monkeypatch.setitem(delivery.KINDS, "memory", replace(memory_destination.KIND, bucket_keys=(shelf,)))
    path = tmp_path / "include" / "account.yaml"
    path.parent.mkdir()
    path.write_text(BUCKET.replace("amazon_s3", "memory") + "    shelf: A1\n")
    assert load_account(path).buckets[0].option("shelf") == "A1"
    refused = {"shelf: AA": "'AA' is no shelf: a letter and a number", "storage_class: STANDARD": "unknown key."}
    for line, problem in refused.items():
        path.write_text(BUCKET.replace("amazon_s3", "memory") + f"    {line}\n")
        (told,) = problems(lambda: load_account(path))
        assert told.startswith(f"include/account.yaml:6: partner_exports[0].{line.partition(':')[0]}: {problem}")
    path.write_text(f"{BUCKET}    shelf: A1\n")
    (told,) = problems(lambda: load_account(path))
    assert told.startswith("include/account.yaml:6: partner_exports[0].shelf: unknown key")
