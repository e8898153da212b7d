"""Check what a definition makes of personal data: masks that fit their columns, and buckets that may receive them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promo_reports.definitions.inputs.messages import listing, nearest, quoted
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.domain.account import Account
from promo_reports.domain.delivery import Destination, PartnerExport
from promo_reports.domain.mask import CLEAR, DROPPED, MASKS, Mask
from promo_reports.domain.report_type import Column, ColumnType, ReportType


def check_masks(given: Mapping[str, str], report_type: ReportType, findings: Findings) -> ReportType:
    """Return the report type with the masks of a definition, without those that do not fit."""
    fitting = {}
    for name, key in given.items():
        problem = _problem(name, MASKS[key], report_type)
        if problem is None:
            fitting[name] = MASKS[key]
        else:
            findings.add(("personal_data", name), problem)
    return report_type.masked(fitting)


def masks_for(name: str, report_type: ReportType) -> list[Mask]:
    """Return the masks that a column may have; none where it does not identify a person."""
    return [mask for mask in MASKS.values() if _problem(name, mask, report_type) is None]


def check_received(
    destinations: Sequence[Destination], report_type: ReportType, account: Account, findings: Findings
) -> None:
    """Check that each bucket may receive what it would get of the columns that identify a person."""
    for index, destination in enumerate(destinations):
        bucket = account.bucket_of(destination) if isinstance(destination, PartnerExport) else None
        if bucket is None:
            continue
        refused = [
            column
            for column in report_type.columns
            if column.pii and (column.mask or CLEAR).key not in bucket.personal_data
        ]
        if refused:
            findings.add(("delivery", index, "partner_export", "bucket"), _not_received(refused, bucket.personal_data))


def _problem(name: str, mask: Mask, report_type: ReportType) -> str | None:
    personal = [column.name for column in report_type.columns if column.pii]
    column = next((each for each in report_type.columns if each.name == name), None)
    if column is None or not column.pii:
        what = "is no column" if column is None else "is not marked as personal data (pii)"
        return f"{quoted(name)} {what} of {report_type.id}{nearest(name, personal) or '.'}{listing(personal)}"
    if mask.changes_cells and column.type is not ColumnType.TEXT:
        return f"{mask.key} is for text, and {name} is {column.type.value}; write clear or dropped"
    if mask is not CLEAR and name == report_type.totals_by:
        return f"{mask.key} hides {name}, by whose values {report_type.id} has totals; write clear"
    if not mask.keeps_apart and name in {*report_type.order, report_type.recorded_column}:
        instead = "clear or hashed" if column.type is ColumnType.TEXT else "clear"
        return f"{mask.key} hides {name}, by which rows of {report_type.id} are told apart; write {instead}"
    return None


def _not_received(columns: Sequence[Column], received: Sequence[str]) -> str:
    sent = ", ".join(f"{column.name} ({(column.mask or CLEAR).key})" for column in columns)
    allowed, instead = ", ".join(received) or "nothing", " or ".join((*received, DROPPED.key))
    return (
        f"may not receive {sent}: of personal data, the account lets this bucket have {allowed}. "
        f"Name these columns under personal_data with {instead}, or choose another bucket"
    )
