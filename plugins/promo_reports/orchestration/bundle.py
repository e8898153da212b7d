"""The DAG bundle: at most a few hundred generated files for any number of definitions (`generated`; decisions, 1).

The dag-processor refreshes it every few seconds and each task start initializes it, so both must be cheap when nothing
has changed. A refresh that cannot list everything raises before it changes a file: a partial listing would make DAGs
stale.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion

from promo_reports.domain.dag_ids import report_dag_id, report_id_of
from promo_reports.errors import StoreError
from promo_reports.orchestration.airflow_metadata import AirflowMetadata
from promo_reports.orchestration.generated import file_of, generated_files
from promo_reports.orchestration.prewarm import prewarm
from promo_reports.orchestration.project import registry
from promo_reports.orchestration.quarantine import (
    forget_deleted,
    quarantined,
    record_deletion,
    release,
    reparse_requests,
)

log = logging.getLogger(__name__)

_GENERATION = ".generation"
_SECONDS_AHEAD = 2


class ReportBundle(BaseDagBundle):
    """Keeps the generated DAG files below `base_dir` in step with report types, definitions and the store."""

    # With versions, Airflow scans the files and reads the DAG rows only after a refresh that changed the version.
    supports_versioning = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.metadata = AirflowMetadata(self.name)
        self._seen: tuple[object, object, object] | None = None
        self._made: dict[str, str] = {}
        self._registered: frozenset[str] | None = None

    @property
    def path(self) -> Path:
        """Directory of the generated files."""
        return Path(self.base_dir)

    def get_current_version(self) -> BundleVersion:
        """Return a hash of the file names; Airflow detects changed contents by mtime. No run is pinned to it."""
        names = sorted(each.name for each in self.path.glob("*.py"))
        return BundleVersion(hashlib.sha256("\n".join(names).encode()).hexdigest()[:16])

    def initialize(self) -> None:
        """Write the files if definitions were added or removed since the last call; called at each task start.

        While the store is away, tasks start with what this host knows of it.
        """
        try:
            current = self._is_current()
        except StoreError as error:
            if self._recorded_generation() is None or not registry().store.copied():
                raise
            log.warning("Tasks start with the reports that this host knows: %s", error)
            current = True
        if not current:
            with self.lock():
                generation = registry().generation()
                if self._recorded_generation() != generation:
                    self._rewrite()
                    self._record_generation(generation)
        super().initialize()

    def refresh(self) -> None:
        """Rewrite changed DAG files and prewarm parsers; raise `StoreError` with every file unchanged.

        Costs one stat for each source when neither the sources nor the DAGs registered in Airflow have changed since
        the last refresh.
        """
        with self.lock():
            generation, types, reports = (
                registry().generation(),
                registry().look_at_types(),
                registry().look_at_reports(),
            )
            seen = (types, reports, quarantined(self.path))
            if seen != self._seen or any(reparse_requests(self.path)):
                if registry().store.exists():
                    registry().store.fetch()
                quarantine = self._rewrite()
                if self._seen is None or self._seen[0] != types:
                    prewarm()
                self._seen = (types, reports, quarantine)
            self._record_generation(generation)
            settings = registry().settings
            self.metadata.make_pools([settings.pool, settings.on_demand_pool])
            self._register_deleted()

    def _register_deleted(self) -> None:
        """Touch the files of DAGs deleted in Airflow: it parses an unchanged file once a day only."""
        registered, before = self.metadata.dag_ids(), self._registered
        if before is None:
            # Everything is parsed at start; deletions before it are in Airflow's audit log.
            made = {report_dag_id(each.key) for each in registry().sources()}
            gone = {dag_id: at for dag_id, at in self.metadata.deletions().items() if dag_id in made - registered}
        else:
            gone = dict.fromkeys(before - registered, datetime.now(UTC))
        for dag_id, at in gone.items():
            report_id = report_id_of(dag_id)
            if report_id is not None:
                record_deletion(self.path, report_id, at)
        for name in {file_of(dag_id) for dag_id in gone} & self._made.keys():
            self._write(name, self._made[name])
        self._registered = registered

    def _rewrite(self) -> dict[str, str]:
        """Rewrite changed DAG files; return the quarantined definitions with their states."""
        found = quarantined(self.path)
        wanted = dict(generated_files(registry(), found))
        present = {each.name for each in self.path.glob("*.py")}
        for name, text in wanted.items():
            if name in present and (self._made.get(name) == text or (self.path / name).read_text() == text):
                continue
            self._write(name, text)
        self._made = wanted
        for name in present - wanted.keys():
            (self.path / name).unlink(missing_ok=True)
        for note in reparse_requests(self.path):
            name = note.with_suffix(".py").name
            if name in wanted:
                self._write(name, wanted[name])
            note.unlink(missing_ok=True)
        quarantine = {key: state for key, state in found.items() if f"report.{key}.py" in wanted}
        release(self.path, found.keys() - quarantine.keys())
        forget_deleted(self.path, keep=registry().has)
        return quarantine

    def _is_current(self) -> bool:
        return self._recorded_generation() == registry().generation()

    def _recorded_generation(self) -> str | None:
        try:
            return (self.path / _GENERATION).read_text()
        except FileNotFoundError:
            return None

    def _record_generation(self, generation: str) -> None:
        if self._recorded_generation() != generation:
            self._write(_GENERATION, generation)

    def _write(self, name: str, text: str) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        temporary = self.path / f".{name}.{os.getpid()}"
        temporary.write_text(text)
        # Airflow parses a file again when its mtime is after the end of its last parse, which may be running now.
        soon = time.time() + _SECONDS_AHEAD
        os.utime(temporary, (soon, soon))
        temporary.replace(self.path / name)
