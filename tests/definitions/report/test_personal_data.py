"""What a definition makes of personal data: masks that fit their columns, and buckets that may receive them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.configuration import configuration
from promo_reports.definitions.report.personal_data import masks_for
from promo_reports.domain.mask import DROPPED, HASHED
from promo_reports.web.definition_body import body_of

BASE = """\
id: r
name: R
report_type: ledger
owner: growth@example.com
filters: {wallet: w1, kind: credit}
frequency: {interval: daily}
delivery:
  - partner_export: {partner: amazon_s3, bucket: finance-exports}
"""
RECEIVES = "connection: finance_s3"

Problems = Callable[[Callable[[], object]], list[str]]


def define(registry: Registry, personal_data: str = "", *, received: str | None = None, columns: str = "") -> None:
    settings = registry.settings
    (settings.reports / "r.yaml").write_text(BASE + personal_data)
    if received is not None:
        account = settings.account.read_text()
        assert RECEIVES in account
        settings.account.write_text(account.replace(RECEIVES, f"{RECEIVES}, personal_data: {received}"))
    if columns:
        path = settings.report_types / "ledger.yaml"
        path.write_text(path.read_text() + columns)


def test_columns_have_the_masks_that_a_definition_names(registry: Registry) -> None:
    define(registry, "personal_data: {user_id: hashed}\n")
    definition = registry.definition("r")
    assert definition.report_type.column("user_id").mask is HASHED
    assert [each.name for each in definition.report_type.columns if each.mask] == ["user_id"]
    assert registry.report_type("ledger").column("user_id").mask is None
    assert {each.key: each.value for each in configuration(definition, registry.account)}["personal_data"] == (
        "user_id: a keyed hash, equal in all reports"
    )
    assert body_of(definition, registry.account)["personal_data"] == {"user_id": "hashed"}


def test_a_dropped_column_is_no_column(registry: Registry) -> None:
    define(registry, "personal_data: {user_id: dropped}\n")
    definition = registry.definition("r")
    assert "user_id" not in [each.name for each in definition.report_type.columns]
    assert definition.personal_data == {"user_id": DROPPED}


def test_a_mask_is_part_of_what_a_definition_says(registry: Registry) -> None:
    hashes = set()
    for mask in ("clear", "dropped", "last_four", "hashed"):
        define(registry, f"personal_data: {{user_id: {mask}}}\n")
        hashes.add(registry.definition("r").sha256)
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("personal_data", "expected"),
    [
        ("personal_data: {user_id: hash}\n", [
            "9: personal_data.user_id: 'hash' is not allowed; did you mean 'hashed'?"
            " Allowed: clear, last_four, hashed, dropped.",
        ]),
        ("personal_data:\n  user_id: hashed\n  usr_id: hashed\n", [
            "11: personal_data.usr_id: 'usr_id' is no column of ledger; did you mean 'user_id'?"
            " Allowed: user_id, order_id, born_on, kind_of_person.",
        ]),
        ("personal_data: {points: dropped}\n", [
            "9: personal_data.points: 'points' is not marked as personal data (pii) of ledger."
            " Allowed: user_id, order_id, born_on, kind_of_person.",
        ]),
        ("personal_data: {born_on: hashed, order_id: last_four}\n", [
            "9: personal_data.born_on: hashed is for text, and born_on is date; write clear or dropped",
            "9: personal_data.order_id: last_four is for text, and order_id is integer; write clear or dropped",
        ]),
        ("personal_data: [user_id]\n", ["9: personal_data: must be a mapping (key: value), not a list"]),
    ],
)  # fmt: skip
def test_a_mask_that_does_not_fit(
    registry: Registry, problems: Problems, personal_data: str, expected: list[str]
) -> None:
    columns = (
        "  - {name: order_id, type: integer, description: Which order., pii: true}\n"
        "  - {name: born_on, type: date, description: When they were born., pii: true}\n"
        "  - {name: kind_of_person, type: text, description: Which., pii: true}\n"
    )
    define(registry, personal_data, columns=columns)
    assert told(registry, problems) == expected


@pytest.mark.parametrize(
    ("column", "mask", "expected"),
    [
        ("user_id", "hashed", []),
        ("user_id", "dropped", [
            "dropped hides user_id, by which rows of ledger are told apart; write clear or hashed",
        ]),
        ("user_id", "last_four", [
            "last_four hides user_id, by which rows of ledger are told apart; write clear or hashed",
        ]),
        ("kind", "hashed", ["hashed hides kind, by whose values ledger has totals; write clear"]),
        ("kind", "dropped", ["dropped hides kind, by whose values ledger has totals; write clear"]),
        ("kind", "clear", []),
        ("recorded_at", "dropped", ["dropped hides recorded_at, by which rows of ledger are told apart; write clear"]),
    ],
)  # fmt: skip
def test_what_must_stay_provable_is_not_hidden(
    registry: Registry, problems: Problems, column: str, mask: str, expected: list[str]
) -> None:
    path = registry.settings.report_types / "ledger.yaml"
    text = path.read_text().replace("description: Who., pii: true", "description: Who.")
    text = text.replace("order: [occurred_at, transaction_id]", "order: [occurred_at, transaction_id, user_id]")
    path.write_text(text.replace(f"name: {column}, ", f"name: {column}, pii: true, "))
    define(registry, f"personal_data: {{{column}: {mask}}}\n")
    assert told(registry, problems) == [f"9: personal_data.{column}: {each}" for each in expected]


@pytest.mark.parametrize(
    ("received", "personal_data", "problem"),
    [
        ("[clear, hashed]", "", None),
        ("[clear]", "personal_data: {user_id: clear}\n", None),
        ("[hashed]", "personal_data: {user_id: hashed}\n", None),
        ("[hashed]", "personal_data: {user_id: dropped}\n", None),
        ("[]", "personal_data: {user_id: dropped}\n", None),
        ("[hashed, last_four]", "", "user_id (clear): of personal data, the account lets this bucket have hashed,"
         " last_four. Name these columns under personal_data with hashed or last_four or dropped,"),
        ("[hashed]", "personal_data: {user_id: last_four}\n", "user_id (last_four): of personal data, the account lets"
         " this bucket have hashed. Name these columns under personal_data with hashed or dropped,"),
        ("[]", "", "user_id (clear): of personal data, the account lets this bucket have nothing."
         " Name these columns under personal_data with dropped,"),
    ],
)  # fmt: skip
def test_a_bucket_receives_what_the_account_lets_it_have(
    registry: Registry, problems: Problems, received: str, personal_data: str, problem: str | None
) -> None:
    define(registry, personal_data, received=received)
    assert told(registry, problems) == (
        [f"8: delivery[0].partner_export.bucket: may not receive {problem} or choose another bucket"] if problem else []
    )


def test_a_mask_of_another_name_is_not_received(registry: Registry, problems: Problems) -> None:
    define(registry, received="[masked]")
    assert problems(lambda: registry.account) == [
        "include/account.yaml:8: partner_exports[1].personal_data[0]: 'masked' is not allowed; did you mean 'hashed'?"
        " Allowed: clear, last_four, hashed."
    ]


def told(registry: Registry, problems: Problems) -> list[str]:
    return [each.removeprefix("reports/r.yaml:") for each in problems(lambda: registry.definition("r"))]


def test_a_form_offers_the_masks_that_fit(registry: Registry) -> None:
    define(registry, columns="  - {name: born_on, type: date, description: When., pii: true}\n")
    ledger = registry.report_type("ledger")
    assert {each.name: [mask.key for mask in masks_for(each.name, ledger)] for each in ledger.columns if each.pii} == {
        "user_id": ["clear", "last_four", "hashed", "dropped"],
        "born_on": ["clear", "dropped"],
    }
    assert masks_for("points", ledger) == []
