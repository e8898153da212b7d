"""Settings of one host: `PROMO_REPORTS_*` environment variables, and what Airflow's configuration says beside them.

This module imports no Airflow. `orchestration.project` passes in what the section `[promo_reports]` sets, for the
processes of Airflow; the command line reads the variables only (docs/settings.md).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from promo_reports.domain.account import Bucket
from promo_reports.domain.delivery import DOWNLOAD, KINDS, partners
from promo_reports.errors import InvalidInput, Problem

PREFIX = "PROMO_REPORTS_"
SECTION = "promo_reports"
"""The section of Airflow's configuration that settings may stand in, beside the environment variables."""
SECTION_PREFIX = f"AIRFLOW__{SECTION.upper()}__"
"""By this the names of Airflow's own variables for that section begin."""
PROJECT_DIRECTORIES = ("report_types", "include")
"""By these a directory is known as a project; reports/ may be missing, and be made by the first report."""

_PART = r"[A-Za-z0-9!_*'()=+@-][A-Za-z0-9!_.*'()=+@-]*"
_BUCKET_ADDRESS = re.compile(
    rf"(?P<scheme>[a-z0-9]{{1,20}})://(?P<name>[a-z0-9][a-z0-9._-]{{1,221}}[a-z0-9])(/(?P<prefix>{_PART}(/{_PART})*)?/?)?"
)
_CONNECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_BUCKET_PREFIX = 500
"""Characters: what is below it must fit into the 1,024 bytes of a key, too."""
_LONGEST_POOL = 256
"""Characters of a pool's name in Airflow."""


