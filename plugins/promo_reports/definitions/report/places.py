"""Check where a definition's exports would lie in its buckets: keys that fit, and places that no other export has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from promo_reports.definitions.inputs.messages import quoted
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.definitions.report.form import DefinitionForm, RecurringForm
from promo_reports.domain.account import Account, Bucket
from promo_reports.domain.dates.calendar import WEEKDAYS
from promo_reports.domain.dates.schedule import ONE_TIME, Frequency, Interval
from promo_reports.domain.definition import Definition, words_of
from promo_reports.domain.delivery import PartnerExport
from promo_reports.domain.file_format import FileFormat
from promo_reports.domain.layout import (
    HASH_LENGTH,
    LONGEST_FOLDER,
    LONGEST_KEY,
    is_window_key,
    longest_folder,
    longest_stem,
)
from promo_reports.domain.places.export_place import LONGEST_NAME, LONGEST_RECORD, RECORDS, UNPLACED, Placement
from promo_reports.domain.places.pattern import EXPORT_ID, Detail, Named, Pattern
from promo_reports.errors import PlaceShared

_NEEDED = {
    Interval.DAILY: (Detail.DAY, timedelta(days=1), "its day, such as {start:%Y-%m-%d}"),
    Interval.WEEKLY: (Detail.WEEK, timedelta(weeks=1), "its week or day, such as {start:%G-W%V} or {start:%Y-%m-%d}"),
}
_YEARS = 5
"""Years within which two windows that meet are looked for, to be named."""
_PRECISE = datetime(2026, 1, 1, microsecond=1, tzinfo=UTC)


def frequencies_taken(placement: Placement) -> tuple[Frequency, ...]:
    """Return the frequencies whose exports a bucket's folder tells apart; a report of another one is refused there."""
    folder = placement.folder
    if folder is None or folder.has(EXPORT_ID):
        return tuple(Frequency)
    return tuple(Frequency(each) for each, (needed, _, _) in _NEEDED.items() if folder.tells_windows >= needed)


def check_places(index: int, bucket: Bucket, form: DefinitionForm, account: Account, findings: Findings) -> None:
    """Check that no two exports of one definition meet in a bucket, which is below its prefix and the definition's."""
    folder, key = bucket.placement.folder, ("delivery", index, "partner_export", "bucket")
    if folder is None or form.frequency is None:
        return
    interval = form.frequency.interval if isinstance(form.frequency, RecurringForm) else None
    if Frequency(interval or ONE_TIME) in frequencies_taken(bucket.placement):
        return
    if interval is None:
        findings.add(
            key,
            f"takes no one-time exports, since two of them could meet in one place: the account gives it the folder "
            f"{folder.text!r}, which has no {{export_id}}. Choose another bucket, or have the token added",
        )
    else:
        findings.add(key, _windows_that_meet(folder, bucket, form, interval, account.week_starts_on))


def check_lengths(
    index: int, bucket: Bucket, form: DefinitionForm, file_format: FileFormat, findings: Findings, *, on_demand: bool
) -> None:
    """Check that the keys of delivered files fit into a bucket's limit, with the prefixes of bucket and definition."""
    id_length, placement = len(form.id or ""), bucket.placement
    default = longest_folder(
        LONGEST_FOLDER if on_demand else id_length, recurring=isinstance(form.frequency, RecurringForm)
    )
    named = _example(form.id, form.report_type, form.name, _PRECISE, _PRECISE)
    names = placement.folder.names(named) if placement.folder else ()
    stem = len(placement.file_stem.names(named)[0]) if placement.file_stem else longest_stem(id_length)
    file = stem + HASH_LENGTH + file_format.longest_suffix
    longest = max([file, *map(len, names)])
    if longest > LONGEST_NAME:
        findings.add(
            ("delivery", index, "partner_export", "bucket"),
            f"has names of {longest} bytes by the account's patterns; {LONGEST_NAME} are taken",
        )
    below = (len("/".join(names)) if names else default) + 1 + max(file, len(placement.manifest))
    if placement != UNPLACED:
        below = max(below, default + LONGEST_RECORD)
    over = len(bucket.prefix) + bool(bucket.prefix) + below - LONGEST_KEY
    if over > 0:
        findings.add(
            ("delivery", index, "partner_export", "prefix"),
            f"makes keys of {LONGEST_KEY + over} bytes, together with the bucket's own prefix and the names below it; "
            f"buckets take {LONGEST_KEY}: leave out {over} characters",
        )


