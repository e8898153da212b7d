"""The store of created reports: a directory that api-servers write and every host reads.

::

    definitions/<id>.yaml    a report created without git; written once, never changed
    state/<id>.yaml          its stop marks, or those of a definition in git (decisions, 9)

A store that is not there is not the same as an empty one: taken for empty, it would make every created report's DAG
stale. Only a store inside the project's own directory may be missing until it is first written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from promo_reports.atomic_files import DIRECTORY_MODE, create_file, locked, replace_file
from promo_reports.definitions.inputs.located import MAX_BYTES, parse_yaml, read_yaml
from promo_reports.definitions.inputs.wording import quoted
from promo_reports.definitions.store.stop_marks import Marks, marks_of
from promo_reports.domain.dates.schedule import Stop
from promo_reports.domain.definition import is_report_id
from promo_reports.errors import InvalidInput, Problem, StoreError
from promo_reports.settings import Settings


class Store:
    """One store; every method that takes an id raises `InvalidInput` for one that is not an id."""

    def __init__(self, root: Path, *, may_be_missing: bool = False) -> None:
        self.root = root
        self.definitions = root / "definitions"
        self.state = root / "state"
        self._may_be_missing = may_be_missing

    @classmethod
    def of(cls, settings: Settings) -> Store:
        """The store of this host."""
        return cls(settings.store, may_be_missing=settings.store.is_relative_to(settings.home))

    def prepare(self) -> None:
        """Make an empty store where there is none yet; a step of deployment for a store outside the project."""
        try:
            for directory in (self.root, self.definitions, self.state):
                directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unreadable(error) from error

    def exists(self) -> bool:
        """False where the store is missing and may be; `StoreError` where it is missing and must not."""
        try:
            missing = [each for each in (self.definitions, self.state) if not each.is_dir()]
            if not missing:
                return True
            if self._may_be_missing and not self.root.exists():
                return False
        except OSError as error:
            raise self._unreadable(error) from error
        raise StoreError(
            f"The store of created reports at {self.root} has no {missing[0].name}/ directory.",
            "Mount it, correct PROMO_REPORTS_STORE_DIR, or make an empty store once with `promo-reports prepare`.",
        )

    def path(self, report_id: str) -> Path:
        """Where the definition of a created report lies."""
        return self.definitions / f"{_checked(report_id)}.yaml"

    def create(self, report_id: str, text: str) -> Path:
        """Keep a new definition, whose text the caller has checked; no id is used twice, not even a deleted one."""
        path = self.path(report_id)
        self._ready()
        try:
            create_file(path, text)
        except FileExistsError:
            raise _refused(
                report_id,
                "is the id of a created report already; a created report cannot be changed, duplicate it instead",
            ) from None
        except OSError as error:
            raise self._unreadable(error) from error
        return path

    def marks(self, report_id: str) -> Marks:
        """What was done to a report: nothing where nothing is known of it."""
        path = self._marks_path(report_id)
        if not self.exists() or not os.path.lexists(path):
            return Marks()
        return marks_of(read_yaml(path, str(path)))

    def stops(self, report_id: str) -> tuple[Stop, ...]:
        """The times in which a report is not delivered."""
        return self.marks(report_id).as_stops()

    def stop(self, report_id: str, *, at: datetime, by: str) -> Marks:
        """Stop a report from an instant on; its open runs finish."""
        return self._change(report_id, lambda marks: marks.with_stop(_utc(at), by))

    def resume(self, report_id: str, *, at: datetime, by: str) -> Marks:
        """Deliver a stopped report again; what was due meanwhile is not made up for."""

        def resumed(marks: Marks) -> Marks:
            if marks.deleted_at is not None:
                raise _refused(report_id, "was deleted and stays stopped; create a new report, or duplicate this one")
            return marks.with_resume(_utc(at), by)

        return self._change(report_id, resumed)

    def delete(self, report_id: str, *, at: datetime, by: str) -> Marks:
        """Stop a created report for ever; its definition, its runs and their files stay."""
        if not os.path.lexists(self.path(report_id)):
            raise _refused(report_id, "is not a created report; a definition in git is deleted in git")
        return self._change(report_id, lambda marks: marks.with_deletion(_utc(at), by))

    def _change(self, report_id: str, change: Callable[[Marks], Marks]) -> Marks:
        path = self._marks_path(report_id)
        self._ready()
        try:
            with locked(self.root / ".lock"):
                before = self.marks(report_id)
                after = change(before)
                if after != before:
                    after = after.within(MAX_BYTES)
                    text = after.to_yaml()
                    marks_of(parse_yaml(text.encode(), str(path)))  # what is kept can be read again
                    replace_file(path, text)
        except OSError as error:
            raise self._unreadable(error) from error
        return after

    def _marks_path(self, report_id: str) -> Path:
        return self.state / f"{_checked(report_id)}.yaml"

    def _ready(self) -> None:
        if not self.exists():
            self.prepare()

    def _unreadable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The store of created reports at {self.root} fails: {error.strerror or error}.",
            "Check that the directory is mounted, writable and not full.",
        )


def _checked(report_id: str) -> str:
    if not is_report_id(report_id):
        raise InvalidInput("The request", [Problem("request", "id", f"{quoted(report_id)} is not an id")])
    return report_id


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant needs a timezone")
    return moment.astimezone(UTC)


def _refused(report_id: str, why: str) -> InvalidInput:
    return InvalidInput("The request", [Problem("request", "id", f"{report_id!r} {why}")])
