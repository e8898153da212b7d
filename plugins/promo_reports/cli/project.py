"""The project that a command works on, and the time at which the command runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from promo_reports.cli.airflow_section import check_no_other_places
from promo_reports.cli.failures import usage_error
from promo_reports.definitions.inputs.messages import nearest, quoted
from promo_reports.definitions.registry import Registry
from promo_reports.definitions.report.loading import load_definition
from promo_reports.domain.definition import Definition
from promo_reports.errors import InvalidInput
from promo_reports.settings import PREFIX, Settings, is_project


@dataclass(frozen=True)
class Project:
    """Settings, what is registered, and `now` (UTC, whole seconds)."""

    settings: Settings
    registry: Registry
    now: datetime

    def definition(self, id_or_file: str) -> Definition:
        """Return a registered definition by id, or any definition by its file, whose name must be the id."""
        if not id_or_file.endswith((".yaml", ".yml")) and "/" not in id_or_file:
            return self.registered(id_or_file)
        return self.definition_in(Path(id_or_file))

    def definition_in(self, path: Path, now: datetime | None = None) -> Definition:
        """Return the definition in a file; with `now`, dates after it are refused."""
        registered = self.registry
        if registered.created_at(path) is not None:
            return registered.load(registered.find(path.stem), now)
        return load_definition(
            path, report_types=registered.report_types, account=registered.account, now=now, shown=str(path)
        )

    def registered(self, report_id: str) -> Definition:
        """Return the definition registered under an id; the error names similar ids."""
        try:
            source = self.registry.find(report_id)
        except InvalidInput:
            keys = [source.key for source in self.registry.sources()]
            near = nearest(report_id, keys) or "; see promo-reports list"
            raise usage_error("ID", f"no report {quoted(report_id)} is registered{near}") from None
        return self.registry.load(source)


def settings_of(home: Path | None) -> Settings:
    """Return the settings; `home`, else its variable, else the current directory if it is one, is the project."""
    if home is not None and not (home / "report_types").is_dir():
        raise usage_error(f"--home, {PREFIX}HOME", f"{home} is no Promo Reports project: it has no report_types/")
    named = {} if home is None else {f"{PREFIX}HOME": str(home.absolute())}
    environment = {**os.environ, **named}
    check_no_other_places(environment)
    if f"{PREFIX}HOME" not in environment and is_project(Path()):
        environment[f"{PREFIX}HOME"] = str(Path().absolute())
    return Settings.from_environment(environment)


def open_project(home: Path | None) -> Project:
    """Return the project of one command."""
    settings = settings_of(home)
    return Project(settings, Registry(settings), _now())


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
