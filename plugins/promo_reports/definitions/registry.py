"""What is registered: definitions in git and in the store, report types and the account of one project.

The file of a definition is named by its id, so that a task finds its own by parsing one file, and an id can only be
given twice by git and the store together.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promo_reports.definitions.account import load_account
from promo_reports.definitions.inputs.findings import Findings
from promo_reports.definitions.inputs.located import Document, shown_path
from promo_reports.definitions.inputs.wording import quoted
from promo_reports.definitions.inputs.writing import to_yaml
from promo_reports.definitions.report.form import CreatedForm
from promo_reports.definitions.report.loading import conf_id, definition_from_conf, load_definition
from promo_reports.definitions.report.rules import check_definition, check_neighbours
from promo_reports.definitions.report_type.files import ReportTypeFiles
from promo_reports.definitions.sources import (
    Look,
    Source,
    generation_of,
    list_directory,
    look_at,
    paired,
    stamp_of,
    unreadable,
)
from promo_reports.definitions.store.created_reports import Store
from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.domain.account import Account
from promo_reports.domain.definition import Definition, Origin, is_report_id
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import InvalidInput, Problem
from promo_reports.settings import Settings

GIVEN_BY_US = frozenset({"id", "owner"})
"""Keys that whoever creates a report on the page or through the API may not choose."""


@dataclass(frozen=True)
class Checked:
    """What became of one source: its definition, or the error that it alone has."""

    source: Source
    definition: Definition | None
    error: InvalidInput | None


class Registry:
    """The registered reports of one project; cheap to make, and everything is read when asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store.of(settings)
        self.report_types: Mapping[str, ReportType] = ReportTypeFiles(settings.report_types, settings.sql / "options")
        self._account: tuple[str, Account] | None = None

    @property
    def account(self) -> Account:
        """The account; read again where its file has changed."""
        try:
            stamp = stamp_of(self.settings.account)
        except OSError as error:
            raise unreadable(self.settings.account, error) from error
        if self._account is None or self._account[0] != stamp:
            self._account = (stamp, load_account(self.settings.account))
        return self._account[1]

    def sources(self) -> tuple[Source, ...]:
        """Every definition file, sorted by key; `StoreError` where a directory cannot be read whole."""
        listed = list(list_directory(self.settings.reports, Origin.GIT))
        if self.store.exists():
            listed += list_directory(self.store.definitions, Origin.CREATED)
        return paired(listed)

    def report_type_sources(self) -> tuple[Source, ...]:
        """Every report type's file, sorted by key."""
        return paired(list_directory(self.settings.report_types, Origin.GIT))

    def report_type(self, key: str) -> ReportType:
        """The report type of one source's key; `InvalidInput` where its file is broken, wrongly named or not there."""
        try:
            return self.report_types[key]
        except KeyError:
            path = next((each.path for each in self.report_type_sources() if each.key == key), None)
        if path is None:
            raise InvalidInput("The request", [Problem("request", "id", f"no report type {quoted(key)} is there")])
        rule = "the file's name must be the report type's id and .yaml: a-z first, then a-z, 0-9 and _"
        raise InvalidInput(quoted(shown_path(path)), [Problem(quoted(shown_path(path)), "", rule)])

    def generation(self) -> str:
        """Differs after a definition, report type or stop mark came, went or was replaced; five stats."""
        exists = self.store.exists()
        directories = (self.settings.reports, self.settings.report_types, self.settings.account)
        return generation_of((*directories, self.store.definitions, self.store.state) if exists else directories)

    def look_at_types(self) -> tuple[Look, ...]:
        """Equal to an earlier one as long as no report type, SQL or account has changed, in place or otherwise."""
        settings = self.settings
        options = settings.sql / "options"
        directories = [settings.report_types, settings.account.parent, settings.sql]
        return tuple(look_at(each) for each in [*directories, *([options] if options.is_dir() else [])])

    def look_at_reports(self) -> tuple[Look, ...]:
        """Equal to an earlier one as long as no definition or stop mark has changed; one stat for each."""
        directories = [self.settings.reports]
        directories += [self.store.definitions, self.store.state] if self.store.exists() else []
        return tuple(look_at(each) for each in directories)

    def mark_stamps(self) -> dict[str, str]:
        """The stamp of each file of stop marks, by the key of its report."""
        if not self.store.exists():
            return {}
        return {each.key: each.stamp for each in list_directory(self.store.state, Origin.CREATED)}

    def find(self, key: str) -> Source:
        """The source of one id, looking at its own files only; `InvalidInput` where nothing is registered under it."""
        found = self._own_files(key)
        found = found or [source for source in self.sources() if source.key == key]
        if not found:
            raise InvalidInput("The request", [Problem("request", "id", f"no report {quoted(key)} is registered")])
        return paired(found)[0]

    def has(self, key: str) -> bool:
        """Whether a file is named for an id: two or three stats, however many definitions there are."""
        return bool(self._own_files(key))

    def load(self, source: Source, now: datetime | None = None) -> Definition:
        """The definition of one source; `InvalidInput` with what is wrong with this file alone."""
        name = str(source.path) if source.origin is Origin.CREATED else shown_path(source.path)
        if source.twin is not None:
            message = f"{source.key!r} is also the id of {source.twin}; one of the two files must go"
            raise InvalidInput(str(source.path), [Problem(str(source.path), "id", message)])
        if source.path.name != f"{source.key}.yaml":
            rule = "the file's name must be its id and .yaml: a-z first, then a-z, 0-9, _ and -, at most 100 characters"
            raise InvalidInput(quoted(name), [Problem(quoted(name), "", rule)])
        return load_definition(
            source.path,
            report_types=self.report_types,
            account=self.account,
            origin=source.origin,
            now=now,
            stops=self.store.stops(source.key),
            shown=name,
        )

    def definition(self, key: str) -> Definition:
        """The definition registered under an id."""
        return self.load(self.find(key))

    def check_all(self, now: datetime | None = None) -> Iterator[Checked]:
        """Every source with its definition or its error: one broken file leaves the others alone."""
        for source in self.sources():
            try:
                yield Checked(source, self.load(source, now), None)
            except InvalidInput as error:
                yield Checked(source, None, error)

    def from_conf(self, conf: object, *, run_id: str, at: datetime, report_type: str) -> Definition:
        """The definition in the conf of an on-demand run."""
        definition = definition_from_conf(
            conf, run_id=run_id, at=at, report_type=report_type, report_types=self.report_types, account=self.account
        )
        return check_neighbours(definition, Findings(f"conf of run {run_id}"), self.has)

    def draft(self, data: Mapping[str, Any], *, by: str, at: datetime) -> Definition:
        """Check what somebody is about to create, of either frequency; `InvalidInput` with all problems.

        Its id is only a stand-in: that of a one-time export comes from its run.
        """
        given = {str(key): value for key, value in data.items() if value is not None}
        document = Document.of_json(given, "request")
        for key in GIVEN_BY_US & given.keys():
            document.findings.add((key,), "is given by Promo Reports; leave it out")
        whole = document.mapping() | {"id": conf_id(given.get("name"), f"{by} {at.isoformat()}"), "owner": by}
        definition = check_definition(
            Document(whole, document.findings),
            report_types=self.report_types,
            account=self.account,
            origin=Origin.CONF,
            now=at,
        )
        return check_neighbours(definition, document.findings, self.has)

    def create(self, data: Mapping[str, Any], *, by: str, at: datetime) -> Definition:
        """Check a recurring definition and keep it in the store; `id` and `owner` may be left out."""
        given = {str(key): value for key, value in data.items() if value is not None}
        created = {"created_at": at.isoformat(), "created_by": by}
        whole = {"id": conf_id(given.get("name"), f"{by} {at.isoformat()}"), "owner": by} | given | created
        document = Document.of_json(whole, "request")
        for key in created.keys() & given.keys():
            document.findings.add((key,), "is written by the store")
        if "frequency" in given and not isinstance(given["frequency"], dict):
            document.findings.add(("frequency",), "only recurring reports are kept; a one-time export is a run")
        taken = self.settings.reports / f"{whole['id']}.yaml"
        if is_report_id(whole["id"]) and os.path.lexists(taken):
            document.findings.add(("id",), f"{whole['id']!r} is the id of {shown_path(taken)} already")
        checked = check_definition(
            document, report_types=self.report_types, account=self.account, origin=Origin.CREATED, now=at
        )
        self.store.create(checked.id, to_yaml(CreatedForm.model_validate(whole).content() | created))
        return self.definition(checked.id)

    def stop(self, report_id: str, *, at: datetime, by: str) -> Marks:
        """Stop a registered recurring report from an instant on; its open runs finish."""
        self._recurring(report_id)
        return self.store.stop(report_id, at=at, by=by)

    def resume(self, report_id: str, *, at: datetime, by: str) -> Marks:
        """Deliver a stopped report again."""
        self._recurring(report_id)
        return self.store.resume(report_id, at=at, by=by)

    def delete(self, report_id: str, *, at: datetime, by: str) -> Marks:
        """Stop a created report for ever; it stays listed as stopped and its id stays taken."""
        return self.store.delete(report_id, at=at, by=by)

    def _recurring(self, report_id: str) -> None:
        if not self.definition(report_id).recurring:
            message = f"{report_id!r} is a one-time report: there is nothing to stop or resume"
            raise InvalidInput("The request", [Problem("request", "id", message)])

    def _own_files(self, key: str) -> list[Source]:
        """The files that are named for an id."""
        if not is_report_id(key):
            return []
        places = [(self.settings.reports / f"{key}{suffix}", Origin.GIT) for suffix in (".yaml", ".yml")]
        if self.store.exists():
            places.append((self.store.path(key), Origin.CREATED))
        try:
            return [Source(key, path, origin, stamp) for path, origin in places if (stamp := stamp_of(path))]
        except OSError as error:
            raise unreadable(places[0][0].parent, error) from error
