"""The examples of docs/reading.md run, in their order, on an export in a bucket."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from devstack.s3 import S3Server
from promo_reports.delivery import publish
from promo_reports.errors import PromoReportsError
from tests.support.delivery.exports import s3_area
from tests.support.delivery.tables import staged_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reading.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ERRORS = re.compile(r"^\| `(\w+)`(?:, `(\w+)`)? \|", re.MULTILINE)
ROWS = [
    ("1", "plain", "1.25", "2024-03-01 00:00:00-05", "2024-03-01", "t"),
    ("2", "", "2.50", "2024-03-01 10:00:00-05", "2024-03-01", "f"),
]


@pytest.mark.usefixtures("aws_environment")
def test_the_examples_run(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.client().create_bucket(Bucket="bi-exports")
    publish(
        staged_table(tmp_path, ROWS, totals={"points": "3.75"}),
        s3_area("none", "bi-exports", "promo-reports", client=s3.client),
    )
    monkeypatch.chdir(tmp_path)
    examples = EXAMPLE.findall(PAGE.read_text())
    assert len(examples) == 6
    names: dict[str, Any] = {}
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
    assert names["table"].num_rows == 2
    assert names["frame"]["points"].sum() == Decimal("3.75")
    stored = names["warehouse"].execute("SELECT export, points FROM points ORDER BY points").fetchall()
    assert stored == [(names["export"].key, "1.25"), (names["export"].key, "2.50")]
    names["warehouse"].close()


def test_the_errors_are_those_of_the_product() -> None:
    from promo_reports import errors

    named = {name for pair in ERRORS.findall(PAGE.read_text()) for name in pair if name} - {"into"}
    assert {"Damaged", "Replaced", "DestinationUnavailable"} <= named
    assert all(issubclass(getattr(errors, name), PromoReportsError) for name in named)
