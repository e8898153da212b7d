"""The DAG bundle: a few hundred generated files for any number of definitions (`generated`; decisions, 1).

The dag-processor refreshes it every few seconds and a worker initializes it at each task start, so that both must cost
nothing as long as nothing has changed. A refresh that cannot read everything raises before it touches a file: a partial
listing would make DAGs stale.
"""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion

from promo_reports.definitions.project import registry
from promo_reports.domain.dag_ids import report_dag_id, report_id_of
from promo_reports.orchestration.airflow_metadata import AirflowMetadata
from promo_reports.orchestration.generated import file_of, generated_files
from promo_reports.orchestration.notes import forget_deleted, note_deleted, rejoin, set_apart_in, unread_in
from promo_reports.orchestration.rehearsal import rehearse

_GENERATION = ".generation"
_SECONDS_AHEAD = 2


class ReportBundle(BaseDagBundle):
    """Keeps the generated files below `base_dir` as the report types, the definitions and the store say."""

    # Airflow scans our files, and reads all our DAGs from its database, after a refresh that changed the version only.
    supports_versioning = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.metadata = AirflowMetadata(self.name)
        self._seen: tuple[object, object, object] | None = None
        self._made: dict[str, str] = {}
        self._registered: frozenset[str] | None = None

    @property
    def path(self) -> Path:
        """Where the generated files lie."""
        return Path(self.base_dir)

    def get_current_version(self) -> BundleVersion:
        """Return a hash of the file names; changed contents by their mtime. No run is pinned to it (`dag_factory`)."""
        names = sorted(each.name for each in self.path.glob("*.py"))
        return BundleVersion(hashlib.sha256("\n".join(names).encode()).hexdigest()[:16])

    def initialize(self) -> None:
        """Make the files if a definition came or went since the last time; a worker asks at each task start."""
        if not self._is_current():
            with self.lock():
                generation = registry().generation()
                if self._noted_generation() != generation:
                    self._bring_up_to_date()
                    self._note_generation(generation)
        super().initialize()

    def refresh(self) -> None:
        """Bring the files up to date, and what parsers inherit with them; `StoreError` leaves every file as it was.

        Nothing is read or written where a look at the sources, one stat for each, shows what the last refresh saw, and
        Airflow has the DAGs that it had then.
        """
        with self.lock():
            generation, types, reports = (
                registry().generation(),
                registry().look_at_types(),
                registry().look_at_reports(),
            )
            seen = (types, reports, set_apart_in(self.path))
            if seen != self._seen or any(unread_in(self.path)):
                apart = self._bring_up_to_date()
                if self._seen is None or self._seen[0] != types:
                    rehearse()
                self._seen = (types, reports, apart)
            self._note_generation(generation)
            settings = registry().settings
            self.metadata.make_pools([settings.pool, settings.on_demand_pool])
            self._register_deleted()

    def _register_deleted(self) -> None:
        """Have the DAGs that somebody deleted in Airflow parsed again, which an unchanged file is once a day only."""
        registered, before = self.metadata.dag_ids(), self._registered
        if before is None:
            # Everything is parsed at the start anyway; what was deleted before it is in Airflow's audit log.
            made = {report_dag_id(each.key) for each in registry().sources()}
            gone = {dag_id: at for dag_id, at in self.metadata.deletions().items() if dag_id in made - registered}
        else:
            gone = dict.fromkeys(before - registered, datetime.now(UTC))
        for dag_id, at in gone.items():
            report_id = report_id_of(dag_id)
            if report_id is not None:
                note_deleted(self.path, report_id, at)
        for name in {file_of(dag_id) for dag_id in gone} & self._made.keys():
            self._write(name, self._made[name])
        self._registered = registered

    def _bring_up_to_date(self) -> dict[str, str]:
        """Write the files that have changed, and return the definitions that have a file of their own now."""
        found = set_apart_in(self.path)
        wanted = dict(generated_files(registry(), found))
        present = {each.name for each in self.path.glob("*.py")}
        for name, text in wanted.items():
            if name in present and (self._made.get(name) == text or (self.path / name).read_text() == text):
                continue
            self._write(name, text)
        self._made = wanted
        for name in present - wanted.keys():
            (self.path / name).unlink(missing_ok=True)
        for note in unread_in(self.path):
            name = note.with_suffix(".py").name
            if name in wanted:
                self._write(name, wanted[name])
            note.unlink(missing_ok=True)
        apart = {key: state for key, state in found.items() if f"report.{key}.py" in wanted}
        rejoin(self.path, found.keys() - apart.keys())
        forget_deleted(self.path, keep=registry().has)
        return apart

    def _is_current(self) -> bool:
        return self._noted_generation() == registry().generation()

    def _noted_generation(self) -> str | None:
        try:
            return (self.path / _GENERATION).read_text()
        except FileNotFoundError:
            return None

    def _note_generation(self, generation: str) -> None:
        if self._noted_generation() != generation:
            self._write(_GENERATION, generation)

    def _write(self, name: str, text: str) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        temporary = self.path / f".{name}.{os.getpid()}"
        temporary.write_text(text)
        # Airflow parses again what is younger than the end of its last parse, which may be under way just now.
        soon = time.time() + _SECONDS_AHEAD
        os.utime(temporary, (soon, soon))
        temporary.replace(self.path / name)