def _broken(rule: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{rule}", {"rule": rule})


def _is_a_directory(value: Any) -> Any:
    """Refuse what is no absolute path, before it becomes one that looks like it: `s3://x` would be `./s3:/x`."""
    text = os.fspath(value) if isinstance(value, str | Path) else None
    if text is None:
        return value
    if not text:
        raise _broken("is empty: write an absolute path, or unset it")
    if "://" in text:
        raise _broken("is an address: it must be the absolute path of a directory, one that every host sees")
    if _CONTROL.search(text):
        raise _broken("holds a control character")
    if text.startswith("~"):
        raise _broken("begins with ~, which only a shell expands: write the whole path")
    if not text.startswith("/"):
        raise _broken(
            "is a relative path, which every process would take from where it was started: "
            f"write {Path(text).absolute()}, if that is what is meant"
        )
    return value


Directory = Annotated[Path, BeforeValidator(_is_a_directory)]


def is_project(directory: Path) -> bool:
    """Return whether a directory is a project: report types and SQL lie in it."""
    return all((directory / name).is_dir() for name in PROJECT_DIRECTORIES)


def _checkout() -> Path | None:
    """Return the checkout that this package lies in as plugins/promo_reports; None for an installed package."""
    above = Path(__file__).resolve().parents[2]
    return above if is_project(above) else None


@dataclass(frozen=True)
class Given:
    """A value of a setting as text, and what messages call the place that it was read from."""

    place: str
    text: str


_NOTHING: Mapping[str, Given] = MappingProxyType({})


class Settings(BaseModel):
    """Where things lie and how much is allowed; every field is one environment variable of the same name.

    Validation takes the places of the values by name as its context, for messages that name two settings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Directory = Field(
        default_factory=_checkout,
        validate_default=True,
        description="the project: reports/, report_types/ and include/ lie in it",
    )
    data_dir: Directory = Field(
        default_factory=lambda given: given["home"] / ".data",
        description="holds staging/, downloads/ and created/; default <home>/.data",
    )
    staging_dir: Directory | None = Field(
        None, description="staged exports, shared by all workers; default <data_dir>/staging"
    )
    download_dir: Directory | None = Field(None, description="the download area; default <data_dir>/downloads")
    download_bucket: str | None = Field(
        None, description="address of a bucket, with or without a prefix, in the place of the download area's directory"
    )
    download_connection: str | None = Field(
        None, validate_default=True, description="Airflow connection with the credentials of that bucket"
    )
    store_dir: Directory | None = Field(None, description="created reports and stop marks; default <data_dir>/created")
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
            raise _broken(
                "is not set: name the directory of your project, which holds report_types/ and include/. "
                "promo-reports init DIR makes one"
            )
        return home

    @field_validator("download_bucket")
    @classmethod
    def _is_a_bucket(cls, address: str | None, others: ValidationInfo) -> str | None:
        if address is not None and _bucket_at(address) is None:
            forms = (f"{KINDS[each].scheme}://bucket{prefix}" for each in partners() for prefix in ("", "/prefix"))
            raise _broken(f"must be {' or '.join(forms)}, in letters, digits and !_.*'()=+@-")
        if address is not None and len(address.partition("://")[2].partition("/")[2]) > _LONGEST_BUCKET_PREFIX:
            raise _broken(f"has a prefix of more than {_LONGEST_BUCKET_PREFIX} characters")
        if address is not None and others.data.get("download_dir") is not None:
            other = _place("download_dir", others)
            raise _broken(f"the download area is a directory or a bucket: unset this, or {other}")
        return address

    @field_validator("download_connection")
    @classmethod
    def _goes_with_a_bucket(cls, connection: str | None, others: ValidationInfo) -> str | None:
        if "download_bucket" not in others.data:
            return connection
        if others.data["download_bucket"] is None and connection is not None:
            raise _broken(f"is of no use without {_place('download_bucket', others)}")
        if others.data["download_bucket"] is not None and not _CONNECTION.fullmatch(connection or ""):
            raise _broken(f"must be the id of an Airflow connection, since {_place('download_bucket', others)} is set")
        return connection

    @field_validator("on_demand_pool")
    @classmethod
    def _is_a_pool_of_its_own(cls, pool: str, others: ValidationInfo) -> str:
        if pool == others.data.get("pool"):
            raise _broken(
                f"must be another pool than {_place('pool', others)}: on-demand exports would hold up scheduled ones"
            )
        return pool

    @model_validator(mode="after")
    def _lie_apart(self, given: ValidationInfo) -> Settings:
        """Two areas of which one lies inside the other would sweep, list or serve each other's files."""
        areas = {_place("staging_dir", given): self.staging, _place("store_dir", given): self.store}
        if self.download_bucket is None:
            areas[_place("download_dir", given)] = self.downloads
        project = {f"{name}/ of the project": self.home / name for name in ("reports", "report_types", "include")}
        for (outer, above), (inner, below) in permutations({**areas, **project}.items(), 2):
            if {outer, inner} <= project.keys() or not _is_below(below, above):
                continue
            raise _broken(f"{inner} ({below}) lies inside {outer} ({above}): give each a directory of its own")
        return self

    @property
    def staging(self) -> Path:
        """Directory of staged exports."""
        return self.staging_dir or self.data_dir / "staging"

    @property
    def downloads(self) -> Path:
        """Directory of the download area."""
        return self.download_dir or self.data_dir / "downloads"

    @property
    def download_area(self) -> Bucket:
        """The bucket that is the download area, or its directory."""
        bucket = _bucket_at(self.download_bucket or "", self.download_connection or "")
        return bucket or Bucket(DOWNLOAD, str(self.downloads), "")

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
        return Problem("The directories", "", error["msg"])
    name = str(error["loc"][0])
    place = given[name].place if name in given else PREFIX + name.upper()
    if error["type"] == "extra_forbidden":
        return Problem(place, "", "is not a setting; docs/settings.md lists them")
    shown = "" if name not in given else f"; it is {_shown(error['input'])}"
    return Problem(place, "", f"{error['msg']}{shown}")


def _place(name: str, others: ValidationInfo) -> str:
    """Return what messages call a setting: the place of its value, or its environment variable."""
    return str((others.context or {}).get(name, PREFIX + name.upper()))


def _bucket_at(address: str, connection: str = "") -> Bucket | None:
    """Return the bucket at an address of a partner's scheme, or None."""
    found = _BUCKET_ADDRESS.fullmatch(address)
    if found is None:
        return None
    kinds = (each for each in partners() if KINDS[each].scheme == found["scheme"])
    return next((Bucket(each, found["name"], connection, found["prefix"] or "") for each in kinds), None)


def _shown(value: Any) -> str:
    """Return a value as a message may show it: an address may hold a password."""
    return "(hidden)" if isinstance(value, str) and "://" in value and "@" in value else repr(value)


def _is_below(path: Path, other: Path) -> bool:
    """Return whether a path is the other or lies below it, as they are written: nothing is looked up on a disk."""
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(other))
