"""Creating: what a request becomes, whatever the day it is repeated on, and who may."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.store.idempotency_keys import IdempotencyKeys, Request
from promo_reports.domain.dates.window import Window
from promo_reports.errors import Conflict, InvalidInput, StoreError
from promo_reports.pipeline.run_export import Run, one_time_export
from promo_reports.web.error_handlers import Refusal
from promo_reports.web.form.creation import NewReport, checked_report, drafted, keep
from tests.support.web.callers import CHANGE, EXPORT, REPORT, TYPE, Permitted, caller, nobody

BODY: dict[str, Any] = {
    "name": "June audit",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
    "frequency": "one_time",
    "date_range": "past_week",
    "delivery": ["download"],
    "starts_on": None,
}
RECURRING = BODY | {
    "frequency": {"interval": "daily"},
    "date_range": None,
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}
SNAPSHOT = {key: BODY[key] for key in ("name", "frequency", "delivery")} | {
    "report_type": "user_ledger_summary",
    "filters": {"wallet": "grocery-rewards"},
}
ADA = caller(EXPORT, CHANGE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


NOON = at("2026-11-18T12:00:00-05:00")


def ordered(
    registry: Registry, body: dict[str, Any] = BODY, when: datetime = NOON, key: str | None = None
) -> NewReport:
    return checked_report(registry, ADA, body, key=key, at=when)


@pytest.mark.parametrize(
    ("when", "changes", "start", "end"),
    [
        ("2026-11-18T12:00:00-05:00", {}, "2026-11-09T00:00:00-05:00", "2026-11-16T00:00:00-05:00"),
        # 23 and 25 hours long, and named by the offsets of their own midnights.
        ("2026-03-09T12:00:00-04:00", {"date_range": "yesterday"},
         "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00"),
        ("2026-11-02T12:00:00-05:00", {"date_range": "yesterday"},
         "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"),
        # In India it is the 19th already.
        ("2026-11-18T19:00:00-05:00", {"date_range": "yesterday", "timezone": "Asia/Kolkata"},
         "2026-11-18T00:00:00+05:30", "2026-11-19T00:00:00+05:30"),
        ("2026-11-18T12:00:00-05:00", {"date_range": "today"},
         "2026-11-18T00:00:00-05:00", "2026-11-18T12:00:00-05:00"),
        ("2026-11-18T12:00:00-05:00", {"date_range": {"first": "2026-11-01", "last": "2026-11-18"}},
         "2026-11-01T00:00:00-04:00", "2026-11-18T12:00:00-05:00"),
        ("2026-11-18T12:00:00-05:00", {"date_range": {"start": "2026-11-01T05:00:00Z", "end": "2026-11-02T05:00:00Z"}},
         "2026-11-01T01:00:00-04:00", "2026-11-02T00:00:00-05:00"),
    ],
)  # fmt: skip
def test_a_date_range_becomes_absolute_instants_of_the_definitions_timezone(
    registry: Registry, when: str, changes: dict[str, Any], start: str, end: str
) -> None:
    conf = ordered(registry, BODY | changes, at(when)).conf()
    assert conf["date_range"] == {"start": start, "end": end}


def test_the_conf_is_what_was_asked_and_whose_it_is(registry: Registry) -> None:
    conf = ordered(registry).conf()
    assert conf == {
        **{key: BODY[key] for key in ("name", "report_type", "filters", "frequency", "delivery")},
        "date_range": {"start": "2026-11-09T00:00:00-05:00", "end": "2026-11-16T00:00:00-05:00"},
        "owner": "ada",
    }


@pytest.mark.parametrize("date_range", ["past_week", "today", {"first": "2026-11-18", "last": "2026-11-18"}])
def test_the_run_exports_the_window_that_was_asked_for(registry: Registry, date_range: object) -> None:
    """However late it begins: the task checks the conf again, against the run's own instant."""
    made = ordered(registry, BODY | {"date_range": date_range})
    definition = registry.from_conf(
        made.conf(), run_id=made.run_id, at=made.request.at, report_type="wallet_transactions"
    )
    export = one_time_export(definition, Run(made.dag_id, made.run_id, made.request.at))
    asked = made.conf()["date_range"]
    assert export.window == Window(at(asked["start"]), at(asked["end"]))
    assert definition.owner == "ada"


