"""Links, anchors and named tests of the documentation lead somewhere, and its index names every page."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SOURCES = ("plugins", "ui/src", "dags", "include", "report_types", "reports", "tests", "benchmarks")
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(DOCS.rglob("*.md")),
    *(ROOT / name for name in ("benchmarks/README.md", "tests/fixtures/README.md", "tests/sql_cases/README.md")),
]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
NAMED_TEST = re.compile(r"`(tests/[\w/.-]+)(?:::(\w+))?`")
NAMED_FILE = re.compile(r"`([\w/.-]+\.(?:py|tsx?|yaml))`")
CITED_PROMISE = re.compile(r"reliability,\s+P(\d+)")
CITED_DECISION = re.compile(r"\(decisions,\s+(\d+)\)|decisions,\s+(\d+)\b")
PROMISE = re.compile(r"^## P(\d+)$", re.MULTILINE)


@cache
def prose(path: Path) -> str:
    """The text of a page without its blocks of code."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", each) for each in HEADING.findall(prose(path)))
    return frozenset(re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in titles)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_anchor_leads_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.findall(prose(page)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_the_index_names_every_page() -> None:
    for index in (DOCS / "README.md", DOCS / "decisions" / "README.md"):
        linked = {(index.parent / unquote(each)).resolve() for each in LINK.findall(prose(index)) if "#" not in each}
        assert set(index.parent.glob("*.md")) - linked == {index}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    missing = [f"{path}::{name}" for path, name in NAMED_TEST.findall(prose(page)) if not is_there(path, name)]
    assert missing == []


def test_every_file_that_architecture_and_decisions_name_is_there() -> None:
    """By the end of its path: `formats/file_code.py` is `plugins/promo_reports/pipeline/formats/file_code.py`."""
    there = [f"/{path.relative_to(ROOT)}" for name in SOURCES for path in (ROOT / name).rglob("*.*") if path.is_file()]
    there += [f"/{path.name}" for path in ROOT.iterdir()]
    missing = {
        f"{page.relative_to(ROOT)}: {name}"
        for page in (DOCS / "architecture.md", *(DOCS / "decisions").glob("*.md"))
        for name in NAMED_FILE.findall(prose(page))
        if not any(path.endswith(f"/{name}") for path in there)
    }
    assert missing == set()


def is_there(path: str, name: str) -> bool:
    """Whether a file or directory of tests is there, and has a test or a class of tests of the name."""
    target = ROOT / path
    if not name:
        return target.exists()
    if not target.is_file():
        return False
    tree = ast.parse(target.read_text(encoding="utf-8"))
    return name in {each.name for each in ast.walk(tree) if isinstance(each, ast.ClassDef | ast.FunctionDef)}


def test_every_promise_names_its_tests_or_that_there_are_none() -> None:
    sections = re.split(r"^## ", prose(DOCS / "reliability.md"), flags=re.MULTILINE)
    promises = {each.partition("\n")[0]: each for each in sections if re.match(r"P\d+\n", each)}
    assert list(promises) == [f"P{number}" for number in range(1, 21)]
    assert [key for key, text in promises.items() if not NAMED_TEST.search(text) and "Not yet:" not in text] == []


def test_what_the_code_cites_is_in_the_documentation() -> None:
    promises = set(PROMISE.findall((DOCS / "reliability.md").read_text(encoding="utf-8")))
    decisions = {str(int(path.name[:4])) for path in (DOCS / "decisions").glob("[0-9]*.md")}
    cited_promises, cited_decisions = set(), set()
    for directory in ("plugins", "tests", "dags", "include", "benchmarks"):
        for path in (ROOT / directory).rglob("*.py"):
            if path == Path(__file__).resolve():
                continue
            text = path.read_text(encoding="utf-8")
            cited_promises |= set(CITED_PROMISE.findall(text))
            cited_decisions |= {first or second for first, second in CITED_DECISION.findall(text)}
            assert not re.search(r"\(design\b|[^/]\b(?:design|airflow-notes|plain-english|domain)\.md", text), path
    assert cited_promises
    assert cited_decisions
    assert cited_promises <= promises
    assert cited_decisions <= decisions
