"""Check a definition against its report type and the account, for files, confs and the page alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from promo_reports.definitions.inputs.fields import EMAIL
from promo_reports.definitions.inputs.forms import read_form, report_missing
from promo_reports.definitions.inputs.messages import not_among, quoted
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.definitions.inputs.yaml_reader import Document
from promo_reports.definitions.report.dates import check_date_range, check_schedule
from promo_reports.definitions.report.deliveries import check_deliveries
from promo_reports.definitions.report.filters import canonical_filters, check_filter_values
from promo_reports.definitions.report.form import CreatedForm, DefinitionForm
from promo_reports.definitions.report.personal_data import check_masks, check_received
from promo_reports.domain.account import Account
from promo_reports.domain.dates.calendar import start_of
from promo_reports.domain.dates.schedule import Stop
from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.definition import Definition, Origin
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
    deliveries = check_deliveries(form, report_type, account, origin, findings)
    if report_type is not None:
        report_type = check_masks(form.personal_data or {}, report_type, findings)
        check_received([each.destination for each in deliveries], report_type, account, findings)
    findings.raise_any()
    assert form.id and form.name and form.owner and report_type  # noqa: S101, PT018
    return Definition(
        id=form.id,
        name=form.name,
        report_type=report_type,
        owner=form.owner,
        filters=filters,
        deliveries=deliveries,
        timezone=zone.key,
        week_starts_on=account.week_starts_on,
        sha256=form.sha256(canonical_filters(report_type, form.filters or {})),
        origin=origin,
        source=source or findings.name,
        schedule=schedule,
        date_range=date_range,
        starts_at=_starts_at(form, zone),
        stops=stops,
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


def _starts_at(form: DefinitionForm, zone: ZoneInfo) -> datetime | None:
    """Return the first instant of `starts_on`; for a created report not before its creation."""
    starts = start_of(form.starts_on, zone) if form.starts_on is not None else None
    created = form.created_at if isinstance(form, CreatedForm) else None
    return max((each for each in (starts, created) if each is not None), default=None)
