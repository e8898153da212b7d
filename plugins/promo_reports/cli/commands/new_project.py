"""`promo-reports init`: a project with the report types, SQL and schemas that this version ships."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from rich.console import Console

from promo_reports.cli.console import counted, printable
from promo_reports.cli.failures import usage_error

_PLACES: Mapping[str, str] = {
    "project": "",
    "schemas": "schemas",
    "sql": "include/sql",
    "report_types": "report_types",  # last: by them a directory is known as a project
}
"""Where in a project each directory of the package's `shipped/` goes."""

_EXAMPLE = "wallet_transactions_past_week"
_MAY_BE_THERE = {".git"}


@dataclass
class Outcome:
    """Files of a project, relative to it: what was made, and what was there already with another content."""

    made: list[PurePosixPath] = field(default_factory=list)
    differing: list[PurePosixPath] = field(default_factory=list)


def make_project(directory: Path, *, add: bool) -> Outcome:
    """Write the files of a new project; with `add`, those that an existing directory lacks.

    No file is ever replaced, and nothing is written through a symbolic link below the directory. With `add`, the
    example definition is left out where the directory has definitions. Raises `InvalidInput` if the directory cannot be
    written, or is not empty without `add`.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not add and {each.name for each in directory.iterdir()} - _MAY_BE_THERE:
            raise usage_error("DIR", f"{directory} is not empty; with --add, the files that it lacks are added")
        outcome = Outcome()
        keeps_reports = _exists(directory / "reports")
        for name, content in _shipped():
            if keeps_reports and name.parts[0] == "reports":
                continue
            _write(directory, name, content, outcome)
    except FileExistsError:
        raise usage_error("DIR", f"{directory} is no directory") from None
    except OSError as error:
        place = error.filename or directory
        raise usage_error("DIR", f"{place}: {error.strerror}. Run it again with --add to go on") from None
    return outcome


def print_made(directory: Path, outcome: Outcome, console: Console) -> None:
    """Print each file that was made, those that differ, and the next commands."""
    for name in outcome.made:
        console.print(printable(str(directory / name)))
    for name in outcome.differing:
        console.print(printable(f"{directory / name}: left as it is, and differs from what this version ships"))
    console.print(f"\n{counted(len(outcome.made), 'file')} made in {printable(str(directory))}. Next:")
    if not directory.samefile(Path()):
        console.print(f"  cd {shlex.quote(str(directory))}")
    console.print("  promo-reports validate")
    if PurePosixPath(f"reports/{_EXAMPLE}.yaml") in outcome.made:
        console.print(f"  promo-reports preview {_EXAMPLE} --database postgresql://user:password@host:5432/database")


def _shipped() -> Iterator[tuple[PurePosixPath, bytes]]:
    shipped = files("promo_reports") / "shipped"
    for source, place in _PLACES.items():
        yield from _files(shipped / source, PurePosixPath(place))


def _files(directory: Traversable, place: PurePosixPath) -> Iterator[tuple[PurePosixPath, bytes]]:
    for each in sorted(directory.iterdir(), key=lambda found: found.name):
        if each.is_dir():
            if each.name != "__pycache__":
                yield from _files(each, place / each.name)
        elif each.name == "requirements.txt":
            yield place / each.name, each.read_bytes().replace(b"{version}", version("promo-reports").encode())
        else:
            yield place / each.name, each.read_bytes()


def _write(directory: Path, name: PurePosixPath, content: bytes, outcome: Outcome) -> None:
    path = directory
    for part in name.parts[:-1]:
        path /= part
        if path.is_symlink():
            raise usage_error("DIR", f"{path} is a symbolic link: nothing is written through it")
        if _exists(path) and not path.is_dir():
            raise usage_error("DIR", f"{path} is in the way: it must be a directory")
        path.mkdir(exist_ok=True)
    path /= name.name
    if not _exists(path):
        with path.open("xb") as file:
            file.write(content)
        outcome.made.append(name)
    elif not path.is_file() or path.read_bytes() != content:
        outcome.differing.append(name)


def _exists(path: Path) -> bool:
    """Return whether a name is taken, also by a symbolic link that leads nowhere."""
    return os.path.lexists(path)
