"""No text is taken that a bucket or Airflow would refuse later; the problem is told at its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from promo_reports.definitions.account import load_account
from promo_reports.definitions.registry import Registry
from promo_reports.domain.definition import MAX_DESTINATIONS, MAX_OWNER
from promo_reports.domain.file_format import CSV, FORMATS, FileFormat
from promo_reports.domain.layout import LONGEST_FOLDER, LONGEST_KEY
from promo_reports.pipeline.export import Export

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
LONGEST_ID = "r" * 100
RECURRING = """\
id: {id}
name: A report
report_type: ledger
owner: {owner}
filters: {{wallet: w1, kind: credit}}
frequency: {{interval: weekly, delivery_day: monday}}
delivery:
  - partner_export: {{partner: amazon_s3, bucket: bi-exports, prefix: {prefix}}}
"""
CONF: dict[str, Any] = {"name": "n" * 120, "filters": {"wallet": "w1", "kind": ["credit"]}, "date_range": "past_month"}
Told = Callable[[Callable[[], object]], list[str]]


def to_bucket(prefix: str) -> dict[str, Any]:
    return {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports", "prefix": prefix}}


def longest_recurring_prefix() -> int:
    """What is left of 1,024 bytes, counted from the names that a weekly export really has."""
    names = ["promo-reports", "", LONGEST_ID, "20260706T040000Z_20260713T040000Z"]
    file = f"{LONGEST_ID}_2026-07-06_to_2026-07-12-0123abcd.csv"
    return LONGEST_KEY - len("/".join([*names, file]))


def write(registry: Registry, prefix: str, owner: str = "growth@example.com") -> None:
    path = registry.settings.reports / f"{LONGEST_ID}.yaml"
    path.write_text(RECURRING.format(id=LONGEST_ID, prefix=prefix, owner=owner))


def test_the_longest_key_is_one_that_buckets_take(registry: Registry) -> None:
    length = longest_recurring_prefix()
    assert length > 300
    write(registry, "p" * length)
    definition = registry.definition(LONGEST_ID)
    assert definition.schedule is not None
    window = definition.schedule.latest(AT).window
    export = Export(definition, window, None, "dag", "run")
    account = registry.account.buckets[0].prefix
    name = f"{export.stem}-0123abcd.csv"
    key = f"{account}/{'p' * length}/{definition.id}/{export.window_key}/{name}"
    assert len(key.encode()) == LONGEST_KEY


def test_a_longer_key_is_refused_at_the_prefix(registry: Registry, problems: Told) -> None:
    write(registry, "p" * (longest_recurring_prefix() + 3))
    (problem,) = problems(lambda: registry.definition(LONGEST_ID))
    assert problem.startswith(
        f"reports/{LONGEST_ID}.yaml:8: delivery[0].partner_export.prefix: makes keys of 1027 bytes"
    )
    assert problem.endswith("buckets take 1024: leave out 3 characters")


def test_the_key_of_a_format_with_a_longer_suffix(
    registry: Registry, problems: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where only an export that is split has it; of no other format is more refused."""
    packed = FileFormat("packed", "Packed", ".packed.csv", "text/csv", split_as="packed")
    monkeypatch.setitem(FORMATS, "packed", packed)
    monkeypatch.setitem(FORMATS, "plain", replace(CSV, key="plain", split_as="packed"))
    monkeypatch.setitem(FORMATS, "whole", replace(packed, key="whole", split_as=None))
    prefix = "p" * longest_recurring_prefix()
    write(registry, prefix)
    assert problems(lambda: registry.definition(LONGEST_ID)) == []
    path = registry.settings.reports / f"{LONGEST_ID}.yaml"
    text = path.read_text()
    for file_format in ("plain", "whole"):
        path.write_text(f"{text}format: {file_format}\n")
        told = problems(lambda: registry.definition(LONGEST_ID))
        assert "leave out 7 characters" in "".join(told), told


