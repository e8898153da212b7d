"""Why an export failed, in plain words: what its tasks left, or what their silence means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promo_reports.errors import SourceUnavailable
from promo_reports.web.lists.records import ExportRecord, ExportStatus, TaskFacts
from promo_reports.web.models.shared import Failure

SILENT = Failure(
    reason="The task ended without saying why: its process was killed, ran out of memory, or its host was lost.",
    fix="Retry it. If it fails again, the log of the run has the details.",
)
UNDELIVERED = Failure(
    reason="Airflow calls its run a success, but nothing was delivered: somebody marked it, or cleared a part of it.",
    fix="Retry it.",
)

MARKED = Failure(
    reason="Airflow calls its run failed, although it was delivered: somebody marked it, or ended it at that moment.",
    fix="Retry it.",
)


def failure_of(record: ExportRecord) -> Failure | None:
    """The reason of a failed export, or who cancelled it; None for any other."""
    if record.status is ExportStatus.CANCELLED:
        return Failure(reason=f"{record.note}." if record.note else "Cancelled.", fix="Retry makes it after all.")
    if record.status is not ExportStatus.FAILED:
        return None
    left = failure_left(record.facts) or _silence(record)
    # No attempt follows by itself any more, which is what the last one still hoped for.
    return left.model_copy(update={"fix": "Retry it."}) if left.fix == SourceUnavailable.AGAIN else left


def _silence(record: ExportRecord) -> Failure:
    """What it means that no task left a reason."""
    if record.state == "success":
        return UNDELIVERED
    delivered = any(each.get("delivered") for each in record.facts.deliveries.values())
    return MARKED if delivered else SILENT


def failure_left(facts: TaskFacts) -> Failure | None:
    """What the last attempts of an export's tasks left: that of extract, or of the first delivery that failed."""
    tasks: list[Mapping[str, Any]] = [facts.extract, *facts.deliveries.values()]
    left = next((each["failure"] for each in tasks if each.get("failure")), None)
    return None if left is None else Failure(reason=left["reason"], fix=left.get("fix") or "")


def tried_again(facts: TaskFacts) -> Failure | None:
    """Why the last attempt of an open export ended, where another one follows by itself."""
    tasks: list[Mapping[str, Any]] = [facts.extract, *facts.deliveries.values()]
    again = any(each["failure"].get("retryable") for each in tasks if each.get("failure"))
    return failure_left(facts) if again else None
