"""Stop, resume and delete: changes of a report's marks, each with an instant and a name (decisions, 9)."""

from __future__ import annotations

from datetime import UTC, datetime

from promo_reports.definitions.store.report_store import ReportStore
from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.errors import InvalidInput, Problem


def stop(store: ReportStore, report_id: str, *, at: datetime, by: str) -> Marks:
    """Stop a report from an instant on; its open runs finish."""
    instant = _utc(at)
    return store.change_marks(report_id, lambda marks: marks.with_stop(instant, by))


def resume(store: ReportStore, report_id: str, *, at: datetime, by: str) -> Marks:
    """Deliver a stopped report again; what was due meanwhile is not made up for."""
    instant = _utc(at)

    def resumed(marks: Marks) -> Marks:
        if marks.deleted_at is not None:
            raise _refused(report_id, "was deleted and stays stopped; create a new report, or duplicate this one")
        return marks.with_resume(instant, by)

    return store.change_marks(report_id, resumed)


def delete(store: ReportStore, report_id: str, *, at: datetime, by: str) -> Marks:
    """Stop a created report for ever; its definition, its runs and their files stay."""
    instant = _utc(at)
    if store.entry(report_id) is None:
        raise _refused(report_id, "is not a created report; a definition in git is deleted in git")
    return store.change_marks(report_id, lambda marks: marks.with_deletion(instant, by))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant needs a timezone")
    return moment.astimezone(UTC)


def _refused(report_id: str, why: str) -> InvalidInput:
    return InvalidInput("The request", [Problem("request", "id", f"{report_id!r} {why}")])
