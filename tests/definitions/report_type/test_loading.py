from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report_type.loading import load_report_type
from promo_reports.domain.filters import Select
from promo_reports.domain.report_type import ColumnType, DateRangeRule, PromotionType

BASE = {
    "id": "id: r",
    "title": "title: A type",
    "promotion_type": "promotion_type: loyalty_wallet",
    "description": "description: What it shows.",
    "date_range": "date_range: required",
    "window_column": "window_column: at",
    "order": "order: [at, seq]",
    "filters": "filters: [{name: wallet, title: W, description: W., select: one, options: wallets}]",
    "columns": "columns:",
    "at": "- {name: at, type: timestamp, description: When.}",
    "n": "- {name: seq, type: integer, description: Which.}",
    "points": "- {name: points, type: decimal, description: Points., total: true}",
    "kind": "- {name: kind, type: text, description: Kind.}",
}
COLUMNS = "Allowed: at, seq, points, kind."
Changes = dict[str, str | None]


def filters(*each: str) -> Changes:
    return {"filters": f"filters: [{', '.join('{title: T, description: D., ' + text + '}' for text in each)}]"}


WALLET = "name: wallet, select: one, options: wallets"


@pytest.fixture
def refused(
    registry: Registry, problems: Callable[[Callable[[], object]], list[str]]
) -> Callable[[Changes], list[str]]:
    path = registry.settings.report_types / "r.yaml"

    def of(changes: Changes) -> list[str]:
        path.write_text("\n".join(line for line in (BASE | changes).values() if line is not None) + "\n")
        return [each.removeprefix("report_types/r.yaml:") for each in problems(lambda: load_report_type(path))]

    return of


