"""Callers with the permissions of a test, and exports and reports as Airflow's tables would give them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity

from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.dates.window import Window
from promo_reports.domain.export_status import ExportStatus, ReportStatus
from promo_reports.domain.report_type import PromotionType
from promo_reports.web.airflow.access import Caller
from promo_reports.web.queries.records import DagRecord, ExportRecord, LastExport, ReportRecord, TaskFacts
from promo_reports.web.queries.task_state_schema import checked

NOON = datetime(2026, 11, 18, 17, tzinfo=UTC)
"""Noon in New York."""
TYPE = "promo_reports.type.wallet_transactions"
REPORT = "promo_reports.report.weekly_credits"
READ, EXPORT, CHANGE_EXPORTS, CHANGE = "GET", "POST run", "PUT run", "PUT"
OPERATE = "operate"
EVERYTHING = frozenset({READ, EXPORT, CHANGE_EXPORTS, CHANGE})


class User:
    """A user as Airflow's auth managers give one."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_id(self) -> str:
        return f"id of {self.name}"

    def get_name(self) -> str:
        return self.name


class Permitted(Caller):
    """A caller who may do the same with every DAG, or nothing with those that are left out."""

    may: Callable[[str, str], bool]

    @property
    def operates(self) -> bool:
        return self.may(OPERATE, "")

    def may_read_connection(self, connection_id: str) -> bool:
        return self.may(OPERATE, "")

    def _may(self, method: Any, dag_id: str, entity: DagAccessEntity | None, team: str | None) -> bool:
        wanted = READ if method == "GET" else f"{method} run" if entity is DagAccessEntity.RUN else method
        return self.may(wanted, dag_id)


def caller(*permissions: str, name: str = "ada", only: str | None = None) -> Permitted:
    """Somebody with these permissions; `only` on one DAG, while all others may be read."""
    made = Permitted(User(name), "token")
    granted = {READ, *permissions}

    def may(wanted: str, dag_id: str) -> bool:
        return wanted in granted and (wanted == READ or only in (None, dag_id))

    object.__setattr__(made, "may", may)
    return made


def nobody() -> Permitted:
    """Somebody who may not even read."""
    made = Permitted(User("eve"), "token")
    object.__setattr__(made, "may", lambda _wanted, _dag_id: False)
    return made


def dag(**changes: Any) -> DagRecord:
    """The DAG of wallet transactions."""
    made = DagRecord(
        display_name="Wallet Transactions",
        owners="growth",
        is_paused=False,
        is_stale=False,
        has_import_errors=False,
        max_active_runs=4,
        tags=("promo_reports", "Loyalty Wallet", "Wallet Transactions"),
    )
    return replace(made, **changes)


def export(**changes: Any) -> ExportRecord:
    """An export on demand that was created on the page and downloads."""
    made = ExportRecord(
        id=7,
        dag_id=TYPE,
        run_id="page__0123456789abcdef01234567",
        run_type="manual",
        triggered_by="rest_api",
        state="success",
        status=ExportStatus.CREATED,
        name="June audit",
        promotion_type=PromotionType.LOYALTY_WALLET,
        created_by="ada",
        created_at=NOON,
        conf={},
        run_after=NOON,
        logical_date=None,
        data_interval_start=None,
        data_interval_end=None,
        queued_at=NOON,
        started_at=NOON,
        ended_at=NOON + timedelta(seconds=12.5),
        clear_number=0,
        note=None,
        dag=dag(),
        running_before=None,
        facts=left(),
    )
    return replace(made, **changes)


CONF: dict[str, Any] = {
    "name": "June audit",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "grocery-rewards", "transaction_type": ["credit"]},
    "frequency": "one_time",
    "date_range": {"start": "2026-11-09T00:00:00-05:00", "end": "2026-11-16T00:00:00-05:00"},
    "delivery": ["download", {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
    "owner": "ada",
}
"""A conf that breaks no rule."""
FILE = {"name": "june_audit-5ba45e00.csv", "bytes": 1234}
WINDOW = {"start": "2026-11-09T00:00:00-05:00", "end": "2026-11-16T00:00:00-05:00", "open": False}


def left(*delivered: str, extract: dict[str, Any] | None = None) -> TaskFacts:
    """What tasks leave of an export that was delivered: to the download area unless places are named."""
    facts = {"facts": {"rows": 10, "bytes": 1234, "window": WINDOW, "as_of": None, "file": FILE}}
    places = delivered or ("download",)
    return TaskFacts(
        extract={key: checked(key, value) for key, value in (facts if extract is None else extract).items()},
        deliveries={
            number: {"delivered": {"destination": each, "manifest": f"file:///area/{number}/manifest.json"}}
            for number, each in enumerate(places)
        },
    )


NOTHING_LEFT = TaskFacts(extract={}, deliveries={})


def report(**changes: Any) -> ReportRecord:
    """A weekly report in git."""
    made = ReportRecord(
        dag_id=REPORT,
        name="Weekly Credits",
        promotion_type=PromotionType.LOYALTY_WALLET,
        frequency=Interval.WEEKLY,
        created=False,
        status=ReportStatus.ACTIVE,
        created_by="growth@example.com",
        created_at=NOON,
        schedule="Every Monday at 06:00 America/New_York, the week before",
        due=datetime(2026, 11, 23, 11, tzinfo=UTC),
        dag=dag(tags=("promo_reports", "Loyalty Wallet", "Wallet Transactions", "weekly")),
        last_export=LastExport(7, ExportStatus.CREATED, NOON),
        next_window=Window(datetime(2026, 11, 16, 5, tzinfo=UTC), datetime(2026, 11, 23, 5, tzinfo=UTC)),
    )
    return replace(made, **changes)
