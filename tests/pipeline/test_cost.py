"""What a row costs, in instructions of Python: a figure that no other machine and no neighbour changes.

Seconds are measured by benchmarks/. A step that begins to look at each row, or to look at it twice, is found here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.domain.file_format import ZIP
from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.shapes.master import Copying
from promo_reports.sql.cell_policies.transform import UNCHANGED, CellTransform, transform_of
from tests.support.databases.promo import MOVES, Project, Promo, numbered
from tests.support.headings import of_type
from tests.support.second_reading import read_again

FEW, MANY = 500, 2_500
# Measured with Python 3.11 and then given half as much again, because versions of Python differ.
COPIED, READ_AGAIN, GENERIC = 51, 1, 440


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
    run = getattr(Copying, stage)

    def measured(*arguments: Any, **named: Any) -> Any:
        with Instructions() as instructions:
            answer = run(*arguments, **named)
        found.append(instructions.count)
        return answer

    monkeypatch.setattr(Copying, stage, measured)
    return found


@pytest.mark.parametrize(
    ("fixture", "stage", "most"),
    [("on_postgres", "_copy", COPIED), ("on_sqlite", "_copy", GENERIC)],
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


WIDE = replace(MOVES, columns=(*MOVES.columns, *(Column(f"text_{n}", ColumnType.TEXT, "Text.") for n in range(1, 32))))
SAFE = transform_of(SPREADSHEET)


@pytest.mark.parametrize(
    ("report_type", "transform"),
    [(MOVES, UNCHANGED), (WIDE, UNCHANGED), (WIDE, SAFE)],
    ids=["9 columns", "40 columns", "40 columns made safe"],
)
def test_a_row_that_is_read_again(report_type: ReportType, transform: CellTransform, tmp_path: Path) -> None:
    def measure(rows: int) -> int:
        artifact = Artifact(tmp_path, f"moves_{rows}", of_type(report_type), ZIP)
        rest = "," * (len(MOVES.columns) - 5) + ',"Käse, ""reif"""' * (len(report_type.columns) - len(MOVES.columns))
        with artifact:
            artifact.begin(1)
            for n in range(rows):
                artifact.write(f"{n},2026-03-01 12:00:00.{n:06},in,,1.00{rest}\n".encode(), 1)
            artifact.end()
        with Instructions() as instructions:
            read_again(artifact.path, artifact.format, report_type, transform=transform, spans=artifact.spans)
        return instructions.count

    assert per_row(measure) < READ_AGAIN
