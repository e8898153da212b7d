"""Settings of one host, read once from `PROMO_REPORTS_*` environment variables (docs/settings.md)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from promo_reports.errors import InvalidInput, Problem

PREFIX = "PROMO_REPORTS_"
PROJECT_ROOT = Path(__file__).resolve().parents[2]

_PART = r"[A-Za-z0-9!_*'()=+@-][A-Za-z0-9!_.*'()=+@-]*"
_BUCKET_ADDRESS = re.compile(
    rf"s3://(?P<name>[a-z0-9][a-z0-9._-]{{1,221}}[a-z0-9])(/(?P<prefix>{_PART}(/{_PART})*)?/?)?"
)
_CONNECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Settings(BaseModel):
    """Where things lie and how much is allowed; every field is one environment variable of the same name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(PROJECT_ROOT, description="the project: reports/, report_types/ and include/ lie in it")
    data_dir: Path = Field(
        default_factory=lambda given: given["home"] / ".data",
        description="holds staging/, downloads/ and created/; default <home>/.data",
    )
    staging_dir: Path | None = Field(
        None, description="staged exports, shared by all workers; default <data_dir>/staging"
    )
    download_dir: Path | None = Field(None, description="the download area; default <data_dir>/downloads")
    download_bucket: str | None = Field(
        None, description="a bucket in the place of the download area's directory: s3://bucket/prefix"
    )
    download_connection: str | None = Field(
        None, validate_default=True, description="Airflow connection with the credentials of that bucket"
    )
    store_dir: Path | None = Field(None, description="created reports and stop marks; default <data_dir>/created")
    rows_per_file: PositiveInt = Field(
        1_000_000, description="rows; a longer export is a ZIP of CSVs of this many rows"
    )
    connections_per_export: int = Field(
        1, ge=1, le=16, description="connections that read an export of more than one file's rows from PostgreSQL"
    )
    retention_days: PositiveInt = Field(30, description="days that an export stays in the download area")
    staging_days: PositiveInt = Field(
        3, description="days after which a staged export that was not delivered everywhere is removed"
    )
    settle_minutes: PositiveInt = Field(
        15, description="minutes after a window's end until its manifest stops saying `open`"
    )
    statement_timeout_minutes: PositiveInt = Field(
        120, description="minutes that one query may run in the promo database"
    )
    execution_timeout_minutes: PositiveInt = Field(240, description="minutes that one task may run")
    retries: int = Field(3, ge=0, description="times a task is tried again after a fault of the infrastructure")
    retry_delay_seconds: PositiveInt = Field(
        30, description="seconds until the first retry; doubles each time, at most 10 minutes"
    )
    pool: str = Field("default_pool", description="Airflow pool that limits exports at one time")

    @field_validator("download_bucket")
    @classmethod
    def _is_a_bucket(cls, address: str | None, others: ValidationInfo) -> str | None:
        if address is not None and not _BUCKET_ADDRESS.fullmatch(address):
            raise _broken("must be s3://bucket or s3://bucket/prefix, in letters, digits and !_.*'()=+@-")
        if address is not None and others.data.get("download_dir") is not None:
            raise _broken(f"the download area is a directory or a bucket: unset this, or {PREFIX}DOWNLOAD_DIR")
        return address

    @field_validator("download_connection")
    @classmethod
    def _goes_with_a_bucket(cls, connection: str | None, others: ValidationInfo) -> str | None:
        if "download_bucket" not in others.data:
            return connection
        if others.data["download_bucket"] is None and connection is not None:
            raise _broken(f"is of no use without {PREFIX}DOWNLOAD_BUCKET")
        if others.data["download_bucket"] is not None and not _CONNECTION.fullmatch(connection or ""):
            raise _broken(f"must be the id of an Airflow connection, since {PREFIX}DOWNLOAD_BUCKET is set")
        return connection

    @property
    def staging(self) -> Path:
        """Directory of staged exports."""
        return self.staging_dir or self.data_dir / "staging"

    @property
    def downloads(self) -> Path:
        """Directory of the download area."""
        return self.download_dir or self.data_dir / "downloads"

    @property
    def downloads_bucket(self) -> tuple[str, str] | None:
        """Name and prefix of the bucket that is the download area; None where it is a directory."""
        found = _BUCKET_ADDRESS.fullmatch(self.download_bucket or "")
        return (found["name"], found["prefix"] or "") if found else None

    @property
    def store(self) -> Path:
        """Directory of created reports and stop marks."""
        return self.store_dir or self.data_dir / "created"

    @property
    def reports(self) -> Path:
        """Directory of the definitions registered in git."""
        return self.home / "reports"

    @property
    def report_types(self) -> Path:
        """Directory of the report types."""
        return self.home / "report_types"

    @property
    def sql(self) -> Path:
        """Directory of the SQL templates."""
        return self.home / "include" / "sql"

    @property
    def account(self) -> Path:
        """File of the account: timezone, week start, connected buckets."""
        return self.home / "include" / "account.yaml"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raise `InvalidInput` that names every unknown or impossible variable."""
        named = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
        try:
            return cls.model_validate({name[len(PREFIX) :].lower(): value for name, value in named.items()})
        except ValidationError as invalid:
            problems = [
                Problem(PREFIX + str(error["loc"][0]).upper(), "", f"{error['msg']}; it is {error['input']!r}")
                for error in invalid.errors()
            ]
            raise InvalidInput("The environment", problems) from None


def _broken(rule: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{rule}", {"rule": rule})


@cache
def current() -> Settings:
    """The settings of this process."""
    return Settings.from_environment(os.environ)
