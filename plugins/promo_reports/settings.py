"""Settings of one host, read once from `PROMO_REPORTS_*` environment variables (docs/settings.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from promo_reports.errors import InvalidInput, Problem

PREFIX = "PROMO_REPORTS_"
PROJECT_ROOT = Path(__file__).resolve().parents[2]


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
    store_dir: Path | None = Field(None, description="created reports and stop marks; default <data_dir>/created")
    rows_per_file: PositiveInt = Field(
        1_000_000, description="rows; a longer export is a ZIP of CSVs of this many rows"
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

    @property
    def staging(self) -> Path:
        """Directory of staged exports."""
        return self.staging_dir or self.data_dir / "staging"

    @property
    def downloads(self) -> Path:
        """Directory of the download area."""
        return self.download_dir or self.data_dir / "downloads"

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


@cache
def current() -> Settings:
    """The settings of this process."""
    return Settings.from_environment(os.environ)
