"""What deliveries say of their shapes, and what they get where they say nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.domain.cell_policy import RAW, SPREADSHEET
from promo_reports.domain.file_format import CSV, CSV_GZ
from promo_reports.domain.shape import Shape

Told = Callable[[Callable[[], object]], list[str]]
SHAPED = """\
id: shaped
name: A report
report_type: ledger
owner: growth@example.com
filters: {wallet: w1, kind: credit}
frequency: one_time
date_range: past_week
"""
SAFE, RAW_CSV, GZIP = Shape(CSV, SPREADSHEET), Shape(CSV, RAW), Shape(CSV_GZ, RAW)


@pytest.mark.parametrize(
    ("keys", "shapes"),
    [
        ("delivery: [download, {bucket}]", [SAFE, RAW_CSV]),
        ("delivery: [download, {bucket}]\ncsv_safety: raw", [RAW_CSV, RAW_CSV]),
        ("delivery: [download, {bucket}]\nformat: csv_gz", [Shape(CSV_GZ, SPREADSHEET), GZIP]),
        ("delivery: [download: {csv_safety: raw}, {bucket}]\ncsv_safety: spreadsheet", [RAW_CSV, SAFE]),
        ("delivery: [download: {format: csv}, {bucket_gz}]\nformat: csv_gz\ncsv_safety: raw", [RAW_CSV, GZIP]),
        ("delivery: [download: {}, {bucket_gz}]", [SAFE, GZIP]),
    ],
)
def test_each_delivery_has_a_shape_of_its_own(registry: Registry, keys: str, shapes: list[Shape]) -> None:
    bucket = "partner_export: {partner: amazon_s3, bucket: bi-exports%s}"
    keys = keys.replace("{bucket}", bucket % "").replace("{bucket_gz}", bucket % ", format: csv_gz")
    found = registry.settings.reports / "shaped.yaml"
    found.write_text(SHAPED + keys + "\n")
    assert [each.shape for each in registry.definition("shaped").deliveries] == shapes


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("[download, download: {csv_safety: raw}]", "8: delivery: names the same destination twice"),
        ("[download: {csv_safety: row}]",
         "8: delivery[0].download.csv_safety: 'row' is not allowed; did you mean 'raw'? Allowed: raw, spreadsheet."),
        ("[download: {bucket: b}]", "8: delivery[0].download.bucket: unknown key. Allowed: format, csv_safety."),
        ("[download: raw]", "8: delivery[0].download: must be a mapping (key: value), not text"),
    ],
)  # fmt: skip
def test_a_shape_that_is_none(registry: Registry, problems: Told, keys: str, problem: str) -> None:
    (registry.settings.reports / "shaped.yaml").write_text(f"{SHAPED}delivery: {keys}")
    assert problems(lambda: registry.definition("shaped")) == [f"reports/shaped.yaml:{problem}"]
