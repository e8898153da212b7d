"""Every error the product raises, as one tree::

    PromoReportsError              reason, fix, retryable
    ├── InvalidInput               a YAML file, a conf or a setting breaks rules; carries located problems
    │   ├── PlaceShared            two reports could meet in one place of a bucket
    │   └── InvalidCursor          a list is asked to go on from a place that is not one of its own
    ├── SqlTemplateError           a SQL template breaks a rule, with file:line
    ├── SourceRefused              the promo database answers, but will not do this: no retry helps
    │   └── UnknownValue, PreviewTooSlow, HashKeyRefused
    ├── SourceUnavailable          the promo database is away or overloaded
    │   └── QueryTooSlow           a query ran for longer than it may
    ├── DataRefused                a value that no file may carry (NaN, NUL, infinite time)
    ├── ReconciliationError        the staged file is not what the database counted
    ├── StagingError               the staging area is full, fails or has lost a file
    │   ├── StagingRefused         it does not take files at all: no retry helps
    │   └── HandoverRefused        what deliver was handed is not what its own run has staged: no retry helps
    ├── DestinationRefused         the destination answers, but will not do this: no retry helps
    │   ├── Damaged                what is delivered is not what its manifest says
    │   └── ForeignExport          what is there belongs to another DAG or run
    ├── ReadRefused                what a reader of delivered files asks for cannot be given as it is asked for
    ├── NotPublished, Expired      nothing was delivered yet, or it has been removed since
    ├── Replaced                   what is there now is a later export of the same window
    ├── DestinationUnavailable     the destination is away
    ├── Conflict                   the request contradicts what is there already
    ├── DagsMissing                report types or definitions without a DAG, each with its error
    ├── StoreError                 the store of created reports cannot be read whole
    └── NotRecorded                Airflow did not record that an export was delivered

A mistake of a person fails at once and says what to change; a fault of the infrastructure is retried (reliability,
P10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class PromoReportsError(Exception):
    """Base of all errors; `reason` says what happened and where, `fix` what to do about it."""

    retryable = False

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(reason, fix)
        self.reason = reason
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.reason} {self.fix}".strip()


@dataclass(frozen=True)
class Problem:
    """One broken rule of one file or conf, at `file:line` and the key's dotted path."""

    where: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.path}: {self.message}" if self.path else f"{self.where}: {self.message}"


class InvalidInput(PromoReportsError):
    """All broken rules of one input together, so that its writer fixes them in one go."""

    def __init__(self, what: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{what} has {count}:\n{lines}")


class PlaceShared(InvalidInput):
    """A report that could meet another one in one place of a bucket: it is valid again once the other is changed."""


class InvalidCursor(InvalidInput):
    """A cursor that is damaged, or that a page with another sort or other filters gave."""

    def __init__(self, why: str) -> None:
        message = f"{why}; leave it out to begin with the first page"
        super().__init__("The request", [Problem("request", "cursor", message)])


class SqlTemplateError(PromoReportsError):
    """A SQL template breaks a rule; the reason starts with file:line."""


class SourceRefused(PromoReportsError):
    """Wrong password, missing table, permission denied, unknown filter value."""


class HashKeyRefused(SourceRefused):
    """No key for hashed columns, or one that is too short."""


class UnknownValue(SourceRefused):
    """A value of `filter`, by its name, that the promo database does not know: a mistake of whoever asks."""

    def __init__(self, filter_name: str, reason: str, fix: str = "") -> None:
        super().__init__(reason, fix)
        self.filter = filter_name


class PreviewTooSlow(SourceRefused):
    """What is asked for takes longer than a preview may."""


class SourceUnavailable(PromoReportsError):
    """Connection lost, server starting, too many connections, serialization failure.

    `AGAIN` is the fix where there is nothing to do but to wait for the task's retry.
    """

    AGAIN = "The export is tried again in a new snapshot."
    retryable = True


class QueryTooSlow(SourceUnavailable):
    """A query reached the statement timeout."""


class DataRefused(PromoReportsError):
    """A value in the source that cannot be exported truthfully."""


class ReconciliationError(PromoReportsError):
    """Rows or totals of the staged file differ from the database's; nothing may be published."""

    retryable = True


class StagingError(PromoReportsError):
    """The staging area is full, fails, is away, or no longer holds what extract put there."""

    retryable = True


class StagingRefused(StagingError):
    """The staging area is read-only, closed to this user or no directory, or its bucket refuses."""

    retryable = False


class HandoverRefused(StagingError):
    """What was handed to a delivery is not what the extract of its own run has staged, and for where."""

    retryable = False


class DestinationRefused(PromoReportsError):
    """Unknown bucket, access denied, or a newer export of the window is already published."""


class ForeignExport(DestinationRefused):
    """An export of another DAG or run, which is neither replaced nor read."""


class Damaged(DestinationRefused):
    """What lies there is not what its manifest says; nobody gets it."""


class ReadRefused(PromoReportsError):
    """An address, a column or a type that does not fit what is delivered, or a library that is not installed."""


class NotPublished(PromoReportsError):
    """Nothing was delivered there yet."""


class Expired(PromoReportsError):
    """It was delivered, and has been removed since: by retention, or by a rule of the bucket."""


class Replaced(PromoReportsError):
    """A later export of the same window lies in its place, with another file."""


class DestinationUnavailable(PromoReportsError):
    """The destination cannot be reached, is throttling or failing, or is full."""

    retryable = True


class Conflict(PromoReportsError):
    """An Idempotency-Key that was used for something else, an export that is not in the state the request needs."""


class DagsMissing(PromoReportsError):
    """Report types or definitions that cannot be read or made into DAGs, each with its error."""


class StoreError(PromoReportsError):
    """The store of created reports cannot be read whole; nothing may be concluded from a part of it."""

    retryable = True


class NotRecorded(PromoReportsError):
    """Airflow did not take down that an export was delivered."""

    retryable = True
