"""Marker files beside the generated DAG files, by which parsers and the bundle's refresh tell each other of exceptions.

`.apart` quarantines a broken definition: it holds the state in which the definition failed, and until that changes the
definition gets a DAG file of its own. `.unread` requests another parse of a file whose sources could not be read:
Airflow parses an unchanged file once a day, and its DAGs would be stale until then. `.deleted` holds the time at which
a DAG was deleted in Airflow with all of its runs, so that its schedule does not repeat earlier deliveries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from promo_reports.atomic_files import replace_file

_APART, _UNREAD, _DELETED = ".apart", ".unread", ".deleted"


def quarantine(stub: str, key: str, state: str) -> None:
    """Quarantine a definition of the group that is being parsed, with the state of its sources."""
    replace_file(_apart(Path(stub).parent, key), state)


def request_reparse(stub: str) -> None:
    """Have a generated file rewritten at the next refresh, so that Airflow parses it again."""
    Path(stub).with_suffix(_UNREAD).touch()


def quarantined(directory: Path) -> dict[str, str]:
    """Return the quarantined definitions with the state in which each failed."""
    found = {}
    for note in directory.glob(f"report.*{_APART}"):
        with suppress(FileNotFoundError):
            found[note.name[len("report.") : -len(_APART)]] = note.read_text()
    return found


def release(directory: Path, keys: Iterable[str]) -> None:
    """Remove definitions from quarantine."""
    for key in keys:
        _apart(directory, key).unlink(missing_ok=True)


def reparse_requests(directory: Path) -> Iterator[Path]:
    """Yield the markers of generated files to be parsed again; a marker has the file's name with another suffix."""
    return directory.glob(f"*{_UNREAD}")


def record_deletion(directory: Path, report_id: str, at: datetime) -> None:
    """Record when a report's DAG was deleted in Airflow with all of its runs."""
    replace_file(_deleted(directory, report_id), at.isoformat())


def deleted_at(stub: str, report_id: str) -> datetime | None:
    """Return when the DAG of a report was last deleted in Airflow; None if it was not."""
    try:
        return datetime.fromisoformat(_deleted(Path(stub).parent, report_id).read_text())
    except FileNotFoundError:
        return None


def forget_deleted(directory: Path, *, keep: Callable[[str], bool]) -> None:
    """Remove the records of deleted DAGs whose definitions no longer exist."""
    for note in directory.glob(f"report.*{_DELETED}"):
        if not keep(note.name[len("report.") : -len(_DELETED)]):
            note.unlink(missing_ok=True)


def _deleted(directory: Path, report_id: str) -> Path:
    return directory / f"report.{report_id}{_DELETED}"


def _apart(directory: Path, key: str) -> Path:
    return directory / f"report.{key}{_APART}"
