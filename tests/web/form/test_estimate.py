"""The estimate of the form: counted in time or not, for what a definition would export now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.domain.estimate import PastExport, PastFile
from promo_reports.domain.file_format import CSV
from promo_reports.errors import QueryTooSlow, SourceUnavailable
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.export import Export
from promo_reports.settings import Settings
from promo_reports.web.error_handlers import Refusal
from promo_reports.web.form import estimate as form_estimate
from promo_reports.web.form.creation import drafted
from promo_reports.web.form.estimate import SECONDS, estimate_shown
from promo_reports.web.form.models import EstimateShown
from promo_reports.web.limits import MOST_ASKING_OF_ONE_PERSON, asking_the_promo_database, counting_rows
from tests.support.web.callers import EXPORT, caller

NOON = datetime.fromisoformat("2026-11-18T12:00:00-05:00")
ONE_TIME: dict[str, Any] = {
    "name": "June audit",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
    "frequency": "one_time",
    "date_range": "past_week",
    "delivery": ["download"],
}
WEEKLY = ONE_TIME | {
    "frequency": {"interval": "weekly", "delivery_day": "monday"},
    "date_range": None,
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}
PAST = [PastExport(frozenset({PastFile(CSV, 10, 910)}))]


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Export, float]]:
    """The exports that were counted, and their time limits; each has 12,400 rows."""
    asked: list[tuple[Export, float]] = []

    def count(export: Export, _source: Source, _settings: Settings, *, seconds: float) -> int:
        asked.append((export, seconds))
        return 12_400

    monkeypatch.setattr(form_estimate, "promo_source", lambda _: None)
    monkeypatch.setattr(form_estimate, "count_rows", count)
    return asked


def shown(registry: Registry, body: dict[str, Any] = ONE_TIME) -> EstimateShown:
    definition = drafted(registry, caller(EXPORT), body, NOON)
    return estimate_shown(definition, registry.settings, NOON, PAST, person="ada")


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def count(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr(form_estimate, "promo_source", lambda _: None)
    monkeypatch.setattr(form_estimate, "count_rows", count)


def test_rows_and_size_are_in_the_answer_and_in_its_sentence(
    registry: Registry, counting: list[tuple[Export, float]]
) -> None:
    answer = shown(registry)
    assert answer.sentence == "12,400 rows: one CSV file of about 1.1 MB."
    assert answer.basis == "Estimated from the last export of this report type, 91 bytes a row."
    (file,) = answer.files
    assert (answer.rows, file.bytes, file.parts, file.format and file.format.id) == (12_400, 1_128_400, 1, "csv")
    ((export, seconds),) = counting
    assert (export.window and export.window.start.isoformat(), seconds) == ("2026-11-09T05:00:00+00:00", SECONDS)


def test_a_recurring_report_is_counted_in_its_last_window(
    registry: Registry, counting: list[tuple[Export, float]]
) -> None:
    answer = shown(registry, WEEKLY)
    assert answer.window is not None
    assert str(answer.window.first) == "2026-11-09"
    assert str(answer.window.last) == "2026-11-15"
    assert counting[0][0].window is not None


def test_a_count_that_does_not_end_in_time_is_no_error(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, QueryTooSlow("too slow"))
    answer = shown(registry)
    assert answer.sentence == "The rows could not be counted within 10 seconds. You can export all the same."
    assert (answer.rows, answer.files, answer.seconds, answer.basis) == (None, [], None, "")


def test_any_other_error_is_one(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, SourceUnavailable("away"))
    with pytest.raises(SourceUnavailable):
        shown(registry)


def test_one_count_of_one_person_and_two_in_all(registry: Registry, counting: list[tuple[Export, float]]) -> None:
    with counting_rows.one("ada"):
        with pytest.raises(Refusal) as refused:
            shown(registry)
        assert refused.value.answer().status_code == 429
    with counting_rows.one("bob"), counting_rows.one("eve"):
        with pytest.raises(Refusal) as refused:
            shown(registry)
        assert refused.value.answer().status_code == 503
    assert counting == []
    assert shown(registry).rows == 12_400


def test_a_count_takes_no_place_of_a_preview(registry: Registry, counting: list[tuple[Export, float]]) -> None:
    assert MOST_ASKING_OF_ONE_PERSON == 2
    with asking_the_promo_database.one("ada"), asking_the_promo_database.one("ada"):
        assert shown(registry).rows == 12_400
    with counting_rows.one("ada"), asking_the_promo_database.one("ada"), asking_the_promo_database.one("ada"):
        assert len(counting) == 1
