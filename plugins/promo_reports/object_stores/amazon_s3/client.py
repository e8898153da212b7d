"""Clients of Amazon S3 with the credentials of an Airflow connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from promo_reports.errors import DestinationRefused
from promo_reports.object_stores.advice import no_connection

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ClientFactory = Callable[[], "S3Client"]
"""Makes a client with fresh credentials each time it is called."""


def through_airflow(connection: str) -> ClientFactory:
    """Clients of the amazon provider's hook, with our time limits where the connection's extra sets none."""

    def client() -> S3Client:
        try:
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook
            from airflow.providers.common.compat.sdk import AirflowException, AirflowNotFoundException
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
            raise no_connection(connection) from None
        ours = Config(
            connect_timeout=10,
            read_timeout=60,
            tcp_keepalive=True,
            retries={"mode": "standard", "max_attempts": 5},
            signature_version="s3v4",  # the default for URLs is the older version
        )
        try:
            made: S3Client = hook.get_client_type(region_name=hook.region_name, config=ours.merge(hook.config))
        except (AirflowException, LookupError, NotImplementedError, TypeError, ValueError) as wrong:
            # Not chained: the text of the original may repeat the connection's extra.
            raise DestinationRefused(
                f"The Airflow connection {connection!r} cannot be used ({type(wrong).__name__}).",
                "Correct its extra: docs/delivery.md has what it may hold.",
            ) from None
        return made

    return client
