"""No regular expression of the package takes more than linear time, whatever it is given (64 KiB of anything).

The patterns and the methods that they are used with are found in the package, so that a new one is measured too. The
texts are made from each pattern: up to one of its loops, then 64 KiB of what may go round in it, then what ends it.
"""

from __future__ import annotations

import ast
import importlib
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from re import _constants as op
from re import _parser
from types import FrameType
from typing import Any

import pytest

import promo_reports

PACKAGE = Path(promo_reports.__file__).parent
SIZE = 64 * 1024
CPU_SECONDS = 2.0
"""A linear pattern takes some milliseconds of CPU for one text, a quadratic one more than ten seconds."""
METHODS = ("match", "fullmatch", "search", "sub", "split", "finditer", "findall")
MADE_WHEN_USED: dict[str, list[re.Pattern[Any]]] = {
    "promo_reports.domain.places.pattern": [
        re.compile(r"dt=[a-z0-9_-]+-[0-9]{4}[0-9]{8}T[0-9]{6}(?:\.[0-9]{6})?Z[0-9a-f]{32}"),
    ],
    "promo_reports.pipeline.databases.postgres.inspection.indexes": [re.compile(r"(?<![\w\"])t\.")],
}
"""Patterns that depend on the alias of a table, or on the folder of a bucket, as an example."""
CHARACTERS = [chr(code) for code in range(128)] + ["\x85", "\xe9", "\u2028", "\U0001f600"]
CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdigit,
    op.CATEGORY_NOT_DIGIT: lambda c: not c.isdigit(),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    op.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
    op.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
}


def sources() -> dict[str, str]:
    """The text of every module that uses `re`, by the module's name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if re.search(r"^import re$|^from re import", text, re.MULTILINE):
            found[".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)] = text
    return found


SOURCES = sources()


def patterns() -> dict[tuple[str, str], re.Pattern[Any]]:
    """Every compiled constant by module and name; those in a container by the container's name and their place."""
    found: dict[tuple[str, str], re.Pattern[Any]] = {}
    for module in SOURCES:
        for name, value in vars(importlib.import_module(module)).items():
            held = value if isinstance(value, list | tuple) else [value]
            flat = [part for each in held for part in (each if isinstance(each, tuple) else [each])]
            for place, each in enumerate(part for part in flat if isinstance(part, re.Pattern)):
                if each not in found.values():  # else it is imported
                    found[module, f"{name}[{place}]" if len(held) > 1 else name] = each
        for place, each in enumerate(MADE_WHEN_USED.get(module, [])):
            found[module, f"(made {place})"] = each
    return found


PATTERNS = patterns()


def used_with(module: str, name: str) -> list[str]:
    """The methods that are called on a pattern: by its name anywhere, or by any other name in its own module."""
    called = [found for text in SOURCES.values() for found in re.findall(rf"\b{re.escape(name)}\.(\w+)\(", text)]
    called = called or re.findall(rf"\b[a-z]\w*\.({'|'.join(METHODS)})\(", SOURCES[module])
    return sorted(set(called) & set(METHODS)) or list(METHODS)


def is_matched(atom: tuple[Any, Any], character: str) -> bool:
    """Whether one element of a parsed pattern takes a character."""
    kind, value = atom
    if kind is op.LITERAL:
        return character == chr(value)
    if kind is op.NOT_LITERAL:
        return character != chr(value)
    if kind is op.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    if kind is op.CATEGORY:
        return CATEGORIES[value](character)
    if kind is op.IN:
        negated = value[0][0] is op.NEGATE
        return negated != any(is_matched(each, character) for each in value[negated:])
    return kind is op.ANY


def parts(atom: tuple[Any, Any]) -> list[Sequence[tuple[Any, Any]]]:
    """The alternatives inside one element, each a sequence of elements."""
    kind, value = atom
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return [value[2]]
    if kind is op.BRANCH:
        return list(value[1])
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind is op.ATOMIC_GROUP:
        return [value]
    return [value[1]] if kind in (op.ASSERT, op.ASSERT_NOT) else []


