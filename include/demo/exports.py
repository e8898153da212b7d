"""What the demo exports: every report type at least once, to the download area and to the bucket.

Each is a run of a report type's on-demand DAG, and its conf is the definition that an engineer would write as YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

DOWNLOAD = "download"
BUCKET: Mapping[str, Any] = {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}
ALL_TYPES = ("credit", "debit", "expired", "promised", "reverse", "refund")


class DemoExport(NamedTuple):
    """A run to trigger."""

    dag_id: str
    conf: Mapping[str, Any]


def demo_exports() -> list[DemoExport]:
    """The exports in the order in which they are triggered: the smallest of the main type first."""
    return [
        _export(
            "wallet_transactions",
            "Past week of Grocery Rewards",
            {"wallet": "grocery-rewards", "transaction_type": list(ALL_TYPES)},
            date_range="past_week",
        ),
        _export(
            "wallet_transactions",
            "Over a million generated rows",
            {"wallet": "generated-load", "transaction_type": list(ALL_TYPES)},
            date_range="past_3_months",
        ),
        _export(
            "wallet_summary", "Grocery Rewards, last month", {"wallet": "grocery-rewards"}, date_range="past_month"
        ),
        _export("user_ledger_summary", "Members of Grocery Rewards", {"wallet": "grocery-rewards"}),
        _export(
            "voucher_assignment_logs",
            "Book Nook paperbacks, three months",
            {"partner": "Book Nook, Inc.", "list_tag": "paperbacks"},
            date_range="past_3_months",
        ),
        _export(
            "reward_assignment", "Campaign 22, last 3 weeks", {"campaign": "campaign-22"}, date_range="past_3_weeks"
        ),
        _export("user_errors", "Errors of campaign 20", {"campaign": "campaign-20"}, date_range="past_3_months"),
        _export("points_expiry_liability", "What will expire, every wallet", {}),
    ]


def _export(report_type: str, name: str, filters: Mapping[str, Any], **dates: Any) -> DemoExport:
    conf = {
        "name": name,
        "report_type": report_type,
        "owner": "demo@example.com",
        "filters": filters,
        "frequency": "one_time",
        **dates,
        "delivery": [DOWNLOAD, BUCKET],
    }
    return DemoExport(f"promo_reports.type.{report_type}", conf)
