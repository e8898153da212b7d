"""The manifest of an export of a week."""

from __future__ import annotations

from promo_reports.domain.manifest import ExportFile, Manifest

WINDOW = {"start": "2026-11-09T00:00:00-05:00", "end": "2026-11-16T00:00:00-05:00", "open": False}
MANIFEST = Manifest(
    report_id="weekly_credits",
    report_name="Weekly Credits",
    report_type="wallet_transactions",
    promotion_type="loyalty_wallet",
    owner="growth@example.com",
    filters={"wallet": ("grocery-rewards",), "transaction_source": None},
    timezone="America/New_York",
    window=WINDOW,
    as_of=None,
    dag_id="promo_reports.report.weekly_credits",
    run_id="scheduled__1",
    rows=3,
    source_rows=3,
    files=(ExportFile("weekly_credits-12345678.csv", 3, 321, "1" * 64),),
    totals={"points": "1.50"},
    totals_by=None,
    columns=({"name": "points", "type": "decimal", "unit": "points", "description": "How many.", "pii": False},),
    csv_safety="raw",
    cells_changed=0,
    excluded_rows=0,
    late_rows=None,
    definition_sha256="d" * 64,
    sql_sha256="e" * 64,
    snapshot_at="2026-11-16T06:00:00-05:00",
    started_at="2026-11-16T06:00:00-05:00",
    finished_at="2026-11-16T06:00:01-05:00",
    window_key="20261109T050000Z_20261116T050000Z",
)
