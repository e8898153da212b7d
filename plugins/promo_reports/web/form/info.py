"""The choices of the Create Report form: report types the caller may read, buckets, formats, presets."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.configuration import destination_words
from promo_reports.definitions.report.personal_data import masks_for
from promo_reports.definitions.report.places import frequencies_taken
from promo_reports.domain.account import Account
from promo_reports.domain.dag_ids import type_dag_id
from promo_reports.domain.dates.calendar import WEEKDAYS, local_date
from promo_reports.domain.dates.schedule import DEFAULT_DELIVERY_TIME
from promo_reports.domain.dates.window import Preset, resolve
from promo_reports.domain.delivery import KINDS, PartnerExport, partners
from promo_reports.domain.file_format import FORMATS, offered
from promo_reports.domain.filters import Filter
from promo_reports.domain.report_type import PromotionType, ReportType
from promo_reports.errors import InvalidInput
from promo_reports.web.airflow.access import Caller
from promo_reports.web.form.models import (
    BrokenFile,
    BucketShown,
    ChoiceShown,
    ColumnShown,
    FilterShown,
    FormInfo,
    PartnerShown,
    PresetShown,
    ReportTypeShown,
)
from promo_reports.web.models import Named


def form_info(registry: Registry, caller: Caller, at: datetime) -> FormInfo:
    """Return the choices that need no query of the promo database; invalid report types are listed in `broken`."""
    account = registry.account
    zone = account.zone
    types, broken = _report_types(registry, caller)
    used = {each.promotion_type for each in types}
    return FormInfo(
        promotion_types=[Named(id=each.value, label=each.label) for each in PromotionType if each.value in used],
        report_types=types,
        partners=[_partner(each, account) for each in partners()],
        formats=[Named(id=each, label=FORMATS[each].label) for each in offered()],
        presets=_presets(account, at, zone),
        weekdays=[Named(id=each, label=each.title()) for each in WEEKDAYS],
        default_delivery_time=f"{DEFAULT_DELIVERY_TIME:%H:%M}",
        rows_per_file=registry.settings.rows_per_file,
        today=local_date(at, zone),
        timezone=account.timezone,
        week_starts_on=account.week_starts_on,
        broken=broken,
    )


def may_create(registry: Registry, caller: Caller) -> bool:
    """Return whether a caller may export some report type."""
    return any(caller.may_export(type_dag_id(each.key)) for each in registry.report_type_sources())


def _report_types(registry: Registry, caller: Caller) -> tuple[list[ReportTypeShown], list[BrokenFile]]:
    shown, broken = [], []
    order = list(PromotionType)
    for source in registry.report_type_sources():
        dag_id = type_dag_id(source.key)
        if not caller.may_read(dag_id):
            continue
        try:
            shown.append(_report_type(registry.report_type(source.key), may_create=caller.may_export(dag_id)))
        except InvalidInput as error:
            broken.append(BrokenFile(file=source.name, reason=str(error.problems[0])))
    shown.sort(key=lambda each: (order.index(PromotionType(each.promotion_type)), each.title))
    return shown, broken


def _report_type(report_type: ReportType, *, may_create: bool) -> ReportTypeShown:
    return ReportTypeShown(
        id=report_type.id,
        title=report_type.title,
        promotion_type=report_type.promotion_type.value,
        description=report_type.description,
        date_range=report_type.date_range,
        max_months=report_type.max_months,
        may_create=may_create,
        filters=[_filter(each) for each in report_type.filters],
        columns=[
            ColumnShown(
                name=each.name,
                type=each.type.value,
                description=each.description,
                unit=each.unit,
                pii=each.pii,
                masks=[ChoiceShown(value=mask.key, title=mask.label) for mask in masks_for(each.name, report_type)],
            )
            for each in report_type.columns
        ],
    )


def _filter(each: Filter) -> FilterShown:
    fixed = [ChoiceShown(value=choice.value, title=choice.title) for choice in each.choices]
    return FilterShown(
        name=each.name,
        kind=each.kind.key,
        title=each.title,
        description=each.description,
        select=each.select,
        required=each.required,
        default_all=each.default_all,
        depends_on=each.depends_on,
        choices=fixed if each.options is None else None,
    )


def _partner(partner: str, account: Account) -> PartnerShown:
    return PartnerShown(
        id=partner,
        label=KINDS[partner].label,
        buckets=[
            BucketShown(
                name=each.id,
                address=destination_words(PartnerExport(partner, each.id), account),
                frequencies=list(frequencies_taken(each.placement)),
            )
            for each in account.buckets
            if each.partner == partner
        ],
    )


def _presets(account: Account, at: datetime, zone: ZoneInfo) -> list[PresetShown]:
    shown = []
    for each in Preset:
        window = resolve(each, at, zone, account.week_starts_on)
        if window is not None:
            first, last = window.days(zone)
            shown.append(PresetShown(id=each, label=each.label, months=each.months, first=first, last=last))
    return shown
