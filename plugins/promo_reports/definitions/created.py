"""What the store holds, without reading it whole each time: the ids of created reports, and the marks of stopped ones.

The page's list asks at every request. A directory's stamp says whether a file came, went or was replaced since then;
only what changed is read.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from promo_reports.definitions.located import read_yaml
from promo_reports.definitions.sources import generation_of, list_directory
from promo_reports.definitions.stop_marks import Marks
from promo_reports.definitions.store import Store
from promo_reports.domain.definition import Origin
from promo_reports.errors import InvalidInput


class CreatedReports:
    """The store as the list sees it; one for a process, safe for its threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._ids: tuple[str, frozenset[str]] = ("", frozenset())
        self._created: dict[str, tuple[datetime, str]] = {}
        self._marks: tuple[str, dict[str, tuple[str, Marks | None]]] = ("", {})

    def ids(self) -> frozenset[str]:
        """The ids of all created reports, deleted ones too; `StoreError` where the store cannot be read whole."""
        if not self._store.exists():
            return frozenset()
        with self._lock:
            generation = generation_of([self._store.definitions])
            if self._ids[0] != generation:
                found = list_directory(self._store.definitions, Origin.CREATED)
                self._ids = (generation, frozenset(each.key for each in found))
            return self._ids[1]

    def created(self, report_id: str) -> tuple[datetime, str] | None:
        """When a report was created, and by whom; None for one that is not a created report's, or is broken.

        Its file is written once and never changed, so it is read once.
        """
        if report_id not in self._created and report_id in self.ids():
            data = read_yaml(self._store.path(report_id)).data
            if isinstance(data, dict) and {"created_at", "created_by"} <= data.keys():
                with suppress(ValueError, TypeError):
                    self._created[report_id] = (datetime.fromisoformat(data["created_at"]), str(data["created_by"]))
        return self._created.get(report_id)

    def stopped(self) -> Mapping[str, Marks]:
        """The marks of every report that is stopped or deleted as things stand, by report id.

        A file that somebody broke counts as stopped, with no marks: its DAG cannot be made either.
        """
        if not self._store.exists():
            return {}
        with self._lock:
            generation = generation_of([self._store.state])
            if self._marks[0] != generation:
                self._marks = (generation, self._read_changed(self._marks[1]))
            kept = self._marks[1]
        return {key: marks or Marks() for key, (_, marks) in kept.items() if marks is None or marks.stopped}

    def _read_changed(self, kept: Mapping[str, tuple[str, Marks | None]]) -> dict[str, tuple[str, Marks | None]]:
        read: dict[str, tuple[str, Marks | None]] = {}
        for source in list_directory(self._store.state, Origin.CREATED):
            before = kept.get(source.key)
            if before is not None and before[0] == source.stamp:
                read[source.key] = before
                continue
            try:
                read[source.key] = (source.stamp, self._store.marks(source.key))
            except InvalidInput:
                read[source.key] = (source.stamp, None)
        return read