@dataclass(frozen=True)
class Shared:
    """A destination of a report where others could have the same place: `place` is equal where they do."""

    index: int
    place: str


def shared_places(definition: Definition, account: Account) -> Iterator[Shared]:
    """Yield the destinations of a definition whose folder does not tell reports apart."""
    named = _example(definition.id, definition.report_type.id, definition.name, _PRECISE, _PRECISE)
    for index, _, bucket in _partner_exports(definition, account):
        folder = bucket.placement.folder if bucket is not None else None
        if bucket is not None and folder is not None and not folder.tells_reports:
            yield Shared(index, "/".join((bucket.address, *folder.of_report(named))))


def check_apart(
    definition: Definition, account: Account, findings: Findings, others: Callable[[], Iterable[tuple[str, Shared]]]
) -> Definition:
    """Return a definition unless another report could meet it in one place; `PlaceShared` with all such places.

    `others` gives the shared places of all other reports, each with the name of its file. It is called only where the
    definition has one itself.
    """
    mine = tuple(shared_places(definition, account))
    for name, theirs in others() if mine else ():
        for each in mine:
            if each.place == theirs.place:
                findings.add(
                    ("delivery", each.index, "partner_export"),
                    f"could meet another report in one place: {name} (delivery[{theirs.index}]) goes to {each.place}, "
                    "too. Give one of the two another prefix, or the bucket a folder with {report_id}",
                )
    if findings:
        raise PlaceShared(findings.name, findings.problems())
    return definition


def check_neighbours(
    definition: Definition, account: Account, findings: Findings, is_registered: Callable[[str], bool]
) -> Definition:
    """Return a definition unless it delivers into the folder of another report; `InvalidInput` if it does.

    Readers of a report's folder, such as query engines, may take everything below it for the report's. `is_registered`
    says whether a report has an id.
    """
    for index, export, bucket in _partner_exports(definition, account):
        folder = bucket.placement.folder if bucket is not None else None
        for part in export.prefix.split("/"):
            named = part == RECORDS or is_window_key(part) or is_registered(part)
            if named or (folder is not None and folder.may_name(part)):
                findings.add(
                    ("delivery", index, "partner_export", "prefix"),
                    f"leads into the folder of another export: {quoted(part)} is the name of one",
                )
    findings.raise_any()
    return definition


def _partner_exports(definition: Definition, account: Account) -> Iterator[tuple[int, PartnerExport, Bucket | None]]:
    """Yield the partner exports of a definition by their places in it, each with its bucket if that is connected."""
    for index, destination in enumerate(definition.destinations):
        if isinstance(destination, PartnerExport):
            yield index, destination, account.bucket_of(destination)


def _windows_that_meet(
    folder: Pattern, bucket: Bucket, form: DefinitionForm, interval: Interval, week_starts_on: str
) -> str:
    """Return the problem of a folder that does not tell the windows of a schedule apart, with two that meet."""
    _, step, needed = _NEEDED[interval]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    start += timedelta(days=(WEEKDAYS.index(week_starts_on) - start.weekday()) % 7)
    seen: dict[tuple[str, ...], datetime] = {}
    met = ""
    for _ in range(_YEARS * 366 // step.days):
        names = folder.names(_example(form.id, form.report_type, form.name, start, start + step))
        if names in seen:
            both = f"{seen[names]:%Y-%m-%d} and {start:%Y-%m-%d}"
            met = f": those that begin on {both} would both lie in {'/'.join((bucket.address, *names))}"
            break
        seen[names] = start
        start += step
    return (
        f"two windows of this report could meet in one place of this bucket, whose folder is {folder.text!r}{met}. "
        f"It needs {{start}} or {{end}} with {needed}, or {{export_id}}"
    )


def _example(report_id: str | None, report_type: str | None, name: str | None, start: datetime, end: datetime) -> Named:
    """Return what tokens stand for in an export of a report; of parts that are not valid, nothing."""
    return Named(report_id or "", report_type or "", words_of(name or ""), "0" * 32, start, end)
