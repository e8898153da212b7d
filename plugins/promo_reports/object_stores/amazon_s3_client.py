"""Talking to one bucket through an Airflow connection: credentials renewed once, errors translated."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeVar

from promo_reports.errors import DestinationRefused, DestinationUnavailable
from promo_reports.interruptible import LimitReached, interruptible
from promo_reports.object_stores.amazon_s3_errors import answer, meaning

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
ClientFactory = Callable[[], "S3Client"]
"""Makes a client with fresh credentials each time it is called."""

# Together well below `SECONDS_UNTIL_KILLED`. Aborting a multipart upload takes some of them.
SECONDS_TO_END = 2.5
"""Seconds that an interrupted request gets."""
SECONDS_TO_TIDY = 1.0
"""Seconds for all requests after it."""


class BucketAccess:
    """Requests to one bucket; `connection` names in messages where its credentials come from."""

    def __init__(self, bucket: str, connection: str, client: ClientFactory) -> None:
        self.bucket = bucket
        self._connection = connection
        self._make_client = client
        self._client: S3Client | None = None
        self._ends: float | None = None

    def ask(
        self,
        request: Callable[[S3Client], T],
        *,
        otherwise: Collection[str] = (),
        end: Callable[[], None] | None = None,
    ) -> T | str:
        """Return what `request` returns, or S3's error code if it is one of `otherwise`.

        It can be interrupted; `end` then makes the request end early. botocore takes an exception of a signal's handler
        for one of the network, and tries again, so requests are made on another thread.

        Expired credentials are renewed once. Raises DestinationRefused, DestinationUnavailable, or StagingError if a
        file to upload is gone.
        """
        for renewed in (False, True):
            answered, error = self._answered(request, end)
            if error is None:
                return answered  # type: ignore[return-value]
            refused = answer(error)
            if refused and refused.code in otherwise:
                return refused.code
            if refused and refused.expired and not renewed:
                self._client = None
                continue
            # Not chained: the text of the original may contain keys and signed URLs.
            translated = meaning(error, bucket=self.bucket, connection=self._connection)
            if translated is None:
                raise error
            raise translated from None
        raise AssertionError("unreachable")

    def _answered(
        self, request: Callable[[S3Client], T], end: Callable[[], None] | None
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
                f"Bucket {self.bucket!r} of connection {self._connection!r} did not answer before the task had to end."
            ) from None
        except BaseException:
            self._ends = time.monotonic() + SECONDS_TO_TIDY
            raise

    def _connected(self) -> S3Client:
        if self._client is None:
            self._client = self._make_client()
        return self._client


def through_airflow(connection: str) -> ClientFactory:
    """Clients of the amazon provider's hook, with our time limits where the connection's extra sets none."""

    def client() -> S3Client:
        try:
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook
            from airflow.providers.common.compat.sdk import AirflowNotFoundException
            from botocore.config import Config
        except ModuleNotFoundError as missing:
            raise DestinationRefused(
                f"What talks to Amazon S3 is not installed on this host: there is no module {missing.name!r}.",
                "Install promo-reports[airflow,amazon].",
            ) from None

        hook = S3Hook(aws_conn_id=connection)
        try:
            # Without a connection, the hook would use any credentials of this host.
            hook.get_connection(connection)
        except AirflowNotFoundException:
            raise DestinationRefused(
                f"There is no Airflow connection {connection!r}.",
                "Create it, or correct the bucket's connection in include/account.yaml (of the download area: in "
                "PROMO_REPORTS_DOWNLOAD_CONNECTION).",
            ) from None
        ours = Config(
            connect_timeout=10,
            read_timeout=60,
            tcp_keepalive=True,
            retries={"mode": "standard", "max_attempts": 5},
            signature_version="s3v4",  # the default for URLs is the older version
        )
        made: S3Client = hook.get_client_type(region_name=hook.region_name, config=ours.merge(hook.config))
        return made

    return client
