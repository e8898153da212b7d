"""The account from its file, `include/account.yaml`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WrapValidator, create_model

from promo_reports.definitions.inputs.fields import (
    BucketName,
    Connection,
    FilePattern,
    FolderPattern,
    ManifestName,
    Partner,
    Prefix,
    ReceivedMask,
    Text,
    Timezone,
    Weekday,
)
from promo_reports.definitions.inputs.forms import Form, Listed, broken_rule, read_form, report_missing, sound
from promo_reports.definitions.inputs.messages import listing, nearest, quoted
from promo_reports.definitions.inputs.yaml_reader import read_yaml
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.delivery import KINDS, BucketKey, Kind
from promo_reports.domain.manifest import MANIFEST_NAME
from promo_reports.domain.mask import RECEIVED
from promo_reports.domain.places.export_place import Placement

DEFAULT_WEEK_START = "monday"


class BucketForm(Form):
    """A connected bucket; its credentials are in the Airflow connection. Further keys are those of its kind."""

    partner: Partner = Field(description="the cloud storage provider")
    bucket: BucketName = Field(description="the bucket's name; of an SFTP server, a name for it")
    connection: Connection = Field(description="id of the Airflow connection that holds the credentials")
    id: BucketName | None = Field(None, description="what definitions name it by; its name where absent")
    prefix: Prefix = Field("", description="everything is written below it")
    folder: FolderPattern | None = Field(None, description="pattern of the folder of an export, below the prefix")
    file_stem: FilePattern | None = Field(None, description="pattern of a file's name, before its hash and suffix")
    manifest: ManifestName = Field(MANIFEST_NAME, description="name of the manifest")
    personal_data: list[ReceivedMask] | None = Field(
        None, description="what it may receive of columns that identify a person; all of it where absent"
    )


def _in_terms_of_its_kind(value: Any, handler: Callable[[Any], BucketForm]) -> BucketForm:
    """Validate a bucket by the form of its kind, if it names one."""
    partner = value.get("partner") if isinstance(value, dict) else None
    kind = KINDS.get(partner) if isinstance(partner, str) else None
    return handler(value) if kind is None else _form_of(kind).model_validate(value)


@cache
def _form_of(kind: Kind) -> type[BucketForm]:
    fields: dict[str, Any] = {
        each.name: (
            Annotated[Text, AfterValidator(_checked_by(each))] | None,
            Field(None, description=each.description),
        )
        for each in kind.bucket_keys
    }
    return create_model("BucketForm", __base__=BucketForm, **fields)


def _checked_by(key: BucketKey) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text in key.words or (key.pattern is not None and key.pattern.fullmatch(text)):
            return text
        allowed = "" if key.pattern else listing(key.words)
        raise broken_rule(f"{quoted(text)} {key.rule}{nearest(text, key.words) or ('.' if allowed else '')}{allowed}")

    return check


AnyBucketForm = Annotated[BucketForm, WrapValidator(_in_terms_of_its_kind)]


class AccountForm(Form):
    """What every report of the account shares."""

    timezone: Timezone | None = Field(None, description="IANA name, such as America/New_York")
    week_starts_on: Weekday | None = Field(None, description="first day of the calendar week; monday where absent")
    partner_exports: Listed[AnyBucketForm] | None = Field(None, description="the connected buckets")


def load_account(path: Path) -> Account:
    """Read the account; `InvalidInput` with all problems of its file."""
    document = read_yaml(path)
    findings = document.findings
    form = read_form(AccountForm, document.mapping(), findings)
    report_missing(form, ("timezone",), findings)
    seen: set[tuple[str, str]] = set()
    for index, each in sound(form.partner_exports):
        known_by = each.id or each.bucket
        if (each.partner, known_by) in seen:
            findings.add(
                ("partner_exports", index, "id" if each.id else "bucket"),
                f"{known_by!r} is connected already; definitions could not tell the two apart. Remove one, or give "
                f"this one an id of its own, such as id: {known_by}-2, and name it by that",
            )
        seen.add((each.partner, known_by))
        kind = KINDS[each.partner]
        if not kind.takes_name(each.bucket):
            findings.add(("partner_exports", index, "bucket"), f"{each.bucket!r} is no name there: {kind.name_rule}")
    findings.raise_any()
    return Account(
        timezone=form.timezone or "",
        week_starts_on=form.week_starts_on or DEFAULT_WEEK_START,
        buckets=tuple(_bucket(each) for _, each in sound(form.partner_exports)),
    )


def _bucket(form: BucketForm) -> Bucket:
    given = ((each.name, getattr(form, each.name)) for each in KINDS[form.partner].bucket_keys)
    return Bucket(
        form.partner,
        form.bucket,
        form.connection,
        form.prefix,
        tuple((name, value) for name, value in given if value is not None),
        Placement(form.folder, form.file_stem, form.manifest),
        form.id or "",
        RECEIVED if form.personal_data is None else tuple(form.personal_data),
    )
