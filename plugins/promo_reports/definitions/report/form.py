"""The form of a report definition: one model for YAML files, the conf of a run and requests of the page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from promo_reports.definitions.filter_kinds.kind import AnyFilterValue
from promo_reports.definitions.inputs.fields import (
    BucketName,
    CellPolicyKey,
    ClockTime,
    Day,
    Format,
    Instant,
    MaskKey,
    Name,
    Owner,
    Partner,
    Prefix,
    ReportId,
    SnakeCase,
    Timezone,
    Weekday,
    one_of,
)
from promo_reports.definitions.inputs.forms import Form, Listed, by, variant
from promo_reports.domain.dates.schedule import ONE_TIME, Interval
from promo_reports.domain.dates.window import Preset
from promo_reports.domain.delivery import DOWNLOAD, partners
from promo_reports.domain.report_type import PromotionType

_FREQUENCIES = (ONE_TIME, "{interval: daily}", "{interval: weekly, delivery_day: monday}")
_PARTNER = partners()[0]
_DELIVERIES = (DOWNLOAD, f"partner_export: {{partner: {_PARTNER}, bucket: ...}}")
_PRESETS = (*(preset.value for preset in Preset), "{first: 2026-01-01, last: 2026-01-31}")


class RecurringForm(Form):
    """Delivered every day, or every week on one day."""

    interval: Annotated[Interval, one_of(Interval)] = Field(description="how often")
    delivery_day: Weekday | None = Field(None, description="weekly: the day of the delivery")
    delivery_time: ClockTime | None = Field(
        None, description="local time of the delivery, 06:00 where absent; quote it", examples=["06:00"]
    )


class DaysForm(Form):
    """Local days, both ends included."""

    first: Day = Field(description="first day", examples=["2026-01-01"])
    last: Day = Field(description="last day, included", examples=["2026-01-31"])


class InstantsForm(Form):
    """Absolute half-open window `[start, end)`."""

    start: Instant = Field(description="first instant, with offset", examples=["2026-01-01T00:00:00-05:00"])
    end: Instant = Field(description="first instant after the window", examples=["2026-02-01T00:00:00-05:00"])


_OWN_FORMAT = "the format of its files; the report's where absent"
_OWN_SAFETY = "what its text cells become; as the report says where absent"


class DownloadForm(Form):
    """The shape of the file in the download area."""

    format: Format | None = Field(None, description=_OWN_FORMAT, examples=["csv"])
    csv_safety: CellPolicyKey | None = Field(None, description=_OWN_SAFETY, examples=["raw"])


class PartnerExportForm(Form):
    """A connected bucket of include/account.yaml, and the shape of the files in it."""

    partner: Partner = Field(description="the cloud storage provider")
    bucket: BucketName = Field(description="a bucket that include/account.yaml connects")
    prefix: Prefix = Field("", description="written below it, inside the bucket's own prefix")
    format: Format | None = Field(None, description=_OWN_FORMAT, examples=["csv"])
    csv_safety: CellPolicyKey | None = Field(None, description=_OWN_SAFETY, examples=["spreadsheet"])


class ShapedDownloadForm(Form):
    """The download area, with a shape of its own."""

    download: DownloadForm = Field(description="let the file wait in the download area")


class DeliveryForm(Form):
    """One destination in a bucket."""

    partner_export: PartnerExportForm = Field(description="push the files to a connected bucket")


def _frequency_of(value: Any) -> str:
    return "recurring" if isinstance(value, dict | RecurringForm) else ONE_TIME


def _range_of(value: Any) -> str:
    if isinstance(value, dict):
        return "instants" if "start" in value or "end" in value else "days"
    if isinstance(value, InstantsForm):
        return "instants"
    return "days" if isinstance(value, DaysForm) else "preset"


def _delivery_of(value: Any) -> str:
    if isinstance(value, ShapedDownloadForm) or (isinstance(value, dict) and DOWNLOAD in value):
        return "shaped download"
    return "partner" if isinstance(value, dict | DeliveryForm) else "download"


FrequencyValue = Annotated[
    Annotated[Literal["one_time"], one_of((ONE_TIME,), shown=_FREQUENCIES), variant(ONE_TIME)]
    | Annotated[RecurringForm, variant("recurring")],
    by(_frequency_of),
]
DateRangeValue = Annotated[
    Annotated[Preset, one_of(Preset, shown=_PRESETS), variant("preset")]
    | Annotated[DaysForm, variant("days")]
    | Annotated[InstantsForm, variant("instants")],
    by(_range_of),
]
Delivery = Annotated[
    Annotated[Literal["download"], one_of((DOWNLOAD,), shown=_DELIVERIES), variant("download")]
    | Annotated[ShapedDownloadForm, variant("shaped download")]
    | Annotated[DeliveryForm, variant("partner")],
    by(_delivery_of),
]


class DefinitionForm(Form):
    """A report definition: one file `reports/<id>.yaml`, or the conf of an on-demand run."""

    taken_out_whole: ClassVar[frozenset[str]] = frozenset({"date_range"})

    id: ReportId | None = Field(
        None, description="the file's name without .yaml; never reused", examples=["wallet_transactions_daily"]
    )
    name: Name | None = Field(
        None, description="what people see in lists and forms", examples=["Daily Wallet Transactions"]
    )
    report_type: SnakeCase | None = Field(None, description="a file of report_types/", examples=["wallet_transactions"])
    promotion_type: Annotated[PromotionType, one_of(PromotionType)] | None = Field(
        None, description="the module; optional, since the report type tells it, but it must fit"
    )
    owner: Owner | None = Field(
        None, description="email address of who answers for it", examples=["growth@example.com"]
    )
    filters: dict[str, AnyFilterValue] | None = Field(
        None,
        description="what to report on: a value, a list of values or `all`, by the report type's filter names",
        examples=[{"wallet": "grocery-rewards", "transaction_type": ["credit", "expired"]}],
    )
    frequency: FrequencyValue | None = Field(
        None,
        description="once, or on a schedule",
        examples=["one_time", {"interval": "daily"}, {"interval": "weekly", "delivery_day": "monday"}],
    )
    date_range: DateRangeValue | None = Field(
        None,
        description="one-time reports only: a preset, local days, or instants",
        examples=["past_month", {"first": "2026-01-01", "last": "2026-01-31"}],
    )
    delivery: Listed[Delivery] | None = Field(
        None,
        description="where the export goes, and in which shape; a recurring report needs a partner_export",
        examples=[[DOWNLOAD, {"partner_export": {"partner": _PARTNER, "bucket": "bi-exports"}}]],
    )
    format: Format | None = Field(
        None,
        description="the format of deliveries that name none; csv where absent, as a ZIP beyond the row limit",
        examples=["csv"],
    )
    csv_safety: CellPolicyKey | None = Field(
        None,
        description="what text cells become in deliveries that do not say it; "
        "where absent, spreadsheet for a download and raw for a bucket",
        examples=["raw"],
    )
    personal_data: dict[SnakeCase, MaskKey] | None = Field(
        None,
        description="what becomes of columns that identify a person, by their names; clear where absent",
        examples=[{"user_id": "hashed"}],
    )
    timezone: Timezone | None = Field(
        None, description="pins a timezone of its own; the account's where absent", examples=["America/New_York"]
    )
    starts_on: Day | None = Field(
        None, description="recurring reports only: no delivery before this local day", examples=["2026-01-01"]
    )

    def content(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the definition says, as plain JSON in one form, without what only describes it.

        `filters` are those that it gives, in the canonical form of their kinds (`canonical_filters`).
        """
        plain = self.model_dump(
            mode="json", exclude_defaults=True, exclude={"promotion_type", "created_at", "created_by"}
        )
        plain["filters"] = dict(filters)
        return plain

    def sha256(self, filters: Mapping[str, Any]) -> str:
        """Return the hash of the content: comments, order and formatting do not change it."""
        text = json.dumps(self.content(filters), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


class CreatedForm(DefinitionForm):
    """A definition in the store of created reports, which adds who created it and when."""

    created_at: Instant | None = Field(None, description="when it was created")
    created_by: Owner | None = Field(None, description="the user who created it")
