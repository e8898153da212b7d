"""How SQL text is read: what is a text or a comment hides nothing that a database would run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo_reports.sql.bound import mark
from promo_reports.sql.lexer import Kind, UnreadableError, tokens

BIND = mark("a")


def read(sql: str) -> list[tuple[Kind, str]]:
    return [(token.kind, token.text) for token in tokens(sql)]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("'a;b'", Kind.TEXT),
        ("'it''s'", Kind.TEXT),
        ("'-- no comment'", Kind.TEXT),
        ("'/* none */'", Kind.TEXT),
        ("'two\nlines'", Kind.TEXT),
        (r"'\\'", Kind.TEXT),
        (r"E'it\'s; \\'", Kind.TEXT),
        ("U&'d!0061t'", Kind.TEXT),
        ("x'1F'", Kind.TEXT),
        ('"select ; from"', Kind.NAME),
        ('"a""b"', Kind.NAME),
        ("12.50e-3", Kind.NUMBER),
        ("größe_1", Kind.WORD),
        (BIND, Kind.BIND),
        ("%", Kind.SYMBOL),
    ],
)
def test_one_token(sql: str, kind: Kind) -> None:
    assert read(sql) == [(kind, sql)]


@pytest.mark.parametrize(
    "sql", ["-- a ; 'comment", "--\n", "/* ' ; */", "/* two\nlines */", "", " \t\r\n", "--a\r", "/**/"]
)
def test_comments_and_blanks_are_no_tokens(sql: str) -> None:
    assert read(sql) == []


def test_a_carriage_return_ends_a_comment_as_in_postgresql() -> None:
    assert read("-- harmless\rDROP") == [(Kind.WORD, "DROP")]


def test_a_letter_before_a_quote_belongs_to_the_word_before_it() -> None:
    assert read("type'a'") == [(Kind.WORD, "type"), (Kind.TEXT, "'a'")]


def test_the_values_of_a_list_are_one_token() -> None:
    """To read 100,000 of them one by one, again for each query of an export, takes half a minute."""
    values = ", ".join(mark(f"list_kind_{index}") for index in range(1000))
    others = f"{mark('window_start')}, {mark('as_of')}"
    assert [(each.kind, each.depth) for each in tokens(f"({values}), {others}")] == [
        (Kind.SYMBOL, 0),
        (Kind.BIND, 1),
        (Kind.SYMBOL, 0),
        (Kind.SYMBOL, 0),
        (Kind.BIND, 0),
        (Kind.SYMBOL, 0),
        (Kind.BIND, 0),
    ]


def test_depth_counts_open_parentheses() -> None:
    assert [(token.text, token.depth) for token in tokens("a (b (c)) d")] == [
        ("a", 0),
        ("(", 0),
        ("b", 1),
        ("(", 1),
        ("c", 2),
        (")", 1),
        (")", 0),
        ("d", 0),
    ]


@pytest.mark.parametrize(
    ("sql", "at", "why"),
    [
        ("a 'b", 2, "a quote ' that is never closed"),
        ('a "b', 2, 'a quote " that is never closed'),
        ("a /* b", 2, "a comment that is never closed"),
        ("a $$b$$", 2, "$-quoted"),
        ("a $x$b$x$", 2, "$-quoted"),
        (r"a 'b\'; DROP TABLE c; --'", 2, "backslash before a quote"),
        (r"a 'b\\\''", 2, "backslash before a quote"),
        (r'a "b\"; DROP TABLE c; --"', 2, "backslash before a quote"),
        ("a /*! DROP */", 2, "MySQL and MariaDB would run"),
        ("a /*M!100100 DROP */", 2, "MySQL and MariaDB would run"),
        ("a /* /* */ b */", 2, "a comment in a comment"),
        ("a ) b", 2, "closes a parenthesis"),
        ("a ( b", 5, "leaves a parenthesis open"),
        (f"a '{BIND}'", 2, "puts a bind into"),
        (f"a E'{BIND}'", 2, "puts a bind into"),
        (f'a "{BIND}"', 2, "puts a bind into"),
        (f"a -- {BIND}", 2, "puts a bind into"),
        (f"a /* {BIND} */", 2, "puts a bind into"),
        (f"a{BIND}", 1, "joins a bind"),
        (f"'a'{BIND}", 3, "joins a bind"),
        (f"U&{BIND}", 2, "joins a bind"),
        (f"{BIND}'a'", 0, "joins a bind"),
        (f"{BIND}{BIND}", 0, "joins a bind"),
        (f"{BIND}a", 0, "joins a bind"),
        ("a \x00 b", 2, "NUL"),
    ],
)
def test_what_has_no_certain_reading_is_refused(sql: str, at: int, why: str) -> None:
    with pytest.raises(UnreadableError, match=why.replace("$", r"\$").replace("(", r"\(")) as refused:
        read(sql)
    assert refused.value.at == at


def test_a_bind_may_be_cast_and_compared() -> None:
    read_back = [text for _, text in read(f"a={BIND}::date,({BIND})")]
    assert read_back == ["a", "=", BIND, ":", ":", "date", ",", "(", BIND, ")"]


@given(st.text(alphabet="ab'\"\\;-/*()$eE \n\r\x00", max_size=30))
def test_every_character_is_read_once_or_the_text_is_refused(sql: str) -> None:
    try:
        found = list(tokens(sql))
    except UnreadableError:
        return
    end = 0
    for token in found:
        assert token.at >= end
        assert sql[token.at : token.at + len(token.text)] == token.text
        end = token.at + len(token.text)
