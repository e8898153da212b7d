"""Report types and templates for the tests of SQL, small enough to be read beside the assertion."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from promo_reports.definitions.filter_kinds.choice import ChoiceFilter
from promo_reports.domain.dates.window import Window
from promo_reports.domain.filters import Choice, Select
from promo_reports.domain.report_type import Column, ColumnType, DateRangeRule, PromotionType, ReportType
from promo_reports.sql.report_query import ReportQuery, load_report_query
from promo_reports.sql.template import Parameters

WINDOW = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
CHOSEN = {"wallet": ("main",), "kind": ("credit", "debit"), "shop": None}
PARAMETERS = Parameters(CHOSEN, WINDOW)

LEDGER = ReportType(
    id="ledger",
    title="Ledger",
    promotion_type=PromotionType.LOYALTY_WALLET,
    description="Every movement.",
    connection="promo_db",
    date_range=DateRangeRule.REQUIRED,
    order=("moved_at", "id"),
    filters=(
        ChoiceFilter("wallet", "Wallet", "One wallet.", Select.ONE, options="wallets"),
        ChoiceFilter("kind", "Kind", "Kinds.", Select.MANY, (Choice("credit", "Credit"), Choice("debit", "Debit"))),
        ChoiceFilter("shop", "Shop", "Shops.", Select.ALL, options="shops", default_all=True),
    ),
    columns=(
        Column("id", ColumnType.INTEGER, "Number."),
        Column("moved_at", ColumnType.TIMESTAMP, "When."),
        Column("kind", ColumnType.TEXT, "What."),
        Column("note", ColumnType.TEXT, "Why."),
        Column("points", ColumnType.DECIMAL, "How much.", scale=2, total=True),
    ),
    window_column="moved_at",
    totals_by="kind",
)
SNAPSHOT = replace(LEDGER, date_range=DateRangeRule.NONE, window_column=None)
OPTIONAL = replace(LEDGER, date_range=DateRangeRule.OPTIONAL)
PLAIN = replace(LEDGER, filters=(), totals_by=None)

COLUMNS = "SELECT t.id, t.moved_at, t.kind, t.note, t.points\nFROM ledger t\n"
WHERE = """WHERE t.wallet = {{ filters.wallet }}
    AND t.kind IN {{ filters.kind }}
    AND {{ window.covers("t.moved_at") }}
{% if filters.shop %}
    AND t.shop IN {{ filters.shop }}
{% endif %}
"""
ORDER = "ORDER BY t.moved_at, t.id\n"
GOOD = COLUMNS + WHERE + ORDER
PLAIN_WHERE = 'WHERE {{ window.covers("t.moved_at") }}\n'


def load(root: Path, template: str | bytes, report_type: ReportType = LEDGER) -> ReportQuery:
    """Load a template as a report type's own."""
    content = template.encode() if isinstance(template, str) else template
    (root / f"{report_type.id}.sql").write_bytes(content)
    return load_report_query(report_type, root)


def load_plain(root: Path, select: str = COLUMNS, where: str = PLAIN_WHERE, order: str = ORDER) -> ReportQuery:
    """Load a template of a report type without filters, of which one piece is under test."""
    return load(root, select + where + order, PLAIN)