def atoms(items: Sequence[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    for each in items:
        if each[0] in (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY):
            yield each
        for inner in parts(each):
            yield from atoms(inner)


def example(items: Sequence[tuple[Any, Any]]) -> str:
    """A short text that the elements take."""
    text = ""
    for each in items:
        inner = parts(each)
        if each[0] in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            text += example(inner[0]) * int(each[1][0])
        elif each[0] in (op.ASSERT, op.ASSERT_NOT):
            continue
        elif inner:
            text += example(inner[0])
        else:
            text += next((c for c in CHARACTERS[33:] + CHARACTERS[:33] if is_matched(each, c)), "")
    return text


def loops(items: Sequence[tuple[Any, Any]], before: str = "") -> Iterator[tuple[str, str]]:
    """For every loop without a limit: a text that leads to it, and one that goes round once."""
    for each in items:
        for inner in parts(each):
            if each[0] in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT) and int(each[1][1]) > 1000:
                yield before, example(inner) or "a"
            yield from loops(inner, before)
        before += example([each])


def attacks(pattern: re.Pattern[Any], size: int) -> Iterator[str]:
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    parsed = list(_parser.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else 0))
    # Characters that all of these take or refuse alike are one to the loops; letters of words are many, and alike.
    kinds = [each for each in atoms(parsed) if each[0] is not op.LITERAL or not chr(each[1]).isalnum()]
    told_apart = {tuple(is_matched(kind, c) for kind in kinds): c for c in reversed(CHARACTERS)}
    ends = ["\0", "\n"]
    begins = {("", "")} | set(loops(parsed))
    for before, round_ in begins:
        for pump in {round_, *told_apart.values()} - {""}:
            for end in ends:
                yield before + pump * (size // len(pump)) + end
                yield before + (before + pump) * (size // len(before + pump)) + end


def run(pattern: re.Pattern[Any], method: str, text: str) -> None:
    given: Any = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    if method == "sub":
        pattern.sub(b"" if isinstance(given, bytes) else "", given)
    elif method == "finditer":
        for _ in pattern.finditer(given):
            pass
    else:
        getattr(pattern, method)(given)


def too_long(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError


def measure(pattern: re.Pattern[Any], methods: Sequence[str]) -> str | None:
    """What takes too long, or None."""
    before = signal.signal(signal.SIGVTALRM, too_long)
    try:
        for size in (SIZE // 16, SIZE):
            for text in attacks(pattern, size):
                for method in methods:
                    begun = time.process_time()
                    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
                    try:
                        run(pattern, method, text)
                    except TimeoutError:
                        return f"{method}({text[:20]!r}... of {len(text)} characters)"
                    finally:
                        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
                    if time.process_time() - begun > CPU_SECONDS:  # a loop of the engine that looks for no signal
                        return f"{method}({text[:20]!r}... of {len(text)} characters)"
        return None
    finally:
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize(("module", "name"), PATTERNS, ids=lambda part: str(part).removeprefix("promo_reports."))
def test_a_pattern_takes_linear_time(module: str, name: str) -> None:
    slow = measure(PATTERNS[module, name], used_with(module, name))
    assert slow is None, f"{PATTERNS[module, name].pattern!r} backtracks: {slow}"


@pytest.mark.parametrize("pattern", [r"[^@\s]+@[^@\s]+\.[^@\s]+", r"(a+)+b", r"(?:[a-z,]*)(?:,[a-z,]*)*/"])
def test_the_measure_finds_what_backtracks(pattern: str) -> None:
    assert measure(re.compile(pattern), ["fullmatch"]) is not None


def test_every_pattern_is_a_constant_of_its_module() -> None:
    """Only then it is measured here; those of `MADE_WHEN_USED` have an example."""
    inside = {
        module
        for module, source in SOURCES.items()
        for statement in ast.parse(source).body
        if isinstance(statement, ast.FunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re"
        if node.attr not in ("escape", "Pattern", "Match")
    }
    assert inside == MADE_WHEN_USED.keys()
