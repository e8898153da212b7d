"""`promo-reports validate`: all problems of the project's files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from promo_reports.cli.console import counted
from promo_reports.cli.failures import lines_of
from promo_reports.cli.project import Project
from promo_reports.definitions.account import load_account
from promo_reports.definitions.report_type.loading import load_report_type
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import InvalidInput, SqlTemplateError
from promo_reports.sql.report_query import load_options_query, load_report_query

_YAML = (".yaml", ".yml")

LoadedT = TypeVar("LoadedT")


class Validation:
    """Checks files and collects their problems, without a database."""

    def __init__(self, project: Project) -> None:
        self._project, self._registry, self._settings = project, project.registry, project.settings
        self._problems: dict[str, None] = {}
        self._counts: dict[str, int] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """Problems without duplicates, as `file:line: key: rule`, in order of discovery."""
        return tuple(self._problems)

    @property
    def checked(self) -> str:
        """Number of checked files: `12 definitions, 7 report types`."""
        return ", ".join(counted(number, thing) for thing, number in self._counts.items())

    def project(self) -> None:
        """Check everything registered: definitions in git and in the store, report types, SQL, the account."""
        self._counts = {"definition": 0, "report type": 0}
        self._attempt(lambda: self._registry.account)
        for source in self._registry.report_type_sources():
            self._counts["report type"] += 1
            self._report_type(partial(self._registry.report_type, source.key))
        for checked in self._registry.check_all(self._project.now):
            self._counts["definition"] += 1
            self._add(lines_of(checked.error) if checked.error is not None else ())

    def files(self, paths: Iterable[Path]) -> None:
        """Check files, and the YAML files of directories; a file's directory decides its kind."""
        for path in paths:
            within = sorted(each for each in path.iterdir() if each.suffix in _YAML) if path.is_dir() else [path]
            for file in within:
                thing = self._file(file)
                self._counts[thing] = self._counts.get(thing, 0) + 1

    def _file(self, path: Path) -> str:
        if path.suffix == ".sql":
            self._template(path.absolute())
            return "SQL template"
        if path.absolute().parent.name == self._settings.report_types.name:
            self._report_type(partial(load_report_type, path, options=self._settings.sql / "options"))
            return "report type"
        if path.resolve() == self._settings.account.resolve():
            self._attempt(partial(load_account, path))
            return "account file"
        self._attempt(partial(self._project.definition_in, path, now=self._project.now))
        return "definition"

    def _report_type(self, load: Callable[[], ReportType]) -> None:
        """Check a report type, its template and the templates of its filters."""
        report_type = self._attempt(load)
        if report_type is None:
            return
        self._attempt(partial(load_report_query, report_type, self._settings.sql))
        for each in report_type.filters:
            if each.options is not None:
                self._attempt(partial(load_options_query, self._settings.sql, each.options, each.depends_on))

    def _template(self, path: Path) -> None:
        """Check one template with the valid report types that use it."""
        uses = list(self._uses(path))
        for use in uses:
            self._attempt(use)
        if not uses:
            self._add([f"{path}: no sound report type uses this template"])

    def _uses(self, path: Path) -> Iterator[Callable[[], object]]:
        for source in self._registry.report_type_sources():
            try:
                report_type = self._registry.report_type(source.key)
            except InvalidInput:
                continue
            if path.parent.name != "options" and report_type.id == path.stem:
                yield partial(load_report_query, report_type, path.parent)
            for each in report_type.filters:
                if path.parent.name == "options" and each.options == path.stem:
                    yield partial(load_options_query, path.parent.parent, path.stem, each.depends_on)

    def _attempt(self, check: Callable[[], LoadedT]) -> LoadedT | None:
        try:
            return check()
        except InvalidInput as error:
            self._add(lines_of(error))
        except SqlTemplateError as error:
            self._add([f"{error.reason}{'' if error.reason.endswith('.') else '.'} {error.fix}".strip()])
        return None

    def _add(self, problems: Iterable[str]) -> None:
        self._problems |= dict.fromkeys(problems)
