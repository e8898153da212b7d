"""Every mistake that a definition's file can hold, with the message that its writer reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.dates.window import DayRange, Preset, Window
from promo_reports.domain.delivery import Download, PartnerExport, partners

BASE = {
    "id": "id: r",
    "name": "name: A report",
    "report_type": "report_type: ledger",
    "owner": "owner: growth@example.com",
    "filters": "filters: {wallet: w1, kind: credit}",
    "frequency": "frequency: one_time",
    "date_range": "date_range: past_week",
    "delivery": "delivery: [download]",
}
S3 = "delivery: [partner_export: {partner: amazon_s3, bucket: bi-exports}]"
DAILY = {"frequency": "frequency: {interval: daily}", "date_range": None, "delivery": S3}
WEEKLY = DAILY | {"frequency": "frequency: {interval: weekly, delivery_day: monday}"}
KEYS = (
    "id, name, report_type, promotion_type, owner, filters, frequency, date_range, delivery, format, csv_safety,"
    " personal_data, timezone, starts_on."
)
RANGES = (
    "yesterday, today, past_7_days, past_week, past_2_weeks, past_3_weeks, past_month, past_2_months, past_3_months,"
)
PARTNERS = ", ".join(partners())
DAYS = "monday, tuesday, wednesday, thursday, friday, saturday, sunday"
Changes = dict[str, str | None]


def text(changes: Changes) -> str:
    """The base definition with lines replaced, left out (None) or added after the eighth."""
    return "\n".join(line for line in (BASE | changes).values() if line is not None) + "\n"


Refused = Callable[[Changes], list[str]]


@pytest.fixture
def refused(registry: Registry, problems: Callable[[Callable[[], object]], list[str]]) -> Refused:
    def of(changes: Changes) -> list[str]:
        (registry.settings.reports / "r.yaml").write_text(text(changes))
        return [each.removeprefix("reports/r.yaml:") for each in problems(lambda: registry.definition("r"))]

    return of


def test_the_base_is_good(refused: Refused) -> None:
    assert refused({}) == []
    assert refused(DAILY) == []
    assert refused(WEEKLY) == []


IDS = [
    ({"id": "id: other"}, ["1: id: must be the file's name, 'r', not 'other'"]),
    ({"id": "id: R"}, [
        "1: id: must be the file's name, 'r', not 'R'",
    ]),
    ({"id": None}, ["1: id: is required"]),
    ({"id": "id:"}, ["1: id: is empty; write a value or leave the key out"]),
    ({"id": "id: [r]"}, ["1: id: must be text, not a list"]),
    ({"id": "id: 12"}, ['1: id: 12 is a number in YAML; quote it: "12"']),
    ({"name": "name: ''"}, ["2: name: is empty"]),
    ({"name": "name: '  '"}, ["2: name: is empty"]),
    ({"name": "name: \"\\u200b\""}, ["2: name: is empty"]),
    ({"name": f"name: {'x' * 121}"}, ["2: name: is 121 characters long; at most 120 are allowed"]),
    ({"name": 'name: "a\\nb"'}, ["2: name: holds the control character U+000A"]),
    ({"name": 'name: "a\\0b"'}, ["2: name: holds the control character U+0000"]),
    ({"name": 'name: "a\\eb"'}, ["2: name: holds the control character U+001B"]),
    ({"name": 'name: "a\\u202eb"'}, ["2: name: holds U+202E, which changes the direction of writing"]),
    ({"name": "name: a\u2066b"}, ["2: name: holds U+2066, which changes the direction of writing"]),
    ({"name": None}, ["1: name: is required"]),
    ({"owner": None}, ["1: owner: is required"]),
    ({"owner": "owner: growth"}, ["4: owner: must be an email address, not 'growth'"]),
    ({"owner": "owner: a b@example.com"}, ["4: owner: must be an email address, not 'a b@example.com'"]),
]  # fmt: skip

IMPLICIT = [
    ({"name": "name: no"}, ['2: name: no is true or false in YAML; quote it: "no"']),
    ({"name": "name: 0123"}, ['2: name: 0123 is a number in YAML; quote it: "0123"']),
    ({"name": "name: 12:30"}, ['2: name: 12:30 is a number to base 60 in YAML; quote it: "12:30"']),
    ({"name": "name: 1e3"}, ['2: name: 1e3 is a number in YAML; quote it: "1e3"']),
    ({"name": "name: 2026-01-31"}, ['2: name: 2026-01-31 is a date in YAML; quote it: "2026-01-31"']),
    ({"name": "name: ~"}, ['2: name: ~ is nothing in YAML; quote it: "~"']),
    ({"filters": "filters: {wallet: 0123, kind: credit}"}, [
        '5: filters.wallet: 0123 is a number in YAML; quote it: "0123"',
    ]),
    ({"filters": "filters: {wallet: w1, kind: [on, credit]}"}, [
        '5: filters.kind[0]: on is true or false in YAML; quote it: "on"',
    ]),
    (DAILY | {"frequency": "frequency: {interval: daily, delivery_time: 12:30}"}, [
        '6: frequency.delivery_time: 12:30 is a number to base 60 in YAML; quote it: "12:30"',
    ]),
]  # fmt: skip

KEYS_AND_SHAPES = [
    ({"nmae": "nmae: x"}, [f"9: nmae: unknown key; did you mean 'name'? Allowed: {KEYS}"]),
    ({"Name": "Name: x"}, [f"9: Name: unknown key; did you mean 'name'? Allowed: {KEYS}"]),
    ({"zzz": "zzz: x"}, [f"9: zzz: unknown key. Allowed: {KEYS}"]),
    ({"a": "aws_secret_access_key: hunter2"}, [
        "9: aws_secret_access_key: unknown key; addresses and credentials are kept in Airflow connections only."
        f" Allowed: {KEYS}",
    ]),
    ({"a": "connection: promo_db"}, [
        "9: connection: unknown key; addresses and credentials are kept in Airflow connections only."
        f" Allowed: {KEYS}",
    ]),
    ({"a": "created_at: 2026-01-01T00:00:00Z"}, [f"9: created_at: unknown key. Allowed: {KEYS}"]),
    ({"a": "name: Twice"}, ["9: name: given twice; the first is in line 2"]),
    ({"filters": "filters: w1"}, ["5: filters: must be a mapping (key: value), not text"]),
    ({"filters": "filters: [w1]"}, ["5: filters: must be a mapping (key: value), not a list"]),
    ({"delivery": "delivery: download"}, ["8: delivery: must be a list, not text"]),
    ({"delivery": "delivery: {download: x}"}, ["8: delivery: must be a list, not a mapping"]),
    ({"name": "name: {a: b}"}, ["2: name: must be text, not a mapping"]),
]  # fmt: skip

TYPES_AND_FILTERS = [
    ({"report_type": "report_type: legder"}, [
        "3: report_type: 'legder' is not a report type; did you mean 'ledger'?"
        " Allowed: ledger, snapshot, summary, vouchers.",
    ]),
    ({"report_type": "report_type: ../ledger"}, [
        "3: report_type: '../ledger' is not snake_case: a-z first, then a-z, 0-9 and _, at most 63 characters",
    ]),
    ({"promotion_type": "promotion_type: partner_vouchers"}, [
        "9: promotion_type: ledger belongs to loyalty_wallet, not to partner_vouchers",
    ]),
    ({"promotion_type": "promotion_type: Loyalty Wallet"}, [
        "9: promotion_type: 'Loyalty Wallet' is not allowed; did you mean 'loyalty_wallet'?"
        " Allowed: loyalty_wallet, partner_vouchers, promo_campaigns.",
    ]),
    ({"filters": "filters: {wallet: w1, kind: credit, walet: w2}"}, [
        "5: filters.walet: not a filter of ledger; did you mean 'wallet'? Allowed: wallet, source, kind.",
    ]),
    ({"filters": "filters: {kind: credit}"}, ["5: filters.wallet: is required: name exactly one value."]),
    ({"filters": None}, [
        "1: filters.wallet: is required: name exactly one value.",
        "1: filters.kind: is required: name at least one value. Allowed: credit, debit, expired.",
    ]),
    ({"filters": "filters: {wallet: [w1, w2], kind: credit}"}, [
        "5: filters.wallet: names 2 values; name exactly one value.",
    ]),
    ({"filters": "filters: {wallet: all, kind: credit}"}, [
        "5: filters.wallet: cannot be all: name exactly one value.",
    ]),
    ({"filters": "filters: {wallet: w1, kind: []}"}, [
        "5: filters.kind: is empty; name at least one value. Allowed: credit, debit, expired.",
    ]),
    ({"filters": "filters: {wallet: '', kind: credit}"}, ["5: filters.wallet: is empty"]),
    ({"filters": "filters: {wallet: , kind: credit}"}, [
        "5: filters.wallet: is empty; write a value or leave the key out",
    ]),
    ({"filters": "filters: {wallet: w1, kind: [credit, credit]}"}, ["5: filters.kind[1]: 'credit' is named twice"]),
    ({"filters": "filters:\n  wallet: w1\n  kind:\n    - debit\n    - credits\n    - xyz"}, [
        "9: filters.kind[1]: 'credits' is not a value of kind; did you mean 'credit'? Allowed: credit, debit, expired.",
        "10: filters.kind[2]: 'xyz' is not a value of kind. Allowed: credit, debit, expired.",
    ]),
    ({"filters": "filters: {wallet: w1, kind: [all]}"}, [
        "5: filters.kind: 'all' is not a value of kind. Allowed: credit, debit, expired.",
    ]),
    ({"filters": 'filters: {wallet: "a\\0b", kind: credit}'}, [
        "5: filters.wallet: holds the control character U+0000",
    ]),
    ({"filters": f"filters: {{wallet: {'x' * 201}, kind: credit}}"}, [
        "5: filters.wallet: is 201 characters long; at most 200 are allowed",
    ]),
    ({"report_type": "report_type: vouchers", "filters": "filters: {partner: cinema, list_tag: x, campaigns: all}"}, [
        "5: filters.campaigns: cannot be all: name at least one value.",
    ]),
]  # fmt: skip

FREQUENCY_AND_DATES = [
    ({"frequency": None, "date_range": None}, ["1: frequency: is required"]),
    ({"frequency": "frequency: daily", "date_range": None}, [
        "6: frequency: 'daily' is not allowed."
        " Allowed: one_time, {interval: daily}, {interval: weekly, delivery_day: monday}.",
    ]),
    ({"frequency": "frequency: [one_time]"}, [
        "6: frequency: must be one of: one_time, {interval: daily}, {interval: weekly, delivery_day: monday}",
    ]),
    ({"date_range": None}, [
        f"1: date_range: is required for a one-time ledger. Allowed: {RANGES} {{first, last}}, {{start, end}}.",
    ]),
    ({"report_type": "report_type: snapshot", "filters": "filters: {wallet: w}"}, [
        "7: date_range: snapshot is a snapshot and takes no date range",
    ]),
    (DAILY | {"date_range": "date_range: past_week"}, [
        "7: date_range: is for one-time reports; a recurring report covers the previous day or week by itself",
    ]),
    (WEEKLY | {"frequency": "frequency: {interval: weekly}"}, [
        f"6: frequency.delivery_day: is required for a weekly report. Allowed: {DAYS}.",
    ]),
    (DAILY | {"frequency": "frequency: {interval: daily, delivery_day: monday}"}, [
        "6: frequency.delivery_day: is for weekly reports; a daily report is delivered every day",
    ]),
    (DAILY | {"frequency": "frequency: {delivery_day: monday}"}, ["6: frequency.interval: is required"]),
    (DAILY | {"frequency": "frequency: {interval: monthly}"}, [
        "6: frequency.interval: 'monthly' is not allowed. Allowed: daily, weekly.",
    ]),
    (WEEKLY | {"frequency": "frequency: {interval: weekly, delivery_day: Monday}"}, [
        f"6: frequency.delivery_day: 'Monday' is not allowed; did you mean 'monday'? Allowed: {DAYS}.",
    ]),
    (DAILY | {"frequency": "frequency: {interval: daily, delivery_time: '24:00'}"}, [
        "6: frequency.delivery_time: '24:00' is not a time of day like '06:00' or '18:30'",
    ]),
    (DAILY | {"frequency": "frequency: {interval: weakly, delivery_time: noon}"}, [
        "6: frequency.interval: 'weakly' is not allowed; did you mean 'weekly'? Allowed: daily, weekly.",
        "6: frequency.delivery_time: 'noon' is not a time of day like '06:00' or '18:30'",
    ]),
    ({"starts_on": "starts_on: 2026-01-01"}, [
        "9: starts_on: is for recurring reports; a one-time report runs when it is first registered",
    ]),
    (DAILY | {"starts_on": "starts_on: 2026-02-30"}, ["8: starts_on: 2026-02-30 is not in the calendar"]),
    (DAILY | {"starts_on": "starts_on: tomorrow"}, [
        "8: starts_on: must be a date like 2026-01-31, not 'tomorrow'",
    ]),
    (DAILY | {"starts_on": "starts_on: 9999-12-31"}, [
        "8: starts_on: 9999-12-31 is not between the years 1970 and 2199",
    ]),
    ({"date_range": "date_range: past_weak"}, [
        "7: date_range: 'past_weak' is not allowed; did you mean 'past_week'?"
        f" Allowed: {RANGES} {{first: 2026-01-01, last: 2026-01-31}}.",
    ]),
    ({"date_range": "date_range: {first: 2026-02-30, last: 2026-13-01}"}, [
        "7: date_range.first: 2026-02-30 is not in the calendar",
        "7: date_range.last: 2026-13-01 is not in the calendar",
    ]),
    ({"date_range": "date_range: {first: 2026-01-02, last: 2026-01-01}"}, [
        "7: date_range: the first day, 2026-01-02, is after the last, 2026-01-01",
    ]),
    ({"date_range": "date_range: {first: 2026-01-01}"}, ["7: date_range.last: is required"]),
    ({"date_range": "date_range: {from: 2026-01-01, last: 2026-01-02}"}, [
        "7: date_range.from: unknown key. Allowed: first, last.",
        "7: date_range.first: is required",
    ]),
    ({"date_range": "date_range: {first: 2026-01-01, last: 2026-04-01}"}, [
        "7: date_range: longer than 3 months: 2026-01-01 to 2026-04-01",
    ]),
    ({"date_range": "date_range: {first: 0001-01-01, last: 2026-04-01}"}, [
        "7: date_range.first: 0001-01-01 is not between the years 1970 and 2199",
    ]),
    ({"date_range": "date_range: {start: 2026-01-01, end: 2026-01-02T00:00:00Z}"}, [
        "7: date_range.start: must be a time with offset like 2026-01-31T00:00:00-05:00, not '2026-01-01'",
    ]),
    ({"date_range": "date_range: {start: 2026-01-01T00:00:00, end: 2026-01-02T00:00:00Z}"}, [
        "7: date_range.start: must be a time with offset like 2026-01-31T00:00:00-05:00, not '2026-01-01T00:00:00'",
    ]),
    ({"date_range": "date_range: {start: 2026-01-02T00:00:00Z, end: 2026-01-02T00:00:00+00:00}"}, [
        "7: date_range: must start before it ends:"
        " 2026-01-02T00:00:00+00:00 is not before 2026-01-02T00:00:00+00:00",
    ]),
    ({"date_range": "date_range: {start: 2026-01-01T05:00:00Z, end: 2026-04-01T04:00:01Z}"}, [
        "7: date_range: longer than 3 months: 2026-01-01T05:00:00+00:00 to 2026-04-01T04:00:01+00:00",
    ]),
    ({"date_range": "date_range: {start: 2026-02-30T05:00:00Z, end: 2026-04-01T25:00:00Z}"}, [
        "7: date_range.start: 2026-02-30T05:00:00Z is not in the calendar",
        "7: date_range.end: 2026-04-01T25:00:00Z is not in the calendar",
    ]),
    ({"report_type": "report_type: summary", "filters": None, "date_range": "date_range: past_2_months"}, [
        "6: date_range: longer than 1 month: past_2_months",
    ]),
    ({"timezone": "timezone: America/New_Yrok"}, [
        "9: timezone: 'America/New_Yrok' is not a timezone; did you mean 'America/New_York'?"
        " write one like America/New_York",
    ]),
    ({"timezone": "timezone: ../../etc/passwd"}, [
        "9: timezone: '../../etc/passwd' is not a timezone; write one like America/New_York",
    ]),
    ({"timezone": "timezone: US"}, ["9: timezone: 'US' is not a timezone; write one like America/New_York"]),
    ({"timezone": "timezone: Pacific/Apia", "date_range": "date_range: {first: 2011-12-30, last: 2011-12-30}"}, [
        "7: date_range: 2011-12-30 does not exist in Pacific/Apia: the calendar skipped it",
    ]),
]  # fmt: skip


def export(**values: str) -> dict[str, str | None]:
    inside = ", ".join(f"{key}: {value}" for key, value in values.items())
    return {"delivery": f"delivery: [partner_export: {{{inside}}}]"}


DELIVERY = [
    ({"delivery": None}, ["1: delivery: is required"]),
    ({"delivery": "delivery: []"}, ["8: delivery: needs at least one of: download, partner_export"]),
    ({"delivery": "delivery: [dowload]"}, [
        "8: delivery[0]: 'dowload' is not allowed; did you mean 'download'?"
        " Allowed: download, partner_export: {partner: amazon_s3, bucket: ...}.",
    ]),
    ({"delivery": "delivery: [download, download]"}, ["8: delivery: names the same destination twice"]),
    (DAILY | {"delivery": "delivery: [download]"}, [
        "7: delivery: a recurring report needs a partner_export; download alone is for one-time reports",
    ]),
    (export(bucket="bi-exports"), ["8: delivery[0].partner_export.partner: is required"]),
    (export(partner="gcs", bucket="bi-exports"), [
        f"8: delivery[0].partner_export.partner: 'gcs' is not allowed. Allowed: {PARTNERS}.",
    ]),
    (export(partner="amazon_s3", bucket="bi-export"), [
        "8: delivery[0].partner_export.bucket: 'bi-export' is not a connected bucket; did you mean 'bi-exports'?"
        " Allowed: bi-exports, finance-exports.",
    ]),
    (export(partner="amazon_s3", bucket="s3://bi-exports"), [
        "8: delivery[0].partner_export.bucket: 's3://bi-exports' is not the name of a bucket:"
        " a-z, 0-9, . _ and -, no address",
    ]),
    (export(partner="amazon_s3", bucket="s3://AKIAABCDEFGHIJKLMNOP:hunter2@bi-exports"), [
        "8: delivery[0].partner_export.bucket: looks like a secret; credentials are kept in Airflow connections only",
    ]),
    (export(partner="amazon_s3", bucket="bi-exports", secret_key="hunter2"), [
        "8: delivery[0].partner_export.secret_key: unknown key; addresses and credentials are kept in Airflow"
        " connections only. Allowed: partner, bucket, prefix, format, csv_safety.",
    ]),
    (export(partner="amazon_s3", bucket="bi-exports", prefix="/daily"), [
        "8: delivery[0].partner_export.prefix: '/daily' starts with /; a prefix is relative to the bucket",
    ]),
    (export(partner="amazon_s3", bucket="bi-exports", prefix="a/../../b"), [
        "8: delivery[0].partner_export.prefix: 'a/../../b' holds . or .. as a part",
    ]),
    (export(partner="amazon_s3", bucket="bi-exports", prefix="a//b"), [
        "8: delivery[0].partner_export.prefix: 'a//b' is not a prefix:"
        " names of letters, digits and !_.*'()=+@- joined by /",
    ]),
    (export(partner="amazon_s3", bucket="bi-exports", prefix="'{{ conn.x.password }}'"), [
        "8: delivery[0].partner_export.prefix: '{{ conn.x.password }}' is not a prefix:"
        " names of letters, digits and !_.*'()=+@- joined by /",
    ]),
    (export(partner="amazon_s3", bucket="bi-exports", prefix="https://example.com/x"), [
        "8: delivery[0].partner_export.prefix: 'https://example.com/x' is not a prefix:"
        " names of letters, digits and !_.*'()=+@- joined by /",
    ]),
    ({"delivery": "delivery: [partner_export: {partner: amazon_s3, bucket: bi-exports, prefix: d},"
      " partner_export: {partner: amazon_s3, bucket: bi-exports, prefix: d/}]"}, [
        "8: delivery: names the same destination twice",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [*IDS, *IMPLICIT, *KEYS_AND_SHAPES, *TYPES_AND_FILTERS, *FREQUENCY_AND_DATES, *DELIVERY],
)
def test_a_mistake_is_told(refused: Refused, changes: Changes, expected: list[str]) -> None:
    assert refused(changes) == expected


def test_mistakes_are_told_together_in_the_order_of_the_file(refused: Refused) -> None:
    assert refused(
        {
            "name": "nmae: x",
            "owner": "owner: no",
            "filters": "filters: {wallet: [a, b], kind: credits, colour: red}",
            "frequency": "frequency: {interval: weekly}",
            "delivery": "delivery: [download, partner_export: {partner: gcs, bucket: x y}]",
        }
    ) == [
        "1: name: is required",
        f"2: nmae: unknown key; did you mean 'name'? Allowed: {KEYS}",
        '4: owner: no is true or false in YAML; quote it: "no"',
        "5: filters.colour: not a filter of ledger. Allowed: wallet, source, kind.",
        "5: filters.wallet: names 2 values; name exactly one value.",
        "5: filters.kind: 'credits' is not a value of kind; did you mean 'credit'? Allowed: credit, debit, expired.",
        f"6: frequency.delivery_day: is required for a weekly report. Allowed: {DAYS}.",
        "7: date_range: is for one-time reports; a recurring report covers the previous day or week by itself",
        f"8: delivery[1].partner_export.partner: 'gcs' is not allowed. Allowed: {PARTNERS}.",
        "8: delivery[1].partner_export.bucket: 'x y' is not the name of a bucket: a-z, 0-9, . _ and -, no address",
    ]


def test_a_secret_is_never_repeated(refused: Refused) -> None:
    several: tuple[Changes, ...] = (
        {"owner": "owner: postgresql://growth:hunter2@db/promo"},
        {"frequency": "frequency: password=hunter2"},
        {"timezone": "timezone: token=hunter2"},
        {"filters": "filters: {wallet: w1, kind: api_key=hunter2}"},
        export(partner="amazon_s3", bucket="bi-exports", prefix="secret=hunter2"),
    )
    for changes in several:
        told = refused(changes)
        assert told
        assert "hunter2" not in str(told)


def test_a_broken_report_type_is_told_at_the_definition(refused: Refused, registry: Registry) -> None:
    path = registry.settings.report_types / "ledger.yaml"
    path.write_text(path.read_text().replace("select: one", "select: two"))
    assert refused({}) == [
        "3: report_type: ledger cannot be used: its own file has problems, first report_types/ledger.yaml:15:"
        " filters[0].select: 'two' is not allowed. Allowed: one, many, all."
    ]


@pytest.mark.parametrize(
    ("range_text", "expected"),
    [
        ("{first: 2026-07-16, last: 2026-07-17}", [
            "7: date_range.first: 2026-07-16 is in the future; today is 2026-07-15 in America/New_York",
        ]),
        ("{first: 2026-07-15, last: 2026-07-16}", [
            "7: date_range.last: 2026-07-16 is in the future; today is 2026-07-15 in America/New_York",
        ]),
        ("{first: 2026-07-15, last: 2026-07-15}", []),
        ("{start: 2026-07-15T00:00:00Z, end: 2026-07-16T03:00:01Z}", [
            "7: date_range.end: 2026-07-16T03:00:01+00:00 is in the future; now is 2026-07-16T03:00:00+00:00",
        ]),
        ("{start: 2026-07-15T00:00:00Z, end: 2026-07-16T03:00:00Z}", []),
    ],
)  # fmt: skip
def test_the_future_is_refused_when_the_clock_matters(
    registry: Registry,
    refused: Refused,
    problems: Callable[[Callable[[], object]], list[str]],
    range_text: str,
    expected: list[str],
) -> None:
    assert refused({"date_range": f"date_range: {range_text}"}) == []  # at parse time there is no clock
    now = datetime(2026, 7, 16, 3, tzinfo=UTC)  # still the 15th in New York
    told = problems(lambda: registry.load(registry.find("r"), now))
    assert [each.removeprefix("reports/r.yaml:") for each in told] == expected


def test_a_whole_definition(registry: Registry) -> None:
    definition = registry.definition("ledger_daily")
    assert definition.filters == {
        "wallet": ("grocery-rewards",),
        "source": ("api", "promo_campaign"),
        "kind": ("credit", "expired"),
    }
    assert definition.destinations == (PartnerExport("amazon_s3", "bi-exports", "daily"), Download())
    assert definition.schedule is not None
    assert definition.schedule.interval is Interval.WEEKLY
    assert (definition.schedule.delivery_day, definition.schedule.delivery_time) == ("monday", time(12, 30))
    assert definition.schedule.timezone == definition.timezone == "Asia/Kolkata"
    assert definition.starts_at == datetime(2026, 1, 30, 18, 30, tzinfo=UTC)
    assert (definition.source, definition.origin.value) == ("reports/ledger_daily.yaml", "git")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("past_3_months", Preset.PAST_3_MONTHS),
        ("{first: 2026-01-01, last: '2026-01-31'}", DayRange(date(2026, 1, 1), date(2026, 1, 31))),
        (
            "{start: '2026-01-01T00:00:00-05:00', end: 2026-01-02T00:00Z}",
            Window(datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
        ),
        (
            "{start: 2026-01-01T00:00:00.5Z, end: 2026-01-01T00:00:00.000001+00:00}",
            None,
        ),
    ],
)
def test_date_ranges(registry: Registry, refused: Refused, written: str, read: object) -> None:
    told = refused({"date_range": f"date_range: {written}"})
    if read is None:
        assert told
    else:
        assert registry.definition("r").date_range == read


def test_filters_left_out_or_all(registry: Registry, refused: Refused) -> None:
    assert refused({"filters": "filters: {wallet: [w1], kind: all, source: all}"}) == []
    every = registry.definition("r").filters
    assert every == {
        "wallet": ("w1",), "source": ("api", "promo_campaign", "system"), "kind": ("credit", "debit", "expired"),
    }  # fmt: skip
    summary: Changes = {"report_type": "report_type: summary", "date_range": "date_range: past_week"}
    for filters in (None, "filters: {}", "filters: {wallets: all}"):
        assert refused(summary | {"filters": filters}) == []
        assert registry.definition("r").filters == {"wallets": None}
    assert refused(summary | {"filters": "filters: {wallets: [b, a]}"}) == []
    assert registry.definition("r").filters == {"wallets": ("b", "a")}


def test_a_value_keeps_its_outer_blanks(registry: Registry, refused: Refused) -> None:
    assert refused({"filters": "filters: {wallet: ' w\u00a0', kind: credit}"}) == []
    assert registry.definition("r").filters["wallet"] == (" w\u00a0",)
    assert refused({"filters": "filters: {wallet: '  ', kind: credit}"}) == ["5: filters.wallet: is empty"]


def test_the_hash_is_of_the_content(registry: Registry, refused: Refused) -> None:
    def sha256(changes: Changes) -> str:
        assert refused(changes) == []
        return registry.definition("r").sha256

    plain = sha256({})
    assert (
        sha256({"name": "# comment\n\nname:   'A report'", "promotion_type": "promotion_type: loyalty_wallet"}) == plain
    )
    assert sha256({"filters": "filters: {kind: [credit], wallet: [w1]}"}) == plain
    others: list[Changes] = [
        {"name": "name: Another"},
        {"owner": "owner: finance@example.com"},
        {"filters": "filters: {wallet: w1, kind: debit}"},
        {"date_range": "date_range: past_month"},
        {"timezone": "timezone: America/New_York"},
        DAILY,
    ]
    assert len({plain, *(sha256(each) for each in others)}) == 7
