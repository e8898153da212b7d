"""Check a definition against its report type and the account, for files, confs and the page alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from promo_reports.definitions.inputs.fields import EMAIL
from promo_reports.definitions.inputs.forms import read_form, report_missing, sound
from promo_reports.definitions.inputs.messages import listing, nearest, not_among, quoted
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.definitions.inputs.yaml_reader import Document
from promo_reports.definitions.report.dates import check_date_range, check_schedule
from promo_reports.definitions.report.filters import canonical_filters, check_filter_values
from promo_reports.definitions.report.form import CreatedForm, DefinitionForm, RecurringForm
from promo_reports.definitions.report.personal_data import check_masks, check_received
from promo_reports.definitions.report.places import check_lengths, check_places
from promo_reports.domain.account import Account
from promo_reports.domain.cell_policy import CELL_POLICIES, CellPolicy
from promo_reports.domain.dates.calendar import start_of
from promo_reports.domain.dates.schedule import Stop
from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.definition import MAX_DESTINATIONS, Definition, Origin
from promo_reports.domain.delivery import Destination, Download, PartnerExport, matrix_problem
from promo_reports.domain.file_format import CSV, FORMATS, FileFormat
from promo_reports.domain.mask import MASKS
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import InvalidInput

REQUIRED = ("id", "name", "report_type", "owner", "frequency", "delivery")


def check_definition(
    document: Document,
    *,
    report_types: Mapping[str, ReportType],
    account: Account,
    origin: Origin,
    source: str = "",
    now: datetime | None = None,
    stops: tuple[Stop, ...] = (),
) -> Definition:
    """Return the definition in a document, or raise `InvalidInput` with all its problems.

    `now` is the instant after which no date may lie; None ignores the clock. `report_types` may load lazily and raise
    `InvalidInput` for a type that is itself invalid.
    """
    findings = document.findings
    form = read_form(CreatedForm if origin is Origin.CREATED else DefinitionForm, document.mapping(), findings)
    report_missing(form, REQUIRED, findings)
    if origin is Origin.CREATED:
        report_missing(form, ("created_at", "created_by"), findings)
    _check_owner(form, origin, findings)
    report_type = _report_type(form, report_types, findings)
    filters = check_filter_values(report_type, form.filters or {}, findings) if report_type is not None else {}
    zone = load_timezone(form.timezone or account.timezone)
    schedule = check_schedule(form, account, findings)
    date_range = check_date_range(form, report_type, zone, findings, now)
    cells = _cell_policy(form, report_type, findings)
    destinations = _destinations(form, account, origin, findings)
    if report_type is not None:
        report_type = check_masks(form.personal_data or {}, report_type, findings)
        check_received(destinations, report_type, account, findings)
    findings.raise_any()
    assert form.id and form.name and form.owner and report_type  # noqa: S101, PT018
    return Definition(
        id=form.id,
        name=form.name,
        report_type=report_type,
        owner=form.owner,
        filters=filters,
        destinations=tuple(destinations),
        timezone=zone.key,
        week_starts_on=account.week_starts_on,
        sha256=form.sha256(canonical_filters(report_type, form.filters or {})),
        origin=origin,
        source=source or findings.name,
        schedule=schedule,
        date_range=date_range,
        starts_at=_starts_at(form, zone),
        stops=stops,
        format=_format(form),
        cells=cells,
        personal_data={name: MASKS[key] for name, key in (form.personal_data or {}).items()},
    )


def _check_owner(form: DefinitionForm, origin: Origin, findings: Findings) -> None:
    """Check the owner: an e-mail address in git, elsewhere the name that the user signed in with."""
    if form.owner is not None and origin is Origin.GIT and not EMAIL.fullmatch(form.owner):
        findings.add(("owner",), f"must be an email address, not {quoted(form.owner)}")


def _report_type(form: DefinitionForm, report_types: Mapping[str, ReportType], findings: Findings) -> ReportType | None:
    if form.report_type is None:
        return None
    key = ("report_type",)
    try:
        report_type = report_types[form.report_type]
    except KeyError:
        findings.add(key, not_among(form.report_type, sorted(report_types), "a report type"))
        return None
    except InvalidInput as broken:
        findings.add(key, f"{form.report_type} cannot be used: its own file has problems, first {broken.problems[0]}")
        return None
    if form.promotion_type is not None and form.promotion_type is not report_type.promotion_type:
        findings.add(
            ("promotion_type",),
            f"{report_type.id} belongs to {report_type.promotion_type.value}, not to {form.promotion_type.value}",
        )
    return report_type


def _destinations(form: DefinitionForm, account: Account, origin: Origin, findings: Findings) -> list[Destination]:
    destinations: list[Destination] = []
    if len(form.delivery or ()) > MAX_DESTINATIONS:
        findings.add(("delivery",), f"names {len(form.delivery or ())} places; at most {MAX_DESTINATIONS} are allowed")
        return destinations
    on_demand = origin is Origin.CONF and not isinstance(form.frequency, RecurringForm)
    for index, each in sound(form.delivery):
        if isinstance(each, str):
            destinations.append(Download())
            continue
        export = each.partner_export
        destination = PartnerExport(export.partner, export.bucket, export.prefix)
        bucket = account.bucket_of(destination)
        if bucket is None:
            known = [bucket.id for bucket in account.buckets if bucket.partner == export.partner]
            findings.add(
                ("delivery", index, "partner_export", "bucket"),
                f"{export.bucket!r} is not a connected bucket{nearest(export.bucket, known) or '.'}{listing(known)}",
            )
        else:
            check_places(index, bucket, form, account, findings)
            check_lengths(index, bucket, form, _format(form), findings, on_demand=on_demand)
        destinations.append(destination)
    if form.delivery is not None and not findings.touches("delivery"):
        problem = matrix_problem(recurring=isinstance(form.frequency, RecurringForm), destinations=destinations)
        if problem is not None:
            findings.add(("delivery",), problem)
    return destinations


def _format(form: DefinitionForm) -> FileFormat:
    return FORMATS[form.format] if form.format else CSV


def _cell_policy(form: DefinitionForm, report_type: ReportType | None, findings: Findings) -> CellPolicy | None:
    """Return the policy that a definition names; it must leave what rows are told apart by.

    The file is read again to see that no row is repeated and that each group has its total.
    """
    if form.csv_safety is None:
        return None
    policy = CELL_POLICIES[form.csv_safety]
    if report_type is not None and not policy.reversible:
        needed = {*report_type.order, report_type.totals_by}
        hidden = [each.name for each in report_type.columns if each.name in needed and policy.changes(each)]
        if hidden:
            what = f"hides {', '.join(hidden)}, by which rows of {report_type.id} are told apart"
            findings.add(("csv_safety",), f"{policy.key} {what}; choose another")
    return policy


def _starts_at(form: DefinitionForm, zone: ZoneInfo) -> datetime | None:
    """Return the first instant of `starts_on`; for a created report not before its creation."""
    starts = start_of(form.starts_on, zone) if form.starts_on is not None else None
    created = form.created_at if isinstance(form, CreatedForm) else None
    return max((each for each in (starts, created) if each is not None), default=None)
