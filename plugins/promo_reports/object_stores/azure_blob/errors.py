"""Translate errors of Azure Blob Storage: who has to act, and whether a retry can help.

Messages contain the container, the connection, the operation and Azure's error code only. Azure's own text, URLs and
request ids are left out, as they may hold signatures and what was signed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.advice import grant, name_it_rightly
from promo_reports.object_stores.bucket_access import Answer

MISSING = "BlobNotFound"

# Azure tells an expired signature or token from a wrong one in its text alone.
_CREDENTIALS = {"AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation"}
_FORBIDDEN = {"AuthorizationFailure", "KeyBasedAuthenticationNotPermitted", "PublicAccessNotPermitted"}
_CONTAINER = {"ContainerNotFound", "ContainerDisabled", "InvalidResourceName"}
_HELD = {"LeaseIdMissing", "BlobImmutableDueToPolicy", "SnapshotsPresent", "BlobArchived", "InvalidBlobType"}
_PASSING = {
    *("ServerBusy", "InternalError", "OperationTimedOut", "SystemInUse", "Md5Mismatch", "ContainerBeingDeleted"),
    # Another attempt has replaced the blob, or has committed its blocks.
    *("ConditionNotMet", "InvalidBlockList", "InvalidBlobOrBlock"),
}
_OPERATIONS = {
    ("GET", ""): "Get Blob",
    ("HEAD", ""): "Get Blob Properties",
    ("PUT", ""): "Put Blob",
    ("DELETE", ""): "Delete Blob",
    ("PUT", "block"): "Put Block",
    ("PUT", "blocklist"): "Put Block List",
    ("GET", "blocklist"): "Get Block List",
    ("GET", "list"): "List Blobs",
    ("POST", "userdelegationkey"): "Get User Delegation Key",
}
"""Operations by method and the parameter `comp`, as Azure's reference names them."""
_MOST_SKEW = timedelta(minutes=15)
"""By which a signed request's time may differ from Azure's."""


def answer(error: BaseException) -> Answer | None:
    """Return Azure's response in an exception, or None if there was none."""
    from azure.core.exceptions import HttpResponseError

    response = error.response if isinstance(error, HttpResponseError) else None
    if response is None or _is_of_sign_in(error):
        return None
    status = int(response.status_code or 0)
    code = response.headers.get("x-ms-error-code") or str(status)
    comp = "".join(parse_qs(urlsplit(response.request.url).query).get("comp", []))
    method = str(response.request.method)
    operation = _OPERATIONS.get((method, comp), f"{method} {comp}".strip())
    return Answer(code, status, operation, expired=code in {*_CREDENTIALS, "AuthorizationFailure"})


def meaning(error: Exception, *, bucket: str, connection: str) -> PromoReportsError | None:
    """Return the error of the product for one of Azure's client, or None if it does not concern Azure."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError

    where = f"Container {bucket!r} of connection {connection!r}"
    if refused := answer(error):
        what = f"{where} answers {refused.operation} with {refused.code}"
        if refused.code in _PASSING or refused.status in (408, 429) or _is_fault(refused.status):
            return DestinationUnavailable(f"{what}.", "If it lasts, look at the status of Azure.")
        return DestinationRefused(f"{what}.", _fix(refused, error, connection))
    name = type(error).__name__
    if isinstance(error, ClientAuthenticationError):  # of azure-identity, or a key that nothing can be signed with
        return DestinationRefused(
            f"{where} cannot be used: signing in failed ({name}).",
            f"Correct the credentials in the Airflow connection {connection!r}.",
        )
    if isinstance(error, AzureError):
        return DestinationUnavailable(
            f"{where} cannot be reached ({name}).",
            f"Check the network, and the storage account's name or address in connection {connection!r}.",
        )
    return None


def _is_of_sign_in(error: BaseException) -> bool:
    """Return whether an exception is about a token, which another service than the container's account gives."""
    from azure.core.exceptions import ClientAuthenticationError

    response: Any = getattr(error, "response", None)
    return isinstance(error, ClientAuthenticationError) and "x-ms-error-code" not in response.headers


def _is_fault(status: int) -> bool:
    return status >= 500 and status not in (501, 505)


def _fix(refused: Answer, error: Any, connection: str) -> str:
    if refused.code in _CONTAINER:
        return name_it_rightly("container")
    if refused.code in _HELD:
        return "Remove what holds the blob: a lease, a snapshot, an immutability policy, the archive tier."
    if refused.expired and _clock_is_off(error.response.headers.get("Date")):
        return "Set this host's clock."
    if refused.expired or refused.code in _FORBIDDEN:
        firewall = ", or let this host through the storage account's firewall" * (refused.code in _FORBIDDEN)
        return f"Renew the credentials in the Airflow connection {connection!r}{firewall}."
    if refused.status == 403:
        return grant(connection, refused.operation)
    unlike = f"Correct the address in connection {connection!r}: what answers there gives no error code of Azure."
    return unlike if refused.code == str(refused.status) else f"Check the container and connection {connection!r}."


def _clock_is_off(date: str | None) -> bool:
    """Return whether this host's clock differs from the server's, as its response says, by more than Azure takes."""
    return date is not None and abs(parsedate_to_datetime(date) - datetime.now(UTC)) > _MOST_SKEW
