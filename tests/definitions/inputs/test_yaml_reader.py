from __future__ import annotations

import os
from pathlib import Path

import pytest

from promo_reports.definitions.inputs import yaml_reader as located
from promo_reports.definitions.inputs.yaml_reader import parse_yaml, read_yaml
from promo_reports.definitions.inputs.yaml_scalars import Implicit
from promo_reports.errors import StoreError

TOO_DEEP = "a: " + "[" * 20 + "]" * 20


def found(raw: bytes | str) -> list[str]:
    raw = raw.encode() if isinstance(raw, str) else raw
    return [str(problem) for problem in parse_yaml(raw, "r.yaml").findings.problems()]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ["r.yaml:1: the file is empty"]),
        (b" \n\n", ["r.yaml:1: the file is empty"]),
        (b"# only a comment\n", ["r.yaml:1: the file is empty"]),
        (b"---\n...\n", ["r.yaml:1: the file is empty"]),
        (b"a: 1\nb: \xff\n", ["r.yaml:2: not UTF-8: byte 0xff. Save the file as UTF-8."]),
        ("a: é\n".encode("latin-1"), ["r.yaml:1: not UTF-8: byte 0xe9. Save the file as UTF-8."]),
        ("a: 1\n".encode("utf-16"), ["r.yaml:1: not UTF-8: byte 0xff. Save the file as UTF-8."]),
        (b"a:\n\tb: 1\nc: x\ty\n", ["r.yaml:2: a tab; use spaces", "r.yaml:3: a tab; use spaces"]),
        (b"a: \x00\n", ["r.yaml:1: the character U+0000 cannot stand in YAML"]),
        (b"a: 1\nb: \x1b[31m\n", ["r.yaml:2: the character U+001B cannot stand in YAML"]),
        (b"a: 1\n---\nb: 2\n", ["r.yaml:2: a second document (---); one file holds one"]),
        (b"a: 1\nb: 2\na: 3\n", ["r.yaml:3: a: given twice; the first is in line 1"]),
        (b"a:\n  b: 1\n  b: 2\n", ["r.yaml:3: a.b: given twice; the first is in line 2"]),
        (b"a: {b: 1, b: 2, b: 3}\n", ["r.yaml:1: a.b: given twice; the first is in line 1"]),
        (b"a: &x 1\nb: *x\n", [
            "r.yaml:1: a: an anchor (&x); write values out where they are needed",
            "r.yaml:2: b: an alias (*x); write the value out",
        ]),
        (b"a: &x\n  <<: *x\n", [
            "r.yaml:1: a: an anchor (&x); write values out where they are needed",
            "r.yaml:2: a.<<: an alias (*x); write the value out",
        ]),
        (b"a: !!python/object/apply:os.system [ls]\n", [
            "r.yaml:1: a: a tag ('tag:yaml.org,2002:python/object/apply:os.system');"
            " values are plain text, lists and mappings",
        ]),
        (b"a: !!str 1\n", ["r.yaml:1: a: a tag ('tag:yaml.org,2002:str'); values are plain text, lists and mappings"]),
        (b"!x\na: 1\n", ["r.yaml:1: a tag ('!x'); values are plain text, lists and mappings"]),
        (b"? [a]\n: 1\n", ["r.yaml:1: a key that is not text"]),
        (b"{a: b}: 1\n", ["r.yaml:1: a key that is not text"]),
        (TOO_DEEP.encode(), ["r.yaml:1: a[0][0]: nested deeper than 20 levels"]),
        (b"[" * 30_000, ["r.yaml:1: [0][0][0]: nested deeper than 20 levels"]),
        (b"a: " + b"x" * 65_536, ["r.yaml:1: larger than 64 KiB"]),
        (b"a: [1\nb: 2\n", ["r.yaml:2: not YAML: did not find expected ',' or ']'"]),
        (b'a: "x\n', ["r.yaml:2: not YAML: found unexpected end of stream"]),
        (b"a: b: c\n", ["r.yaml:1: not YAML: mapping values are not allowed in this context"]),
        (b"a: %x\n", ["r.yaml:1: not YAML: found character that cannot start any token"]),
        (b"a: *x\n", ["r.yaml:1: a: an alias (*x); write the value out"]),
    ],
)  # fmt: skip
def test_what_is_not_plain_yaml_data_is_refused(raw: bytes, expected: list[str]) -> None:
    assert found(raw) == expected


def test_all_broken_rules_are_reported_together() -> None:
    assert found("a: &x 1\na: 2\nb: !!int 3\n") == [
        "r.yaml:1: a: an anchor (&x); write values out where they are needed",
        "r.yaml:2: a: given twice; the first is in line 1",
        "r.yaml:3: b: a tag ('tag:yaml.org,2002:int'); values are plain text, lists and mappings",
    ]


def test_twenty_levels_and_64_kib_are_allowed() -> None:
    assert found("a: " + "[" * 19 + "]" * 19) == []
    assert found("a: " + "x" * (65_536 - 3)) == []


def test_a_byte_order_mark_and_windows_line_ends_are_allowed() -> None:
    document = parse_yaml("\ufeffa: x\r\nb: [y,\r\n  z]\r\n".encode(), "r.yaml")
    assert document.data == {"a": "x", "b": ["y", "z"]}
    assert document.findings.lines == {(): 1, ("a",): 1, ("b",): 2, ("b", 0): 2, ("b", 1): 3}


def test_scalars_stay_text_and_unquoted_ones_say_what_yaml_makes_of_them() -> None:
    data = parse_yaml(b'a: no\nb: "no"\nc: plain\nd:\ne: |\n  1\n', "r.yaml").data
    assert data == {"a": "no", "b": "no", "c": "plain", "d": "", "e": "1\n"}
    kinds = {key: value.kind for key, value in data.items() if isinstance(value, Implicit)}
    assert kinds == {"a": "true or false", "d": "nothing"}


def test_a_missing_file_is_a_finding_and_a_failing_disk_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = read_yaml(tmp_path / "reports" / "x.yaml")
    assert [str(each) for each in document.findings.problems()] == ["reports/x.yaml: there is no such file"]

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(located, "read_regular", fail)
    with pytest.raises(StoreError, match=r"x\.yaml cannot be read: Input/output error"):
        read_yaml(tmp_path / "x.yaml")
