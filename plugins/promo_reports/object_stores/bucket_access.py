"""Talking to one bucket through an Airflow connection: interruptible, credentials renewed once, errors translated."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from promo_reports.errors import DestinationUnavailable, PromoReportsError
from promo_reports.interruptible import LimitReached, interruptible

Client = TypeVar("Client")
T = TypeVar("T")

# Together well below `SECONDS_UNTIL_KILLED`. Aborting an upload takes some of them.
SECONDS_TO_END = 2.5
"""Seconds that an interrupted request gets."""
SECONDS_TO_TIDY = 1.0
"""Seconds for all requests after it."""


@dataclass(frozen=True)
class Answer:
    """The error that a server has answered with: its code, HTTP status and the operation that was asked for.

    `expired` says that credentials have expired, so that a new client may get fresh ones from the connection.
    """

    code: str
    status: int
    operation: str
    expired: bool = False


class Translation(Protocol):
    """What the exceptions of one kind's library mean."""

    def answer(self, error: BaseException) -> Answer | None:
        """Return the server's answer in an exception, or None if there was none."""

    def meaning(self, error: Exception, *, bucket: str, connection: str) -> PromoReportsError | None:
        """Return the error of the product for an exception, or None if it does not concern the server.

        Its text contains the bucket, the connection, the operation and the server's error code only: the server's own
        text, URLs and request ids may hold keys and signatures.
        """


class BucketAccess(Generic[Client]):
    """Requests to one bucket; `connection` names in messages where its credentials come from.

    `client` makes a client with fresh credentials each time it is called.
    """

    def __init__(self, bucket: str, connection: str, client: Callable[[], Client], translation: Translation) -> None:
        self.bucket = bucket
        self.connection = connection
        self._make_client = client
        self._translation = translation
        self._client: Client | None = None
        self._made_by = 0
        self._ends: float | None = None

    def ask(
        self,
        request: Callable[[Client], T],
        *,
        otherwise: Collection[str] = (),
        end: Callable[[], None] | None = None,
    ) -> T | str:
        """Return what `request` returns, or the server's error code if it is one of `otherwise`.

        It can be interrupted; `end` then makes the request end early. Clients take an exception of a signal's handler
        for one of the network, and try again, so requests are made on another thread.

        Expired credentials are renewed once. Raises DestinationRefused, DestinationUnavailable, or StagingError if a
        file to upload is gone.
        """
        for renewed in (False, True):
            answered, error = self._answered(request, end)
            if error is None:
                return answered  # type: ignore[return-value]
            refused = self._translation.answer(error)
            if refused and refused.code in otherwise:
                return refused.code
            if refused and refused.expired and not renewed:
                self._client = None
                continue
            # Not chained: the text of the original may contain keys and signed URLs.
            translated = self._translation.meaning(error, bucket=self.bucket, connection=self.connection)
            if translated is None:
                raise error
            raise translated from None
        raise AssertionError("unreachable")

    def _answered(
        self, request: Callable[[Client], T], end: Callable[[], None] | None
    ) -> tuple[T | None, Exception | None]:
        def call() -> tuple[T | None, Exception | None]:
            try:
                return request(self._connected()), None
            except Exception as error:
                return None, error

        ends = self._ends
        try:
            if ends is None:
                return interruptible(call, end=end, grace=SECONDS_TO_END)
            return interruptible(call, remaining=lambda: ends - time.monotonic(), grace=0.0)
        except LimitReached:
            raise DestinationUnavailable(
                f"Bucket {self.bucket!r} of connection {self.connection!r} did not answer before the task had to end."
            ) from None
        except BaseException:
            self._ends = time.monotonic() + SECONDS_TO_TIDY
            raise

    def _connected(self) -> Client:
        if self._client is None or self._made_by != os.getpid():  # a fork would share its connections
            self._client, self._made_by = self._make_client(), os.getpid()
        return self._client
