"""Text of others in a DAG's `doc_md`: what it says is read, and nothing of it is Markdown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.markdown import definition_doc, plain
from tests.support.project import home, registry

__all__ = ["home", "registry"]

HOSTILE = [
    "[Sign in](https://evil.example)",
    "![](https://evil.example/pixel.png)",
    "<img src=x onerror=alert(1)>",
    "<https://evil.example>",
    "# heading",
    "1. list",
    "- list",
    "+ list",
    "---",
    "===",
    "```\ncode\n```",
    "~~~ code",
    "a\n\n# b\n\n| c | d |\n|---|---|",
    "a | b \\| c \\\\| d",
    "`code`",
    "**bold** __bold__ *it* _it_ ~~gone~~",
    "&lt;script&gt; &amp;",
    "[x]: https://evil.example",
    "trailing \\",
    "heading #",
    "    indented",
    "> quote",
    "- [ ] task",
    "[^1] note",
]


def rendered(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)


def texts(tokens: list[Token]) -> list[str]:
    """The text of each block; fails where one holds more than text."""
    found = []
    for each in tokens:
        if each.type == "inline":
            assert {child.type for child in each.children or ()} <= {"text", "text_special"}, each
            found.append("".join(child.content for child in each.children or ()).replace("\N{WORD JOINER}", ""))
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_what_looks_like_markdown_is_read_as_it_was_written(text: str) -> None:
    said = " ".join(text.split())
    for before, after, types in (
        ("", "", ["paragraph_open", "inline", "paragraph_close"]),
        ("### ", "", ["heading_open", "inline", "heading_close"]),
    ):
        tokens = rendered(f"{before}{plain(text)}{after}")
        assert [each.type for each in tokens] == types
        assert texts(tokens) == [said]
    table = rendered(f"| | |\n|---|---|\n| {plain(text)} | end |\n")
    assert texts(table) == ["", "", said, "end"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40))
@example("\\|")
@example("1)")
@example("0=")
def test_any_text_is_text(text: str) -> None:
    said = " ".join(text.split()).replace("\N{WORD JOINER}", "")
    assert texts(rendered(f"### {plain(text)}")) == [said]
    assert texts(rendered(f"| | |\n|---|---|\n| {plain(text)} | end |\n"))[2:] == [said, "end"]


@pytest.mark.parametrize("address", ["https://evil.example", "HTTP://evil.example/?x", "www.evil.example"])
def test_a_bare_address_is_no_link(address: str) -> None:
    """GitHub's Markdown, which Airflow's UI speaks, makes one of `https?://` and `www.`"""
    assert address not in plain(f"see {address}")
    assert plain(f"see {address}").replace("\N{WORD JOINER}", "") == f"see {address}"


def test_a_reports_name_is_a_heading_and_nothing_else(registry: Registry) -> None:
    asked = {
        "name": "June audit",
        "report_type": "wallet_transactions",
        "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
        "frequency": "one_time",
        "date_range": "past_week",
        "delivery": ["download"],
    }
    definition = registry.draft(asked, by="ada", at=datetime(2026, 11, 18, 17, tzinfo=UTC))
    made = definition_doc(replace(definition, name="x](y)\n# z", owner="<b>|me@example.com"), registry.account)
    headings = [each for each in rendered(made) if each.type == "heading_open"]
    assert len(headings) == 1
    said = texts(rendered(made))
    assert said[0] == "x](y) # z"
    assert "<b>|me@example.com" in said
