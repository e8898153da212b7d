"""What was measured: one line each in docs/benchmarks.md, beside the goal that it has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from benchmarks.machine import machine, versions

RESULTS = Path(__file__).resolve().parent.parent / ".data" / "bench"


@dataclass(frozen=True)
class Figure:
    """One line: `subject` is the table it stands in, `goal` None where a figure is only told.

    `measured`, `goal` and `spread`, the lowest and the highest of several rounds, are in `unit`; `at_least` where more
    is better; `note` says why a goal is missed, or how to read the line.
    """

    subject: str
    name: str
    measured: float
    unit: str
    goal: float | None = None
    at_least: bool = False
    note: str = ""
    spread: Sequence[float] = ()

    @property
    def reached(self) -> bool:
        """Whether the goal is; a figure without one has nothing to miss."""
        if self.goal is None:
            return True
        return self.measured >= self.goal if self.at_least else self.measured <= self.goal

    def line(self) -> str:
        """The figure as one line of text."""
        goal = "" if self.goal is None else f"{'>=' if self.at_least else '<='} {self.goal:,g}"
        verdict = "" if self.reached else "  MISSED"
        measured = f"{number(self.measured):>8} {self.unit:14} {between(self.spread):>18}"
        return f"{self.name:62} {measured} {goal:>10}{verdict}"


@dataclass(frozen=True)
class Results:
    """The figures of one part, and when and on what they were measured."""

    figures: list[Figure]
    day: str
    machine: str


def number(value: float) -> str:
    """Three digits that tell, and no more; what was counted, whole."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def between(spread: Sequence[float]) -> str:
    """The lowest and the highest as a text; empty where there was one round."""
    return " to ".join(number(value) for value in spread)


def keep(part: str, figures: Iterable[Figure]) -> None:
    """Print figures and keep them as one part of the results, in the place of what was there."""
    kept = []
    for figure in figures:
        print(figure.line(), flush=True)
        kept.append(figure)
    today = f"{date.today():%-d %B %Y}"  # noqa: DTZ011 - a page tells the day where it was measured
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{part}.json").write_text(
        json.dumps(asdict(Results(kept, today, f"{machine()}. {versions()}.")), indent=2) + "\n"
    )


def kept(part: str) -> Results | None:
    """The results of one part; None where it has not been measured here."""
    path = RESULTS / f"{part}.json"
    if not path.exists():
        return None
    found = json.loads(path.read_text())
    return Results([Figure(**each) for each in found["figures"]], found["day"], found["machine"])
