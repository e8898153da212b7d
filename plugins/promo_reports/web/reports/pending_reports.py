"""Registered reports whose DAG Airflow does not have: just created, new in git, or deleted in Airflow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.source_files import SourceFile
from promo_reports.definitions.store.store_cache import CreatedReports, GitReports
from promo_reports.domain.dag_ids import report_dag_id, report_id_of
from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.definition import Origin
from promo_reports.errors import InvalidInput
from promo_reports.object_stores.directory.file_stamps import stamp_of
from promo_reports.orchestration.project import registry
from promo_reports.web.queries.dags import deletions_of, known_dag_ids
from promo_reports.web.queries.records import PendingReport

MOST_READ = 500
"""Definitions that one request reads, of any number while no dag-processor runs; the next request reads more."""


class Pending:
    """The pending reports; one instance for each process.

    A definition that was read is cached until its file, the account or a report type changes.
    """

    def __init__(self, registry: Registry, created: CreatedReports, in_git: GitReports) -> None:
        self._registry, self._created, self._in_git = registry, created, in_git
        self._kept: dict[str, tuple[object, PendingReport | None]] = {}

    def reports(self, session: Session, may_read: Callable[[str], bool]) -> list[PendingReport]:
        """Return those for which `may_read` is true, sorted by DAG id."""
        dag_ids = {report_dag_id(each) for each in self._created.ids() | self._in_git.ids()}
        missing = dag_ids - known_dag_ids(session, dag_ids) if dag_ids else set()
        self._kept = {dag_id: kept for dag_id, kept in self._kept.items() if dag_id in missing}
        seen = [dag_id for dag_id in sorted(missing) if may_read(dag_id)]
        if not seen:
            return []
        deletions = deletions_of(session, seen)
        found = self._found(seen)
        return [replace(each, deletion=deletions.get(each.dag_id)) for each in found]

    def _found(self, dag_ids: list[str]) -> list[PendingReport]:
        made_of = (stamp_of(self._registry.settings.account), self._registry.look_at_types())
        found, read = [], 0
        for dag_id in dag_ids:
            try:
                source = self._registry.find(report_id_of(dag_id) or "")
            except InvalidInput:  # removed in this moment
                continue
            key, kept = (source.stamp, made_of), self._kept.get(dag_id)
            if kept is None or kept[0] != key:
                if read == MOST_READ:
                    continue
                read += 1
                kept = self._kept[dag_id] = (key, self._read(dag_id, source))
            if kept[1] is not None:
                found.append(kept[1])
        return found

    def _read(self, dag_id: str, source: SourceFile) -> PendingReport | None:
        """Return the report; None for a definition that is invalid or one-time."""
        try:
            definition = self._registry.load(source)
        except InvalidInput:
            return None
        created = self._created.created(source.key) if source.origin is Origin.CREATED else None
        if definition.schedule is None or (created is None and source.origin is Origin.CREATED):
            return None
        at, by = created or (datetime.fromtimestamp(Path(source.address).stat().st_mtime, UTC), definition.owner)
        return PendingReport(
            dag_id=dag_id,
            name=definition.name,
            promotion_type=definition.report_type.promotion_type,
            frequency=Interval(definition.frequency),
            created=source.origin is Origin.CREATED,
            created_by=by,
            created_at=at,
            schedule=definition.schedule.in_words,
        )


@cache
def created_reports() -> CreatedReports:
    """Return the created reports of this process's project."""
    return CreatedReports(registry().store)


@cache
def pending() -> Pending:
    """Return the reports of this process's project that Airflow does not have yet, or no longer has."""
    return Pending(registry(), created_reports(), GitReports(registry().settings.reports))
