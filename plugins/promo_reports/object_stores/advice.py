"""What to do about a bucket or its connection, in the same words for every kind of bucket."""

from __future__ import annotations

from promo_reports.errors import DestinationRefused


def no_connection(connection: str) -> DestinationRefused:
    """Return the error for a connection that Airflow does not have."""
    return DestinationRefused(
        f"There is no Airflow connection {connection!r}.",
        f"Create it, or correct the bucket's connection in {_places('CONNECTION')}.",
    )


def name_it_rightly(what: str) -> str:
    """Return what to do where there is no bucket of the name; `what` is the word for one of the kind."""
    return f"Create the {what}, or correct its name in {_places('BUCKET')}."


def grant(connection: str, operation: str) -> str:
    """Return what to do where a permission is missing."""
    return f"Grant connection {connection!r} the permissions in docs/delivery.md; {operation} lacks its own."


def _places(setting: str) -> str:
    return f"include/account.yaml (of staging, the download area or the store: in PROMO_REPORTS_..._{setting})"
