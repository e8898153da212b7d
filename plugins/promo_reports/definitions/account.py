"""The account from its file, `include/account.yaml`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from promo_reports.definitions.inputs.fields import BucketName, Connection, Partner, Prefix, Timezone, Weekday
from promo_reports.definitions.inputs.forms import Form, Listed, read_form, report_missing, sound
from promo_reports.definitions.inputs.yaml_reader import read_yaml
from promo_reports.domain.account import Account, Bucket

DEFAULT_WEEK_START = "monday"


class BucketForm(Form):
    """A connected bucket; its credentials are in the Airflow connection."""

    partner: Partner = Field(description="the cloud storage provider")
    bucket: BucketName = Field(description="the bucket's name")
    connection: Connection = Field(description="id of the Airflow connection that holds the credentials")
    prefix: Prefix = Field("", description="everything is written below it")


class AccountForm(Form):
    """What every report of the account shares."""

    timezone: Timezone | None = Field(None, description="IANA name, such as America/New_York")
    week_starts_on: Weekday | None = Field(None, description="first day of the calendar week; monday where absent")
    partner_exports: Listed[BucketForm] | None = Field(None, description="the connected buckets")


def load_account(path: Path) -> Account:
    """Read the account; `InvalidInput` with all problems of its file."""
    document = read_yaml(path)
    findings = document.findings
    form = read_form(AccountForm, document.mapping(), findings)
    report_missing(form, ("timezone",), findings)
    seen: set[tuple[str, str]] = set()
    for index, each in sound(form.partner_exports):
        if (each.partner, each.bucket) in seen:
            findings.add(("partner_exports", index, "bucket"), f"{each.bucket!r} is connected already")
        seen.add((each.partner, each.bucket))
    findings.raise_any()
    return Account(
        timezone=form.timezone or "",
        week_starts_on=form.week_starts_on or DEFAULT_WEEK_START,
        buckets=tuple(
            Bucket(each.partner, each.bucket, each.connection, each.prefix) for _, each in sound(form.partner_exports)
        ),
    )
