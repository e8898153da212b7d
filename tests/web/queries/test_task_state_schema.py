"""What others may have written into a task's state breaks nothing: it is what our tasks write, or it is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.domain.manifest import Manifest
from promo_reports.web.queries.task_state_schema import LONGEST_SENTENCES, checked
from tests.support.manifest import MANIFEST

KEYS = ("progress", "facts", "failure", "manifest", "delivered", "another")
WHOLE = json.loads(MANIFEST.to_json())
FACTS = {"rows": 1, "bytes": 2, "window": None, "as_of": None, "file": {"name": "f.csv", "bytes": 2}}
WORDS = st.text(st.characters()) | st.sampled_from(["rows", "reason", "window", "start", "end", "file", "\ud800"])
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(KEYS), ANY_JSON)
def test_no_value_of_any_key_is_an_error(key: str, value: Any) -> None:
    found = checked(key, value)
    assert found is None or key != "another"


@given(st.sampled_from(sorted(WHOLE)), ANY_JSON)
def test_a_manifest_with_any_value_in_it_can_be_read_or_is_none(key: str, value: Any) -> None:
    found = checked("manifest", WHOLE | {key: value})
    assert found is None or Manifest.from_values(found)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("failure", "x"),
        ("failure", {"a": 1}),
        ("failure", {"reason": "\ud800"}),
        ("facts", FACTS | {"file": "x"}),
        ("facts", FACTS | {"rows": "1"}),
        ("facts", FACTS | {"window": {"start": "0001-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}}),
        ("facts", FACTS | {"window": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}}),
        ("facts", FACTS | {"as_of": "2026-01-01T00:00:00"}),
        ("delivered", {"destination": ["download"], "manifest": "m"}),
        ("progress", {"written": -1, "counted": 1}),
        ("progress", {"__airflow_state_ref__": "s3://elsewhere"}),
        ("manifest", WHOLE | {"totals": {"points": "1e999999999"}}),
        ("manifest", WHOLE | {"totals": {"points": "x"}}),
        ("manifest", WHOLE | {"late_rows": {"rows": "x"}}),
        ("manifest", WHOLE | {"snapshot_at": "0001-01-01T00:00:00Z"}),
        ("manifest", WHOLE | {"files": [1]}),
    ],
)
def test_what_our_tasks_do_not_write_is_not_there(key: str, value: Any) -> None:
    assert checked(key, value) is None


def test_what_our_tasks_write_is_there() -> None:
    assert checked("manifest", WHOLE) == WHOLE
    assert checked("facts", FACTS) == FACTS
    assert checked("progress", {"written": 1, "counted": 2}) == {"written": 1, "counted": 2}


def test_long_sentences_are_cut() -> None:
    assert checked("failure", {"reason": "x" * 9999})["reason"] == "x" * LONGEST_SENTENCES
