"""Output: plain text, tables (unwrapped in a pipe), and data without control characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import JustifyMethod

_UNLIMITED = 10_000


def results() -> Console:
    """Return the console for results: standard output."""
    return _plain(Console(markup=False, emoji=False, highlight=False, soft_wrap=True))


def notes() -> Console:
    """Return the console for messages: standard error."""
    return _plain(Console(markup=False, emoji=False, highlight=False, soft_wrap=True, stderr=True))


def table(*headings: str | tuple[str, JustifyMethod]) -> Table:
    """Return an empty table; a heading may give its column's justification."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for heading in headings:
        name, justify = heading if isinstance(heading, tuple) else (heading, "left")
        made.add_column(name, justify=justify, overflow="fold")
    return made


def printable(text: str) -> str:
    """Return a text with control characters as escapes, safe to print on a terminal."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def counted(number: int, thing: str) -> str:
    """Return a number with its noun: `1 row`, `1,234 rows`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def aligned(numbers: Mapping[str, str]) -> list[str]:
    """Return a line for each name and number, with numbers right-justified."""
    names, figures = (max(map(len, each), default=0) for each in (numbers.keys(), numbers.values()))
    return [f"{name:<{names}}  {number:>{figures}}" for name, number in numbers.items()]


@contextmanager
def spinner(text: str) -> Iterator[None]:
    """Show a spinner on a terminal during the block."""
    console = notes()
    with console.status(text) if console.is_terminal else nullcontext():
        yield


def _plain(console: Console) -> Console:
    if not console.is_terminal:
        console.width = _UNLIMITED
    return console
