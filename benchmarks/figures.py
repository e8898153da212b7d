"""What was measured: one line each in docs/benchmarks.md, beside the goal that it has."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / ".data" / "bench"


@dataclass(frozen=True)
class Figure:
    """One line: `subject` is the table it stands in, `goal` None where a figure is only told.

    `measured` and `goal` are in `unit`; `at_least` where more is better; `note` says why a goal is missed, or how to
    read the line.
    """

    subject: str
    name: str
    measured: float
    unit: str
    goal: float | None = None
    at_least: bool = False
    note: str = ""

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
        return f"{self.name:62} {number(self.measured):>10} {self.unit:16} {goal:>10}{verdict}"


def number(value: float) -> str:
    """Three digits that tell, and no more."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def keep(part: str, figures: Iterable[Figure]) -> None:
    """Print figures and keep them as one part of the results, in the place of what was there."""
    kept = []
    for figure in figures:
        print(figure.line(), flush=True)
        kept.append(asdict(figure))
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{part}.json").write_text(json.dumps(kept, indent=2) + "\n")


def kept(part: str) -> list[Figure]:
    """The figures of one part; none where it has not been measured."""
    path = RESULTS / f"{part}.json"
    return [Figure(**each) for each in json.loads(path.read_text())] if path.exists() else []
