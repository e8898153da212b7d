from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.definitions.inputs.yaml_scalars import implicit_kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "nothing"), ("~", "nothing"), ("null", "nothing"), ("Null", "nothing"),
        ("no", "true or false"), ("YES", "true or false"), ("on", "true or false"), ("y", "true or false"),
        ("0", "a number"), ("0123", "a number"), ("089", "a number"), ("1e3", "a number"), ("1_000", "a number"),
        ("0x1F", "a number"), ("0o17", "a number"), ("-1.5", "a number"), (".5", "a number"), (".inf", "a number"),
        ("12:30", "a number to base 60"), ("1:30:00", "a number to base 60"),
        ("2026-01-31", "a date"), ("2026-01-31T00:00:00Z", "a date"), ("2026-01-31 10:00:00 -05:00", "a date"),
        ("=", "a special value"), ("<<", "a special value"),
    ],
)  # fmt: skip
def test_what_yaml_does_not_read_as_text(text: str, kind: str) -> None:
    assert implicit_kind(text) == kind


@pytest.mark.parametrize(
    "text", ["credit", "nobody", "06:30", "1.2.3", "2026-01", "12-30", "-", "1e", "grocery-rewards", "None", "+", "."]
)
def test_what_is_text(text: str) -> None:
    assert implicit_kind(text) is None


@given(st.text(alphabet="0123456789.:-+_eExobTZ ~nyNOoftrue=<", max_size=12).map(str.strip))
def test_whatever_pyyaml_converts_is_marked(text: str) -> None:
    """The other way round need not hold: YAML 1.2 converts more than PyYAML does."""
    resolver = yaml.SafeLoader("")
    resolve: Callable[..., str] = resolver.resolve
    if resolve(yaml.ScalarNode, text, (True, False)) != "tag:yaml.org,2002:str":
        assert implicit_kind(text) is not None
