"""What a row costs, in instructions of Python: a figure that no other machine and no neighbour changes.

Seconds are measured by benchmarks/. A step that begins to look at each row, or to look at it twice, is found here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from promo_reports.pipeline import extract as extract_module
from tests.support.databases.promo import Project, Promo, numbered

FEW, MANY = 500, 2_500
# Measured with Python 3.11 and then given half as much again, because versions of Python differ.
COPIED, READ_AGAIN, GENERIC = 51, 1, 570


class Instructions:
    """Counts the instructions that all threads execute in a part of the product while it is entered."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Instructions:
        threading.settrace(self._called)
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        if "promo_reports" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._executed

    def _executed(self, frame: FrameType, event: str, argument: Any) -> Any:
        self.count += event == "opcode"
        return self._executed


def per_row(measure: Callable[[int], int]) -> float:
    """Instructions of one more row; what does not depend on the rows drops out."""
    return (measure(MANY) - measure(FEW)) / (MANY - FEW)


def counted(monkeypatch: pytest.MonkeyPatch, stage: str) -> list[int]:
    """The instructions of one stage of each export that follows."""
    found: list[int] = []
    run = getattr(extract_module, stage)

    def measured(*arguments: Any, **named: Any) -> Any:
        with Instructions() as instructions:
            answer = run(*arguments, **named)
        found.append(instructions.count)
        return answer

    monkeypatch.setattr(extract_module, stage, measured)
    return found


@pytest.mark.parametrize(
    ("fixture", "stage", "most"),
    [("on_postgres", "_copy", COPIED), ("on_postgres", "read_again", READ_AGAIN), ("on_sqlite", "_copy", GENERIC)],
)
def test_a_row(
    fixture: str,
    stage: str,
    most: int,
    request: pytest.FixtureRequest,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promo: Promo = request.getfixturevalue(fixture)
    found = counted(monkeypatch, stage)

    def measure(rows: int) -> int:
        promo.execute("DELETE FROM moves")
        promo.load(*numbered(rows))
        project.make(promo.source)
        return found[-1]

    assert per_row(measure) < most
