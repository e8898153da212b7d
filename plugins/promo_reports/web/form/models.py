"""Request and response models of the Create Report form."""

from __future__ import annotations

from datetime import date, datetime
from inspect import cleandoc
from typing import Any

from pydantic import Field, GetJsonSchemaHandler, RootModel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from promo_reports.definitions.report.form import DefinitionForm
from promo_reports.domain.dates.schedule import Frequency
from promo_reports.domain.dates.window import Preset
from promo_reports.domain.filters import CHOICE, Select
from promo_reports.domain.report_type import DateRangeRule
from promo_reports.web.exports.models import ExportRow
from promo_reports.web.models import Answer, DeliveryShown, Named, WindowShown
from promo_reports.web.reports.models import ReportRow


class User(Answer):
    """The authenticated user."""

    id: str
    name: str


class Session(Answer):
    """The caller and the account."""

    user: User
    timezone: str
    week_starts_on: str
    now: datetime
    may_create: bool = Field(description="whether some report type may be exported")
    may_check_destinations: bool = Field(False, description="whether they are an operator")


class ChoiceShown(Answer):
    """A value and the words for it."""

    value: str
    title: str


class FilterShown(Answer):
    """A filter of a report type; `choices` is None where they come from the promo database."""

    name: str
    kind: str = Field(
        default=CHOICE.key, description="choice; of any other kind, a text that the kind reads is a value"
    )
    title: str
    description: str
    select: Select
    required: bool
    default_all: bool
    depends_on: str | None
    choices: list[ChoiceShown] | None


class ColumnShown(Answer):
    """A column of the file."""

    name: str
    type: str
    description: str
    unit: str | None
    pii: bool
    masks: list[ChoiceShown] = Field(
        default=[], description="what a definition may make of it under personal_data; none where it identifies nobody"
    )


class ReportTypeShown(Answer):
    """A report type that the caller may see."""

    id: str
    title: str
    promotion_type: str
    description: str
    date_range: DateRangeRule = Field(description="none: a snapshot")
    max_months: int | None
    may_create: bool
    filters: list[FilterShown]
    columns: list[ColumnShown]


class BucketShown(Answer):
    """A connected bucket and the address below which files are written."""

    name: str = Field(description="what definitions name it by: the id that the account has for it, or its name")
    address: str
    frequencies: list[Frequency] = Field(
        default=list(Frequency), description="those of the reports that it takes; its folder tells their exports apart"
    )


class PartnerShown(Answer):
    """A cloud storage provider with its connected buckets."""

    id: str
    label: str
    buckets: list[BucketShown]


class PresetShown(Answer):
    """A named date range and its current first and last local day, both included."""

    id: Preset
    label: str
    months: int
    first: date
    last: date


class BrokenFile(Answer):
    """A report type that cannot be used, and why."""

    file: str
    reason: str


class FormInfo(Answer):
    """The form's choices, except those from the promo database."""

    promotion_types: list[Named]
    report_types: list[ReportTypeShown]
    partners: list[PartnerShown]
    formats: list[Named] = Field(
        default=[], description="of the files; the first is that of a definition that names none"
    )
    presets: list[PresetShown]
    weekdays: list[Named]
    default_delivery_time: str
    rows_per_file: int
    today: date
    timezone: str
    week_starts_on: str
    broken: list[BrokenFile]


class Choices(Answer):
    """The first choices of a filter, and how many there are."""

    choices: list[ChoiceShown]
    total: int


_OF_FILES = frozenset({"id", "owner"})
"""Keys that a body does not have: the API makes the id, and the owner is the caller."""


_EXAMPLE = {
    "name": "Weekly audit",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "fuel-points", "transaction_type": ["credit", "debit"]},
    "frequency": "one_time",
    "date_range": "past_week",
    "delivery": ["download"],
}


class DefinitionBody(RootModel[dict[str, Any]]):
    """A definition as an engineer writes it (docs/definitions.md), without `id` and `owner`.

    Its rules are those of the YAML files: the same model checks it (docs/schemas/definition.schema.json), with the
    report type's rules, so that all problems are answered together. The description has the keys of that model.
    """

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the keys of a definition, although the route takes any object: a caller's types come from here."""
        described = handler.resolve_ref_schema(handler(DefinitionForm.__pydantic_core_schema__))
        properties = {key: of for key, of in described["properties"].items() if key not in _OF_FILES}
        words = {"title": cls.__name__, "description": cleandoc(cls.__doc__ or ""), "examples": [_EXAMPLE]}
        return {**described, **words, "properties": properties}


class DescribedDefinition(Answer):
    """A definition in words, with its window and next deliveries."""

    sentence: str
    window: WindowShown | None
    as_of: datetime | None
    upcoming: list[DeliveryShown]


class Created(Answer):
    """What was created: an export, or a recurring report."""

    message: str
    export: ExportRow | None
    report: ReportRow | None


class PreviewColumn(Answer):
    """A column of the preview."""

    name: str
    type: str
    mask: str | None = Field(None, description="what its cells are here, clear ones aside: last_four or hashed")


class Sum(Answer):
    """A column's exact sum, as text."""

    name: str
    sum: str


class Group(Answer):
    """Rows and sums of one value."""

    value: str
    rows: int
    sums: list[Sum]


class Groups(Answer):
    """The totals by a column's values."""

    by: str
    items: list[Group]


class FileEstimateShown(Answer):
    """A file of an export that is not made yet."""

    format: Named | None = Field(description="null: no file of the format that was asked for holds so many rows")
    parts: int = Field(description="CSVs in a ZIP, else 1; 0 where there will be no file")
    bytes: int | None = Field(description="about; null where no earlier export of the type had this format")


class EstimateShown(Answer):
    """What an export would be like: its rows, counted; its files, estimated from the last exports of the type."""

    rows: int | None = Field(description="null where they could not be counted in time, as the sentence says")
    files: list[FileEstimateShown]
    seconds: float | None = Field(description="about, where it takes a minute or longer as far as is known")
    sentence: str
    basis: str = Field("", description="what the estimate is derived from; empty where nothing was estimated")
    window: WindowShown | None
    as_of: datetime | None


class PreviewShown(Answer):
    """The first rows of the file, and what the database counts of all of it."""

    columns: list[PreviewColumn]
    rows: list[list[str | None]] = Field(description="NULL is null, the empty text is empty")
    counted: int
    excluded: int
    totals: list[Sum]
    groups: Groups | None
    window: WindowShown | None
    as_of: datetime | None
    file: str = Field(description="one CSV, or a ZIP of so many")
