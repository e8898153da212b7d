"""What is registered in one project: definitions in git and in the store, report types and the account.

A definition's file is named by its id, so that a task finds its own by parsing one file, and two definitions can only
have one id if one is in git and the other in the store.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from promo_reports.definitions.account import load_account
from promo_reports.definitions.inputs.messages import quoted
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.definitions.inputs.yaml_reader import Document, read_yaml, shown_path
from promo_reports.definitions.inputs.yaml_writer import to_yaml
from promo_reports.definitions.report.filters import canonical_filters
from promo_reports.definitions.report.form import CreatedForm
from promo_reports.definitions.report.loading import conf_id, definition_from_conf, definition_in
from promo_reports.definitions.report.places import Shared, check_apart, check_neighbours, shared_places
from promo_reports.definitions.report.rules import check_definition
from promo_reports.definitions.report_type.files import ReportTypeFiles
from promo_reports.definitions.source_files import (
    SUFFIXES,
    Look,
    SourceFile,
    list_directory,
    look_at,
    paired,
)
from promo_reports.definitions.store import lifecycle
from promo_reports.definitions.store.report_store import ReportStore
from promo_reports.definitions.store.stop_marks import Marks
from promo_reports.definitions.store.stored_reports import store_of
from promo_reports.domain.account import Account
from promo_reports.domain.definition import Definition, Origin, is_report_id
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import InvalidInput, Problem
from promo_reports.object_stores.directory.file_stamps import generation_of, stamp_of, unreadable
from promo_reports.settings import Settings

GIVEN_BY_US = frozenset({"id", "owner"})
"""Keys that whoever creates a report on the page or through the API may not choose."""


@dataclass(frozen=True)
class Checked:
    """The result of one source: its definition, or the error that concerns this source alone."""

    source: SourceFile
    definition: Definition | None
    error: InvalidInput | None


class Registry:
    """The registered reports of one project; cheap to create, as everything is read on demand."""

    def __init__(self, settings: Settings, store: ReportStore | None = None) -> None:
        self.settings = settings
        self.store = store_of(settings) if store is None else store
        self.report_types: Mapping[str, ReportType] = ReportTypeFiles(settings.report_types, settings.sql / "options")
        self._account: tuple[str, Account] | None = None
        self._shared: dict[str, tuple[tuple[str, str], tuple[Shared, ...]]] = {}

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

    def sources(self) -> tuple[SourceFile, ...]:
        """Return every definition file, sorted by key; `StoreError` if a directory cannot be read completely."""
        listed = list(list_directory(self.settings.reports, Origin.GIT))
        listed += self.store.entries()
        return paired(listed)

    def report_type_sources(self) -> tuple[SourceFile, ...]:
        """Return the file of every report type, sorted by key."""
        return paired(list_directory(self.settings.report_types, Origin.GIT))

    def report_type(self, key: str) -> ReportType:
        """Return the report type of one source's key; `InvalidInput` if its file is invalid, misnamed or missing."""
        try:
            return self.report_types[key]
        except KeyError:
            source = next((each for each in self.report_type_sources() if each.key == key), None)
        if source is None:
            raise InvalidInput("The request", [Problem("request", "id", f"no report type {quoted(key)} is there")])
        rule = "the file's name must be the report type's id and .yaml: a-z first, then a-z, 0-9 and _"
        raise InvalidInput(quoted(source.shown), [Problem(quoted(source.shown), "", rule)])

    def created_at(self, path: Path) -> SourceFile | None:
        """Return the definition of the store that a path of this host leads to; None where it leads elsewhere."""
        found = self.store.entry(path.stem) if is_report_id(path.stem) and self.store.exists() else None
        return found if found is not None and Path(found.address).resolve() == path.resolve() else None

    def generation(self) -> str:
        """Return a value that differs once a definition, report type or stop mark came, went or was replaced since.

        It costs a stat for each directory, and what the store needs to know its revision.
        """
        in_git = generation_of((self.settings.reports, self.settings.report_types, self.settings.account))
        return f"{in_git}_{self.store.revision()}" if self.store.exists() else in_git

    def look_at_types(self) -> tuple[Look, ...]:
        """Return a value that is equal until a report type, SQL or the account changes, also by an edit in place."""
        settings = self.settings
        options = settings.sql / "options"
        directories = [settings.report_types, settings.account.parent, settings.sql]
        return tuple(look_at(each) for each in [*directories, *([options] if options.is_dir() else [])])

    def look_at_reports(self) -> tuple[object, ...]:
        """Return a value that is equal until a definition or stop mark changes, also by an edit in place."""
        return look_at(self.settings.reports), self.store.contents() if self.store.exists() else None

    def find(self, key: str) -> SourceFile:
        """Return the source of one id, reading its own files only; `InvalidInput` if nothing has that id."""
        found = self._own_files(key)
        found = found or [source for source in self.sources() if source.key == key]
        if not found:
            raise InvalidInput("The request", [Problem("request", "id", f"no report {quoted(key)} is registered")])
        return paired(found)[0]

    def has(self, key: str) -> bool:
        """Return whether a file is named for an id: two or three stats, however many definitions there are."""
        return bool(self._own_files(key))

    def load(self, source: SourceFile, now: datetime | None = None) -> Definition:
        """Return the definition of one source; `InvalidInput` with its problems.

        Only where a bucket's folder does not tell reports apart are others read: `PlaceShared` if one could meet it.
        """
        definition, findings = self._alone(source, now)
        return self._apart(definition, findings)

    def _apart(self, definition: Definition, findings: Findings) -> Definition:
        return check_apart(definition, self.account, findings, lambda: self._shared_by_others(definition.id))

    def _alone(self, source: SourceFile, now: datetime | None = None) -> tuple[Definition, Findings]:
        """Return the definition of one source, and where problems with others are collected."""
        name = source.address if source.origin is Origin.CREATED else source.shown
        if source.twin is not None:
            message = f"{source.key!r} is also the id of {source.twin}; one of the two files must go"
            raise InvalidInput(source.address, [Problem(source.address, "id", message)])
        if source.name != f"{source.key}.yaml":
            rule = "the file's name must be its id and .yaml: a-z first, then a-z, 0-9, _ and -, at most 100 characters"
            raise InvalidInput(quoted(name), [Problem(quoted(name), "", rule)])
        created = source.origin is Origin.CREATED
        document = self.store.read(source.key) if created else read_yaml(Path(source.address), name)
        definition = definition_in(
            document,
            source.address,
            report_types=self.report_types,
            account=self.account,
            origin=source.origin,
            now=now,
            stops=self.store.marks(source.key).as_stops(),
        )
        return definition, document.findings

    def _shared_by_others(self, report_id: str) -> Iterator[tuple[str, Shared]]:
        """Yield the shared places of all valid reports but one, each with the name of the report's file."""
        account = self.account  # reads its stamp
        assert self._account is not None  # noqa: S101 - just read
        for source in self.sources():
            if source.key == report_id:
                continue
            stamps = (source.stamp, self._account[0])
            known = self._shared.get(source.key)
            if known is None or known[0] != stamps:
                try:
                    known = (stamps, tuple(shared_places(self._alone(source)[0], account)))
                except InvalidInput:
                    continue
                self._shared[source.key] = known
            yield from ((source.shown, each) for each in known[1])

    def definition(self, key: str) -> Definition:
        """Return the definition registered under an id."""
        return self.load(self.find(key))

    def check_all(self, now: datetime | None = None) -> Iterator[Checked]:
        """Yield every source with its definition or its error: an invalid file does not affect the others."""
        if self.store.exists():
            self.store.fetch()
        for source in self.sources():
            try:
                yield Checked(source, self.load(source, now), None)
            except InvalidInput as error:
                yield Checked(source, None, error)

    def from_conf(self, conf: object, *, run_id: str, at: datetime, report_type: str) -> Definition:
        """Return the definition in the conf of an on-demand run."""
        definition = definition_from_conf(
            conf, run_id=run_id, at=at, report_type=report_type, report_types=self.report_types, account=self.account
        )
        return check_neighbours(definition, self.account, Findings(f"conf of run {run_id}"), self.has)

    def draft(self, data: Mapping[str, Any], *, by: str, at: datetime) -> Definition:
        """Check a definition that somebody is about to create, recurring or not; `InvalidInput` with all problems.

        Its id is a placeholder: a one-time export gets that of its run.
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
        check_neighbours(definition, self.account, document.findings, self.has)
        return self._apart(definition, document.findings)

    def create(self, data: Mapping[str, Any], *, by: str, at: datetime) -> Definition:
        """Check a recurring definition and put it into the store; `id` and `owner` may be left out."""
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
        self._apart(checked, document.findings)
        form = CreatedForm.model_validate(whole)
        content = form.content(canonical_filters(checked.report_type, form.filters or {}))
        self.store.create(checked.id, to_yaml(content | created))
        return self.definition(checked.id)

    def stop(self, report_id: str, *, at: datetime, by: str) -> Marks:
        """Stop a registered recurring report from an instant on; its open runs finish."""
        self._recurring(report_id)
        return lifecycle.stop(self.store, report_id, at=at, by=by)

    def resume(self, report_id: str, *, at: datetime, by: str) -> Marks:
        """Deliver a stopped report again."""
        self._recurring(report_id)
        return lifecycle.resume(self.store, report_id, at=at, by=by)

    def delete(self, report_id: str, *, at: datetime, by: str) -> Marks:
        """Stop a created report permanently; it stays listed as stopped and its id stays taken."""
        return lifecycle.delete(self.store, report_id, at=at, by=by)

    def _recurring(self, report_id: str) -> None:
        if not self.definition(report_id).recurring:
            message = f"{report_id!r} is a one-time report: there is nothing to stop or resume"
            raise InvalidInput("The request", [Problem("request", "id", message)])

    def _own_files(self, key: str) -> list[SourceFile]:
        """Return the files that are named for an id."""
        if not is_report_id(key):
            return []
        places = [self.settings.reports / f"{key}{suffix}" for suffix in SUFFIXES]
        try:
            found = [SourceFile(key, str(path), Origin.GIT, stamp) for path in places if (stamp := stamp_of(path))]
        except OSError as error:
            raise unreadable(self.settings.reports, error) from error
        created = self.store.entry(key) if self.store.exists() else None
        return found if created is None else [*found, created]
