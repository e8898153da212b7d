from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.errors import InvalidCursor, InvalidInput
from promo_reports.web.queries.cursors import Cursor, fingerprint

QUESTION = fingerprint({"sort": "name"})
MOMENT = datetime(2026, 11, 1, 1, 30, 0, 123456, tzinfo=UTC)


def encoded(*fields: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


@given(
    key=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200),
    row_id=st.integers(0, 2**31 - 1),
    backwards=st.booleans(),
    inclusive=st.booleans(),
)
def test_a_cursor_can_be_read_again(key: str, row_id: int, backwards: bool, inclusive: bool) -> None:
    cursor = Cursor(key, row_id, backwards, inclusive)

    assert Cursor.of_text(cursor.to_text(QUESTION), QUESTION, by_time=False, numbered=True) == cursor


def test_a_time_keeps_its_microseconds() -> None:
    text = Cursor(MOMENT, "promo_reports.report.a").to_text(QUESTION)

    assert Cursor.of_text(text, QUESTION, by_time=True, numbered=False).key == MOMENT


def test_a_cursor_is_safe_in_an_address() -> None:
    text = Cursor("größer?&=/+", 7).to_text(QUESTION)

    assert text.replace("-", "").replace("_", "").isalnum()


def test_a_cursor_of_another_question_is_refused() -> None:
    text = Cursor("a", 1).to_text(QUESTION)

    with pytest.raises(InvalidCursor, match="belongs to another sort or to other filters; leave it out"):
        Cursor.of_text(text, fingerprint({"sort": "status"}), by_time=False, numbered=True)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.of_text(text, QUESTION, by_time=False, numbered=True)


@pytest.mark.parametrize(
    "fields",
    [
        (QUESTION, 0, "a\0", 1, 0, 0),
        (QUESTION, 0, "\ud800", 1, 0, 0),
        (QUESTION, 0, 5, 1, 0, 0),
        (QUESTION, 0, "a", "1", 0, 0),
        (QUESTION, 0, "a", True, 0, 0),
        (QUESTION, 0, "a", -1, 0, 0),
        (QUESTION, 0, "a", 2**31, 0, 0),
        (QUESTION, 0, "a", 1, 2, 0),
        (QUESTION, 0, "a", 1, 0, []),
        (QUESTION, 1, "2026-11-01T00:00:00+00:00", 1, 0, 0),
        (QUESTION, 0, "a", 1, 0),
    ],
)
def test_what_a_database_cannot_be_asked_is_refused(fields: tuple[object, ...]) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.of_text(encoded(*fields), QUESTION, by_time=False, numbered=True)


@pytest.mark.parametrize("key", ["soon", "2026-11-01T00:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.of_text(encoded(QUESTION, 1, key, 1, 0, 0), QUESTION, by_time=True, numbered=True)


@pytest.mark.parametrize("text", ["[" * 3000, "x" * 5000])
def test_a_flood_is_refused(text: str) -> None:
    flood = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    with pytest.raises(InvalidCursor):
        Cursor.of_text(flood, QUESTION, by_time=False, numbered=True)


def test_it_is_reported_like_any_other_wrong_input() -> None:
    error = InvalidCursor("is damaged")

    assert isinstance(error, InvalidInput)
    assert [(problem.path, problem.message) for problem in error.problems] == [
        ("cursor", "is damaged; leave it out to begin with the first page")
    ]
