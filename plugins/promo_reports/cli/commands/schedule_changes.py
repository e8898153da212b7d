"""`promo-reports validate --since`: days that no window covers after schedules have changed."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from promo_reports.cli.failures import usage_error
from promo_reports.cli.project import Project
from promo_reports.cli.windows import clock, in_words
from promo_reports.definitions.registry import Registry
from promo_reports.domain.dates.schedule import uncovered
from promo_reports.domain.definition import Definition

_MADE_FROM = ("reports", "report_types", "include")


def schedule_changes(project: Project, revision: str) -> Iterator[str]:
    """Return a sentence for each report whose schedule differs from a git revision: its next window, uncovered days."""
    before = _definitions_at(project, revision)
    for checked in project.registry.check_all():
        after, earlier = checked.definition, before.get(checked.source.key)
        if after is not None and earlier is not None and earlier.schedule != after.schedule:
            yield from _change(earlier, after, project.now)


def _change(before: Definition, after: Definition, now: datetime) -> Iterator[str]:
    """Return the sentences of one report; none for one-time or stopped reports."""
    if before.schedule is None or after.recurrence is None:
        return
    last = before.schedule.latest(now).window
    following = after.recurrence.following(last.end, now)
    if following is None:
        return
    zone = after.zone
    old, new = before.schedule.in_words, after.recurrence.schedule.in_words
    said = (
        f"{after.source}: its schedule changes from {old!r} to {new!r}. "
        f"If the last delivery was the one due until now, the next is due {clock(following.due, zone)} {zone.key}, "
        f"for {in_words(following.window, None, zone)}."
    )
    gaps = uncovered([last, following.window])
    if not gaps:
        yield f"{said} Nothing is left out, and nothing delivered twice."
        return
    yield (
        f"{said} No window covers {in_words(gaps[0], None, zone)}: export that once, with frequency: one_time and this "
        f"date range, or backfill the windows that hold it."
    )


def _definitions_at(project: Project, revision: str) -> Mapping[str, Definition]:
    """Return the valid definitions of a git revision by id; `InvalidInput` if git fails."""
    git = shutil.which("git")
    if git is None:
        raise usage_error("--since", "needs git, which is not on PATH")
    home = project.settings.home
    with TemporaryDirectory() as place:
        # `--` ends the options, so that a revision cannot be one.
        command = [git, "-C", str(home), "archive", "--format=tar", "--end-of-options", revision, *_MADE_FROM]
        archived = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell, our own words
        if archived.returncode:
            said = archived.stderr.decode(errors="replace").strip().splitlines()
            raise usage_error("--since", f"git knows no {revision!r} of {home}: {said[-1] if said else 'it failed'}")
        with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as files:
            # Python 3.11 has extraction filters from 3.11.4 on; the archive is git's own.
            files.extraction_filter = getattr(tarfile, "data_filter", None)
            files.extractall(place)  # noqa: S202
        # Without the store: what is in it never changes.
        there = {"home": Path(place), "store_dir": Path(place) / "created"}
        registry = Registry(project.settings.model_copy(update=there))
        found = registry.check_all()
        return {each.source.key: each.definition for each in found if each.definition is not None}