def test_a_snapshot_has_no_date_range(registry: Registry) -> None:
    assert "date_range" not in ordered(registry, SNAPSHOT).conf()


def test_a_run_is_that_of_its_report_types_dag(registry: Registry) -> None:
    made = ordered(registry)
    assert made.dag_id == TYPE
    assert made.run_id.startswith("page__")
    assert ordered(registry).run_id != made.run_id


@pytest.mark.parametrize(
    ("date_range", "message"),
    [
        ({"first": "2026-11-01", "last": "2026-11-19"}, "2026-11-19 is in the future; today is 2026-11-18"),
        ({"start": "2026-11-18T00:00:00-05:00", "end": "2026-11-18T12:00:01-05:00"}, "is in the future; now is"),
    ],
)
def test_a_range_that_is_not_over_is_refused(registry: Registry, date_range: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        ordered(registry, BODY | {"date_range": date_range})


def test_a_day_that_has_not_begun_holds_nothing(registry: Registry) -> None:
    with pytest.raises(InvalidInput) as refused:
        ordered(registry, BODY | {"date_range": "today"}, at("2026-11-18T00:00:00-05:00"))
    assert [(each.path, each.message) for each in refused.value.problems] == [
        ("date_range", "is not over yet; now it is 2026-11-18 00:00 in America/New_York")
    ]


def test_a_repetition_means_the_days_that_it_meant_at_first(registry: Registry) -> None:
    first = ordered(registry, key="k")
    again = ordered(registry, key="k", when=NOON + timedelta(days=5))
    assert (again.run_id, again.conf(), again.request.at) == (first.run_id, first.conf(), NOON)
    with pytest.raises(Conflict):
        ordered(registry, BODY | {"date_range": "past_month"}, key="k")


def test_a_body_that_breaks_rules_takes_no_key(registry: Registry) -> None:
    with pytest.raises(InvalidInput):
        ordered(registry, BODY | {"date_range": "past_year"}, key="k")
    assert ordered(registry, key="k").request.at == NOON


def keys(registry: Registry) -> list[Path]:
    return [*(registry.settings.store / "requests").glob("*.json")]


def test_nothing_that_is_refused_takes_a_key(registry: Registry) -> None:
    """Neither a range that holds nothing yet, nor a report that its creator may not have."""
    midnight = at("2026-11-18T00:00:00-05:00")
    with pytest.raises(InvalidInput, match="is not over yet"):
        ordered(registry, BODY | {"date_range": "today"}, midnight, key="k")
    with pytest.raises(Refusal, match="You may not create recurring reports"):
        checked_report(registry, caller(EXPORT), RECURRING, key="k", at=NOON)
    with pytest.raises(Refusal, match="You may not export"):
        checked_report(registry, caller(), BODY, key="k", at=NOON)
    assert keys(registry) == []
    made = ordered(registry, BODY | {"date_range": "today"}, midnight + timedelta(minutes=5), key="k")
    assert made.request.at == midnight + timedelta(minutes=5)
    assert len(keys(registry)) == 1


def test_a_repetition_is_judged_at_the_instant_that_it_was_asked_first(registry: Registry) -> None:
    """At midnight, `today` holds nothing; the export that was asked for at noon does."""
    today = BODY | {"date_range": "today"}
    first = ordered(registry, today, key="k")
    again = ordered(registry, today, at("2026-11-19T00:00:00-05:00"), key="k")
    assert (again.run_id, again.conf()) == (first.run_id, first.conf())


def test_who_is_second_by_a_moment_asks_for_what_the_first_one_asked(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one takes the key when this one has found it free."""
    claim, first = IdempotencyKeys.claim, []

    def late(keys: IdempotencyKeys, key: str, body: Any, *, by: str, at: datetime) -> Request:
        first.append(claim(keys, key, body, by=by, at=NOON - timedelta(days=7)))
        return claim(keys, key, body, by=by, at=at)

    monkeypatch.setattr(IdempotencyKeys, "claim", late)
    made = ordered(registry, key="k")
    assert made.request == first[0]
    assert made.conf()["date_range"]["start"] == "2026-11-02T00:00:00-05:00"


def test_report_types_that_he_may_not_see_are_not_named(registry: Registry) -> None:
    """Neither where his own is unknown, nor as one that is there."""

    class Some(Permitted):
        def _may(self, *arguments: Any, **_: Any) -> bool:
            return "user_errors" not in str(arguments) and "voucher" not in str(arguments)

    ada = Some(ADA.user, ADA.token)
    with pytest.raises(InvalidInput, match="'wallet_transaction' is not a report type") as refused:
        drafted(registry, ada, BODY | {"report_type": "wallet_transaction"}, NOON)
    assert "did you mean 'wallet_transactions'?" in str(refused.value)
    assert "voucher" not in str(refused.value)
    assert "user_errors" not in str(refused.value)
    with pytest.raises(Refusal, match="You may not export user_errors"):
        drafted(registry, ada, BODY | {"report_type": "user_errors"}, NOON)
    with pytest.raises(InvalidInput, match="voucher"):
        drafted(registry, ADA, BODY | {"report_type": "wallet_transaction"}, NOON)


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_too_short_or_too_long(registry: Registry, key: str) -> None:
    with pytest.raises(Refusal, match="1 to 255 characters") as refused:
        ordered(registry, key=key)
    assert refused.value.status == 422


def test_the_first_key_of_a_project_leaves_a_whole_store(registry: Registry) -> None:
    """A store with a part of its directories would be one that has lost the others, for every component."""
    assert not registry.store.exists()
    ordered(registry, key="k")
    assert registry.store.exists()
    assert registry.sources() == ()


def test_a_store_that_is_not_mounted_is_not_made_by_a_key(registry: Registry, tmp_path: Path) -> None:
    away = Registry(registry.settings.model_copy(update={"store_dir": tmp_path.parent / "mount" / "created"}))
    with pytest.raises(StoreError, match="Mount it"):
        ordered(away, key="k")
    assert not (tmp_path.parent / "mount").exists()


def test_who_may_not_export_is_refused_before_anything_is_looked_at(registry: Registry) -> None:
    for who in (caller(), nobody(), caller(EXPORT, only="promo_reports.type.user_errors")):
        with pytest.raises(Refusal, match="You may not export wallet_transactions") as refused:
            checked_report(registry, who, BODY | {"name": ""}, key=None, at=NOON)
        assert refused.value.status == 403


def test_a_recurring_report_is_kept_once(registry: Registry) -> None:
    made = ordered(registry, RECURRING, key="k")
    first = keep(registry, ADA, made)
    assert keep(registry, ADA, ordered(registry, RECURRING, key="k", when=NOON + timedelta(hours=1))) == first
    assert [each.key for each in registry.sources()] == [first.id]
    assert (first.owner, first.starts_at, first.schedule) == ("ada", NOON, made.definition.schedule)


def test_two_reports_of_one_name_and_second_are_two(registry: Registry) -> None:
    made = [keep(registry, ADA, ordered(registry, RECURRING, key=key)).id for key in (None, None, "k", "l")]
    assert sorted(made) == [each.key for each in registry.sources()]


def test_a_report_that_cannot_be_kept_is_not_taken_for_one_that_is(registry: Registry) -> None:
    made = ordered(registry, RECURRING)
    registry.settings.account.write_text(registry.settings.account.read_text().replace("bi-exports", "other"))
    with pytest.raises(InvalidInput, match="is not a connected bucket"):
        keep(registry, ADA, made)


def test_a_recurring_report_asks_for_the_right_to_change_its_own_dag(registry: Registry) -> None:
    made = ordered(registry, RECURRING)
    for who in (caller(EXPORT), caller(EXPORT, CHANGE, only=REPORT), caller(EXPORT, CHANGE, only=TYPE)):
        with pytest.raises(Refusal, match="You may not create recurring reports"):
            keep(registry, who, made)
    assert registry.sources() == ()