@pytest.mark.parametrize("length", [1025, 60_000])
def test_a_prefix_that_no_bucket_takes(registry: Registry, problems: Told, length: int) -> None:
    write(registry, "p" * length)
    (problem,) = problems(lambda: registry.definition(LONGEST_ID))
    assert problem.endswith(f"prefix: is {length} characters long; at most 1024 are allowed")


def test_an_export_on_demand_has_the_longest_folder(registry: Registry, problems: Told) -> None:
    def refused(prefix: str) -> list[str]:
        conf = CONF | {"id": LONGEST_ID, "delivery": [to_bucket(prefix)]}
        return problems(lambda: registry.from_conf(conf, run_id="r", at=AT, report_type="ledger"))

    id_length = len(registry.from_conf(CONF | {"id": LONGEST_ID, "delivery": ["download"]}, run_id="r", at=AT,
                                       report_type="ledger").id)  # fmt: skip
    used = len("promo-reports//") + LONGEST_FOLDER + len("/20260706T040000.123456Z_20260713T040000.123456Z/")
    left = LONGEST_KEY - used - id_length - len("_2026-07-06_to_2026-07-12-0123abcd.csv")
    assert refused("p" * left) == []
    assert "leave out 1 characters" in str(refused("p" * (left + 1)))
    assert refused("p" * 300) == []


def test_an_owner_is_no_longer_than_airflows_log_takes(registry: Registry, problems: Told) -> None:
    conf = CONF | {"delivery": ["download"]}

    def refused(owner: str) -> list[str]:
        return problems(lambda: registry.from_conf(conf | {"owner": owner}, run_id="r", at=AT, report_type="ledger"))

    assert refused("o" * MAX_OWNER) == []
    (problem,) = refused("o" * (MAX_OWNER + 1))
    assert problem == "conf of run r: owner: is 501 characters long; at most 500 are allowed"
    for length in (MAX_OWNER, MAX_OWNER + 1):
        write(registry, "p", owner="o" * (length - len("@example.com")) + "@example.com")
        assert bool(problems(lambda: registry.definition(LONGEST_ID))) is (length > MAX_OWNER)


def test_places_to_deliver_to_are_limited(registry: Registry, problems: Told) -> None:
    def refused(places: int) -> list[str]:
        conf = CONF | {"delivery": [to_bucket(f"p{number}") for number in range(places)]}
        return problems(lambda: registry.from_conf(conf, run_id="r", at=AT, report_type="ledger"))

    assert refused(MAX_DESTINATIONS) == []
    assert refused(MAX_DESTINATIONS + 1) == [
        "conf of run r: delivery: names 101 places; at most 100 are allowed",
    ]


def test_a_title_is_no_longer_than_a_tag(registry: Registry, problems: Told) -> None:
    path = registry.settings.report_types / "ledger.yaml"
    before = path.read_text()
    title = next(line for line in before.splitlines() if line.startswith("title:"))
    path.write_text(before.replace(title, f"title: {'t' * 100}"))
    assert problems(lambda: registry.report_type("ledger")) == []
    path.write_text(before.replace(title, f"title: {'t' * 101}"))
    (problem,) = problems(lambda: registry.report_type("ledger"))
    assert problem.endswith("title: is 101 characters long; at most 100 are allowed")


def test_a_prefix_of_the_account(registry: Registry, problems: Told) -> None:
    path = registry.settings.account
    path.write_text(path.read_text().replace("prefix: promo-reports", f"prefix: {'p' * 1025}"))
    (problem,) = problems(lambda: load_account(path))
    assert problem.endswith("partner_exports[0].prefix: is 1025 characters long; at most 1024 are allowed")


@pytest.mark.parametrize("owner", ["a@" + "." * 60_000, "a" * 60_000, "@" * 60_000, "a@b" + ".c" * 29_000 + " "])
def test_an_owner_of_64_kib_is_refused_at_once(registry: Registry, problems: Told, owner: str) -> None:
    """Once it took minutes; the patterns themselves are measured in tests/test_patterns.py."""
    write(registry, "p", owner=f'"{owner}"')
    (problem,) = problems(lambda: registry.definition(LONGEST_ID))
    assert "owner: is " in problem
