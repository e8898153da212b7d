"""Check the deliveries of a definition: where each goes, and which shape its file has."""

from __future__ import annotations

from promo_reports.definitions.inputs.forms import sound
from promo_reports.definitions.inputs.messages import listing, nearest
from promo_reports.definitions.inputs.validation_problems import Findings, KeyPath
from promo_reports.definitions.report.form import (
    DefinitionForm,
    Delivery,
    DeliveryForm,
    DownloadForm,
    PartnerExportForm,
    RecurringForm,
    ShapedDownloadForm,
)
from promo_reports.definitions.report.places import check_lengths, check_places
from promo_reports.domain.account import Account
from promo_reports.domain.cell_policy import CELL_POLICIES
from promo_reports.domain.definition import MAX_DESTINATIONS, Origin
from promo_reports.domain.delivery import DOWNLOAD, Destination, Download, PartnerExport, matrix_problem
from promo_reports.domain.file_format import CSV, FORMATS
from promo_reports.domain.report_type import ReportType
from promo_reports.domain.shape import Shape, ShapedDelivery, usual_cells


def check_deliveries(
    form: DefinitionForm, report_type: ReportType | None, account: Account, origin: Origin, findings: Findings
) -> tuple[ShapedDelivery, ...]:
    """Return the deliveries of a definition; what one does not say of its shape, the definition does for all."""
    _check_cells(form.csv_safety, (), report_type, findings)
    if len(form.delivery or ()) > MAX_DESTINATIONS:
        findings.add(("delivery",), f"names {len(form.delivery or ())} places; at most {MAX_DESTINATIONS} are allowed")
        return ()
    on_demand = origin is Origin.CONF and not isinstance(form.frequency, RecurringForm)
    deliveries = []
    for index, each in sound(form.delivery):
        destination, own, key = _read(each)
        path = ("delivery", index, key)
        _check_cells(own.csv_safety, path, report_type, findings)
        shape = _shape(form, own, destination)
        deliveries.append(ShapedDelivery(destination, shape))
        if isinstance(destination, PartnerExport):
            bucket = account.bucket_of(destination)
            if bucket is None:
                findings.add((*path, "bucket"), _not_connected(destination, account))
                continue
            check_places(index, bucket, form, account, findings)
            check_lengths(index, bucket, form, shape.format, findings, on_demand=on_demand)
    if form.delivery is not None and not findings.touches("delivery"):
        destinations = [each.destination for each in deliveries]
        problem = matrix_problem(recurring=isinstance(form.frequency, RecurringForm), destinations=destinations)
        if problem is not None:
            findings.add(("delivery",), problem)
    return tuple(deliveries)


def _read(each: Delivery) -> tuple[Destination, DownloadForm | PartnerExportForm, str]:
    """Return a delivery's destination, what it says of its shape, and the key that it stands under."""
    if isinstance(each, DeliveryForm):
        export = each.partner_export
        return PartnerExport(export.partner, export.bucket, export.prefix), export, "partner_export"
    own = each.download if isinstance(each, ShapedDownloadForm) else DownloadForm()
    return Download(), own, DOWNLOAD


def _shape(form: DefinitionForm, own: DownloadForm | PartnerExportForm, destination: Destination) -> Shape:
    file_format, cells = own.format or form.format, own.csv_safety or form.csv_safety
    return Shape(
        format=FORMATS[file_format] if file_format else CSV,
        cells=CELL_POLICIES[cells] if cells else usual_cells(destination),
    )


def _check_cells(key: str | None, path: KeyPath, report_type: ReportType | None, findings: Findings) -> None:
    """Check that a policy leaves what rows are told apart by.

    The file is read again to see that no row is repeated and that each group has its total.
    """
    policy = CELL_POLICIES[key] if key else None
    if policy is None or report_type is None or policy.reversible:
        return
    needed = {*report_type.order, report_type.totals_by}
    hidden = [each.name for each in report_type.columns if each.name in needed and policy.changes(each)]
    if hidden:
        what = f"hides {', '.join(hidden)}, by which rows of {report_type.id} are told apart"
        findings.add((*path, "csv_safety"), f"{policy.key} {what}; choose another")


def _not_connected(export: PartnerExport, account: Account) -> str:
    known = [bucket.id for bucket in account.buckets if bucket.partner == export.partner]
    return f"{export.bucket!r} is not a connected bucket{nearest(export.bucket, known) or '.'}{listing(known)}"