def test_report_types_of_the_fixture(registry: Registry) -> None:
    ledger = registry.report_types["ledger"]
    assert (ledger.promotion_type, ledger.date_range) == (PromotionType.LOYALTY_WALLET, DateRangeRule.REQUIRED)
    assert (ledger.connection, ledger.max_months, ledger.totals_by) == ("promo_db", 3, "kind")
    assert [(each.name, each.select, each.required) for each in ledger.filters] == [
        ("wallet", Select.ONE, True), ("source", Select.MANY, False), ("kind", Select.MANY, True),
    ]  # fmt: skip
    assert ledger.column("user_id").pii
    assert (ledger.totals[0].type, ledger.totals[0].scale, ledger.totals[0].unit) == (ColumnType.DECIMAL, 2, "points")
    assert (registry.report_types["summary"].window_column, registry.report_types["snapshot"].connection) == (
        None, "other_db",
    )  # fmt: skip
    assert registry.report_types["vouchers"].filter("list_tag").depends_on == "partner"
    assert registry.report_types["summary"].filter("wallets").default_all


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"id": "id: other"}, ["1: id: must be the file's name, 'r', not 'other'"]),
        ({"title": None, "columns": None, "at": None, "n": None, "points": None, "kind": None}, [
            "1: title: is required", "1: columns: is required",
        ]),
        ({"promotion_type": "promotion_type: loyalty"}, [
            "3: promotion_type: 'loyalty' is not allowed; did you mean 'loyalty_wallet'?"
            " Allowed: loyalty_wallet, partner_vouchers, promo_campaigns.",
        ]),
        ({"description": "description: ''"}, ["4: description: is empty"]),
        ({"date_range": "date_range: no"}, [
            "5: date_range: 'no' is not allowed; did you mean 'none'? Allowed: required, optional, none.",
        ]),
        ({"x": "sql: SELECT 1"}, [
            "14: sql: unknown key. Allowed: id, title, promotion_type, description, connection, date_range,"
            " window_column, recorded_column, max_months, order, totals_by, allow_row_security, filters, columns.",
        ]),
        ({"x": "connection: postgresql://u@db/x"}, [
            "14: connection: looks like a secret; credentials are kept in Airflow connections only",
        ]),
        ({"x": "connection: db:5432"}, [
            "14: connection: 'db:5432' is not the id of an Airflow connection: letters, digits, _ . and -, no address",
        ]),
        ({"order": "order: []"}, ["7: order: is empty; name the columns that make every row's place certain"]),
        ({"order": "order: [at, no]"}, ['7: order[1]: no is true or false in YAML; quote it: "no"']),
        ({"order": "order: at"}, ["7: order: must be a list, not text"]),
        ({"order": "order: [at, m]"}, [f"7: order[1]: 'm' is not a column. {COLUMNS}"]),
        ({"order": "order: [at, seq, at]"}, ["7: order[2]: 'at' is named already"]),
        ({"order": "order: [seq, at]"}, ["7: order: must start with the window column 'at', not 'seq'"]),
        ({"window_column": "window_column: ta"}, [
            f"6: window_column: 'ta' is not a column. {COLUMNS}",
            "7: order: must start with the window column 'ta', not 'at'",
        ]),
        ({"window_column": "window_column: seq", "order": "order: [seq]"}, [
            "6: window_column: 'seq' must be a timestamp column, not integer",
        ]),
        ({"window_column": None}, ["1: window_column: is required: the order starts with the timestamp 'at'"]),
        ({"window_column": "window_column: null", "order": "order: [seq]"}, []),
        ({"window_column": None, "order": "order: [seq]"}, []),
        ({"date_range": "date_range: none"}, [
            "6: window_column: a report type with `date_range: none` is a snapshot and has no window column",
        ]),
        ({"date_range": "date_range: none", "window_column": None, "x": "max_months: 3"}, [
            "13: max_months: a report type with `date_range: none` has no window to limit",
        ]),
        ({"x": "max_months: 0"}, ["14: max_months: must be from 1 to 120, not 0"]),
        ({"x": "max_months: '3'"}, ["14: max_months: must be a whole number, not '3'"]),
        ({"x": "max_months: 3.5"}, ["14: max_months: must be a whole number, not 3.5"]),
        ({"x": "recorded_column: kind"}, ["14: recorded_column: 'kind' must be a timestamp column, not text"]),
        ({"x": "recorded_column: at", "window_column": None, "order": "order: [seq]"}, [
            "13: recorded_column: needs a window_column: late rows are counted by window",
        ]),
        ({"x": "totals_by: kinds"}, [f"14: totals_by: 'kinds' is not a column; did you mean 'kind'? {COLUMNS}"]),
        ({"x": "totals_by: kind", "points": None}, ["13: totals_by: no column has `total: true`"]),
        ({"kind": "- {name: kind, type: text, description: Kind., total: true}"}, [
            "13: columns[3].total: only decimal and integer columns have totals, not text",
        ]),
        ({"kind": "- {name: kind, type: integer, description: Kind., scale: 2}"}, [
            "13: columns[3].scale: only decimal columns have a scale, not integer",
        ]),
        ({"kind": "- {name: kind, type: decimal, description: Kind., scale: 39}"}, [
            "13: columns[3].scale: must be from 0 to 38, not 39",
        ]),
        ({"kind": "- {name: seq, type: text, description: Kind.}"}, ["13: columns[3].name: 'seq' is a column already"]),
        ({"kind": "- {name: Kind, type: str, pii: yes}"}, [
            "13: columns[3].name: 'Kind' is not snake_case: a-z first, then a-z, 0-9 and _, at most 63 characters",
            "13: columns[3].type: 'str' is not allowed. Allowed: text, integer, decimal, timestamp, date, boolean.",
            "13: columns[3].description: is required",
            "13: columns[3].pii: must be true or false, not 'yes'",
        ]),
        ({"columns": "columns: []", "at": None, "n": None, "points": None, "kind": None}, [
            "9: columns: is empty; name at least one column",
        ]),
        (filters(WALLET, WALLET), ["8: filters[1].name: 'wallet' is a filter already"]),
        (filters("name: w, select: one"), ["8: filters[0]: needs either `choices` or `options`, and not both"]),
        (filters("name: w, select: one, options: wallets, choices: [{value: a, title: A}]"), [
            "8: filters[0]: needs either `choices` or `options`, and not both",
        ]),
        (filters("name: w, select: one, options: walets"), [
            "8: filters[0].options: 'walets' is not a file of include/sql/options; did you mean 'wallets'?"
            " Allowed: list_tags, wallets.",
        ]),
        (filters("name: w, select: one, options: ../wallets"), [
            "8: filters[0].options: '../wallets' is not snake_case:"
            " a-z first, then a-z, 0-9 and _, at most 63 characters",
        ]),
        (filters("name: w, select: one, default: all, options: wallets"), [
            "8: filters[0].default: a filter with `select: one` has no default",
        ]),
        (filters("name: w, select: any, default: none, options: wallets"), [
            "8: filters[0].select: 'any' is not allowed; did you mean 'many'? Allowed: one, many, all.",
            "8: filters[0].default: 'none' is not allowed. Allowed: all.",
        ]),
        (filters("name: w, select: one, choices: []"), ["8: filters[0].choices: is empty; name at least one value"]),
        (filters("name: w, select: many, choices: [{value: a, title: A}, {value: a, title: B},"
                 " {value: all, title: C}]"),
         [
            "8: filters[0].choices[1].value: 'a' is a choice already",
            "8: filters[0].choices[2].value: 'all' means every value in a definition; name it otherwise",
        ]),
        (filters("name: w, select: many, choices: [{value: 1, title: A}]"), [
            '8: filters[0].choices[0].value: 1 is a number in YAML; quote it: "1"',
        ]),
        (filters("name: tag, select: one, options: list_tags, depends_on: walet", WALLET), [
            "8: filters[0].depends_on: 'walet' is not an earlier filter. None is allowed.",
        ]),
        (filters(WALLET, "name: tag, select: one, options: list_tags, depends_on: tag"), [
            "8: filters[1].depends_on: 'tag' is not an earlier filter. Allowed: wallet.",
        ]),
        (filters("name: w, select: all, options: wallets",
                 "name: tag, select: one, options: list_tags, depends_on: w"), [
            "8: filters[1].depends_on: 'w' must have `select: one`, not all",
        ]),
        (filters(WALLET, "name: k, select: one, depends_on: wallet, choices: [{value: a, title: A}]"), [
            "8: filters[1].depends_on: fixed choices depend on nothing; give `options`",
        ]),
    ],
)  # fmt: skip
def test_what_a_report_type_may_not_say(
    refused: Callable[[Changes], list[str]], changes: Changes, expected: list[str]
) -> None:
    assert refused(changes) == expected


def test_a_link_out_of_the_options_is_refused(registry: Registry, refused: Callable[[Changes], list[str]]) -> None:
    (registry.settings.sql / "options" / "wallets.sql").unlink()
    (registry.settings.sql / "options" / "wallets.sql").symlink_to("/etc/hostname")
    assert refused({}) == [
        "8: filters[0].options: wallets.sql is no regular file, and is not opened; put the file itself there"
    ]


def test_a_broken_file_says_only_what_is_wrong_with_it(tmp_path: Path, problems: Callable[..., list[str]]) -> None:
    path = tmp_path / "report_types" / "r.yaml"
    assert problems(lambda: load_report_type(path)) == ["report_types/r.yaml: there is no such file"]
    path.parent.mkdir()
    path.write_text("a: [")
    assert problems(lambda: load_report_type(path)) == [
        "report_types/r.yaml:2: not YAML: did not find expected node content"
    ]
