"""Clients of Azure Blob Storage with the credentials of an Airflow connection."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from promo_reports.errors import DestinationRefused
from promo_reports.object_stores.advice import no_connection

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

ClientFactory = Callable[[], "BlobServiceClient"]
"""Makes a client with fresh credentials each time it is called."""

LIMITS = {"connection_timeout": 10, "read_timeout": 60, "retry_total": 4, "initial_backoff": 1, "increment_base": 2}
"""Options of the client, in seconds and tries: the connection's extra takes precedence."""


_SIGNATURE = re.compile(r"\bsig=[^&\s\"']+")
_TRANSPORT = logging.getLogger("urllib3.connectionpool")


def _without_signatures(record: logging.LogRecord) -> bool:
    """Take signatures out of the requests that the transport logs at its debug level: they are part of their URLs."""
    if isinstance(record.args, tuple):
        record.args = tuple(_SIGNATURE.sub("sig=***", each) if isinstance(each, str) else each for each in record.args)
    return True


def through_airflow(connection: str) -> ClientFactory:
    """Clients of the microsoft.azure provider's hook, with our time limits where the connection's extra sets none."""

    def client() -> BlobServiceClient:
        _TRANSPORT.addFilter(_without_signatures)  # once, however often it is added
        try:
            from airflow.providers.common.compat.sdk import AirflowNotFoundException
            from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
        except ModuleNotFoundError as missing:
            raise DestinationRefused(
                f"What talks to Azure Blob Storage is not installed on this host: there is no module {missing.name!r}.",
                "Install promo-reports[airflow,azure].",
            ) from None

        class LimitedHook(WasbHook):  # type: ignore[misc]
            """The hook hands what the extra holds on to the client."""

            @classmethod
            def get_connection(cls, conn_id: str) -> Any:
                found = super().get_connection(conn_id)
                found.extra = json.dumps({**LIMITS, **found.extra_dejson})
                return found

        try:
            made: BlobServiceClient = LimitedHook(wasb_conn_id=connection).get_conn()
        except AirflowNotFoundException:
            raise no_connection(connection) from None
        except (ValueError, TypeError, AttributeError) as wrong:
            # Not chained: the text may contain keys.
            raise DestinationRefused(
                f"No client of Azure Blob Storage can be made of the Airflow connection {connection!r} "
                f"({type(wrong).__name__}).",
                "Correct the connection: docs/delivery.md has one of each kind.",
            ) from None
        return made

    return client
