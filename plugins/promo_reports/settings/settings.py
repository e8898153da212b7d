"""All settings, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from promo_reports.domain.account import Bucket
from promo_reports.domain.delivery import DOWNLOAD
from promo_reports.errors import InvalidInput, Problem
from promo_reports.settings.areas import AREAS, bucket_at, check_apart, checked_address, checked_connection
from promo_reports.settings.directories import Directory, checkout
from promo_reports.settings.places import PREFIX, Given, broken, place_of, shown

_LONGEST_POOL = 256
"""Characters of a pool's name in Airflow."""
_NOTHING: Mapping[str, Given] = MappingProxyType({})


class Settings(BaseModel):
    """Where things lie and how much is allowed; every field is one environment variable of the same name.

    Validation takes the places of the values by name as its context, for messages that name two settings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Directory = Field(
        default_factory=checkout,
        validate_default=True,
        description="the project: reports/, report_types/ and include/ lie in it",
    )
    data_dir: Directory = Field(
        default_factory=lambda given: given["home"] / ".data",
        description="holds staging/, downloads/, created/ and scratch/; default <home>/.data",
    )
    staging_dir: Directory | None = Field(
        None, description="staged exports, shared by all workers; default <data_dir>/staging"
    )
    staging_bucket: str | None = Field(
        None, description="address of a bucket, with or without a prefix, in the place of the staging directory"
    )
    staging_connection: str | None = Field(
        None, validate_default=True, description="Airflow connection with the credentials of that bucket"
    )
    download_dir: Directory | None = Field(None, description="the download area; default <data_dir>/downloads")
    download_bucket: str | None = Field(
        None, description="address of a bucket, with or without a prefix, in the place of the download area's directory"
    )
    download_connection: str | None = Field(
        None, validate_default=True, description="Airflow connection with the credentials of that bucket"
    )
    store_dir: Directory | None = Field(None, description="created reports and stop marks; default <data_dir>/created")
    store_bucket: str | None = Field(
        None, description="address of a bucket, with or without a prefix, in the place of the store's directory"
    )
    store_connection: str | None = Field(
        None, validate_default=True, description="Airflow connection with the credentials of that bucket"
    )
    scratch_dir: Directory | None = Field(
        None,
        description="a disk of this host alone, where staging or the store is a bucket: exports while they are made or "
        "sent, and a copy of the store; default <data_dir>/scratch",
    )
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
    read_timeout_seconds: PositiveInt = Field(
        300, description="seconds that the promo database may send nothing in the middle of an answer"
    )
    execution_timeout_minutes: PositiveInt = Field(240, description="minutes that one task may run")
    retries: int = Field(3, ge=0, description="times a task is tried again after a fault of the infrastructure")
    retry_delay_seconds: PositiveInt = Field(
        30, description="seconds until the first retry; doubles each time, at most 10 minutes"
    )
    downloads_per_process: PositiveInt = Field(
        100, description="downloads that one api-server process sends at one time; further ones get 503"
    )
    downloads_per_person: PositiveInt = Field(
        10, description="downloads that one person may have open in a process; further ones get 429"
    )
    download_stall_seconds: PositiveInt = Field(
        120, description="seconds in which a client takes at least 64 KiB of its download; else it is disconnected"
    )
    pool: str = Field(
        "promo_reports",
        min_length=1,
        max_length=_LONGEST_POOL,
        description="Airflow pool that limits the extracts of reports at one time",
    )
    on_demand_pool: str = Field(
        "promo_reports_on_demand",
        min_length=1,
        max_length=_LONGEST_POOL,
        description="Airflow pool that limits the tasks of on-demand exports at one time; another one than the pool",
    )
    open_exports_per_person: PositiveInt = Field(
        20, description="on-demand exports that one person may have in the making at one time"
    )

    @field_validator("home", mode="before")
    @classmethod
    def _is_given(cls, home: Any) -> Any:
        if home is None:
            raise broken(
                "is not set: name the directory of your project, which holds report_types/ and include/. "
                "promo-reports init DIR makes one"
            )
        return home

    @field_validator(*(f"{area}_bucket" for area in AREAS))
    @classmethod
    def _is_a_bucket(cls, address: str | None, others: ValidationInfo) -> str | None:
        return checked_address(address, others)

    @field_validator(*(f"{area}_connection" for area in AREAS))
    @classmethod
    def _goes_with_a_bucket(cls, connection: str | None, others: ValidationInfo) -> str | None:
        return checked_connection(connection, others)

    @field_validator("scratch_dir")
    @classmethod
    def _serves_a_bucket(cls, directory: Path | None, others: ValidationInfo) -> Path | None:
        buckets = ("staging_bucket", "store_bucket")
        if directory is not None and all(others.data.get(each, "") is None for each in buckets):
            raise broken(f"is of no use without {' or '.join(place_of(each, others) for each in buckets)}")
        return directory

    @field_validator("on_demand_pool")
    @classmethod
    def _is_a_pool_of_its_own(cls, pool: str, others: ValidationInfo) -> str:
        if pool == others.data.get("pool"):
            raise broken(
                f"must be another pool than {place_of('pool', others)}: on-demand exports would hold up scheduled ones"
            )
        return pool

    @model_validator(mode="after")
    def _lie_apart(self, given: ValidationInfo) -> Settings:
        """Two areas of which one lies inside the other would sweep, list or serve each other's files."""
        directories = {"staging": self.staging, "store": self.store, "download": self.downloads}
        areas: dict[str, Path | Bucket] = {}
        for area, directory in directories.items():
            bucket = self._bucket_of(area)
            areas[place_of(f"{area}_{'dir' if bucket is None else 'bucket'}", given)] = bucket or directory
        if self.staging_bucket is not None or self.store_bucket is not None:
            areas[place_of("scratch_dir", given)] = self._own_disk
        check_apart(
            areas, {f"{name}/ of the project": self.home / name for name in ("reports", "report_types", "include")}
        )
        return self

    @property
    def staging(self) -> Path:
        """Directory of staged exports, where staging is no bucket."""
        return self.staging_dir or self.data_dir / "staging"

    @property
    def staging_area(self) -> Bucket:
        """The bucket that is the staging area, or its directory."""
        return self._bucket_of("staging") or Bucket(DOWNLOAD, str(self.staging), "")

    @property
    def downloads(self) -> Path:
        """Directory of the download area, where that is no bucket."""
        return self.download_dir or self.data_dir / "downloads"

    @property
    def download_area(self) -> Bucket:
        """The bucket that is the download area, or its directory."""
        return self._bucket_of("download") or Bucket(DOWNLOAD, str(self.downloads), "")

    @property
    def store(self) -> Path:
        """Directory of created reports and stop marks, where the store is no bucket."""
        return self.store_dir or self.data_dir / "created"

    @property
    def store_area(self) -> Bucket:
        """The bucket that is the store of created reports, or its directory."""
        return self._bucket_of("store") or Bucket(DOWNLOAD, str(self.store), "")

    @property
    def scratch(self) -> Path:
        """Directory of this host for exports that are made or sent, where staging is a bucket."""
        return self._own_disk / "exports"

    @property
    def store_copy(self) -> Path:
        """Directory of this host's copy of the store, where that is a bucket."""
        return self._own_disk / "created"

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

    @property
    def _own_disk(self) -> Path:
        return self.scratch_dir or self.data_dir / "scratch"

    def _bucket_of(self, area: str) -> Bucket | None:
        """Return the bucket of an area; None where it is a directory."""
        return bucket_at(getattr(self, f"{area}_bucket") or "", getattr(self, f"{area}_connection") or "")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], beside: Mapping[str, Given] = _NOTHING) -> Settings:
        """Read the settings; raise `InvalidInput` that names every unknown or impossible one by its place.

        `beside` has further values by the names of the fields; an environment variable of the same name wins.
        """
        variables = {
            name[len(PREFIX) :].lower(): Given(name, value)
            for name, value in environment.items()
            if name.startswith(PREFIX)
        }
        given = {**beside, **variables}
        try:
            return cls.model_validate(
                {name: each.text for name, each in given.items()},
                context={name: each.place for name, each in given.items()},
            )
        except ValidationError as invalid:
            problems = [
                _problem(error, given)
                for error in invalid.errors()
                if error["type"] != "default_factory_not_called"  # of what the settings before it are wrong
            ]
            raise InvalidInput("The configuration", problems) from None


def _problem(error: ErrorDetails, given: Mapping[str, Given]) -> Problem:
    if not error["loc"]:
        return Problem("The areas", "", error["msg"])
    name = str(error["loc"][0])
    place = given[name].place if name in given else PREFIX + name.upper()
    if error["type"] == "extra_forbidden":
        return Problem(place, "", "is not a setting; docs/settings.md lists them")
    value = "" if name not in given else f"; it is {shown(error['input'])}"
    return Problem(place, "", f"{error['msg']}{value}")
