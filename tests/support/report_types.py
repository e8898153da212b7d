"""The report types of the product by their ids."""

from __future__ import annotations

from promo_reports.definitions.report_type.loading import load_report_type
from tests.support.project import ROOT

TYPES = {path.stem: load_report_type(path) for path in sorted((ROOT / "report_types").glob("*.yaml"))}
LOGS = ("reward_assignment", "user_errors", "voucher_assignment_logs", "wallet_transactions")
