"""Notes beside the generated files, from a parser to the bundle's next refresh and the other way.

A definition that is broken is set apart from its group with the state that it was found in. A file whose sources could
not be read just now is unread: Airflow parses an unchanged file once a day, and an outage of a moment would leave its
DAGs stale for as long.

A DAG that somebody deleted in Airflow has no run any more that its schedule could go on from: the note says since when,
so that what was delivered before is not delivered again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from promo_reports.atomic_files import replace_file

_APART, _UNREAD, _DELETED = ".apart", ".unread", ".deleted"


def set_apart(stub: str, key: str, state: str) -> None:
    """Have the definition of a key, which is in the group that is being parsed, get a file of its own."""
    replace_file(_apart(Path(stub).parent, key), state)


def leave_unread(stub: str) -> None:
    """Have this file written again, so that it is parsed again."""
    Path(stub).with_suffix(_UNREAD).touch()


def set_apart_in(directory: Path) -> dict[str, str]:
    """The keys that are set apart, with the state that each was found broken in."""
    found = {}
    for note in directory.glob(f"report.*{_APART}"):
        with suppress(FileNotFoundError):
            found[note.name[len("report.") : -len(_APART)]] = note.read_text()
    return found


def rejoin(directory: Path, keys: Iterable[str]) -> None:
    """Forget that these were broken."""
    for key in keys:
        _apart(directory, key).unlink(missing_ok=True)


def unread_in(directory: Path) -> Iterator[Path]:
    """The notes of files that could not be made a DAG of; each is the file's name with another suffix."""
    return directory.glob(f"*{_UNREAD}")


def note_deleted(directory: Path, report_id: str, at: datetime) -> None:
    """Note that a report's DAG, with all of its runs, was deleted in Airflow."""
    replace_file(_deleted(directory, report_id), at.isoformat())


def deleted_at(stub: str, report_id: str) -> datetime | None:
    """When the DAG of a report was last deleted in Airflow; None where nobody knows of it."""
    try:
        return datetime.fromisoformat(_deleted(Path(stub).parent, report_id).read_text())
    except FileNotFoundError:
        return None


def forget_deleted(directory: Path, *, keep: Callable[[str], bool]) -> None:
    """Remove the notes of deleted DAGs whose definitions are gone."""
    for note in directory.glob(f"report.*{_DELETED}"):
        if not keep(note.name[len("report.") : -len(_DELETED)]):
            note.unlink(missing_ok=True)


def _deleted(directory: Path, report_id: str) -> Path:
    return directory / f"report.{report_id}{_DELETED}"


def _apart(directory: Path, key: str) -> Path:
    return directory / f"report.{key}{_APART}"
