"""Translate errors of Google Cloud Storage: who has to act, and whether a retry can help.

Messages contain the bucket, the connection, the operation and Google's reason only. Google's own text, URLs and request
ids are left out, as they may hold tokens and signatures.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError, StagingError
from promo_reports.object_stores.advice import grant, name_it_rightly
from promo_reports.object_stores.bucket_access import Answer

MISSING = "notFound"
"""Google's reason for an object that is not there; another server answers 404 without a reason."""
NO_BUCKET = "noSuchBucket"
"""Our word for a 404 of a bucket: Google's reason, `notFound`, is that of an object, too."""
_CLOCK = "clockSkew"
"""Our word for a token that is refused for the times in it."""

_DAMAGED = "checksumMismatch"
"""Our word for bytes that are not those whose MD5 was sent with them."""

_CREDENTIALS = {"authError", "required", "invalid_grant", "invalid_client", "unauthorized_client", "401"}
_PASSING = {
    *("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "backendError", "internalError", "conflict"),
    _DAMAGED,
}
_REASON = re.compile(r"[A-Za-z0-9_.-]{1,60}")


def answer(error: BaseException) -> Answer | None:
    """Return Google's answer in an exception of its libraries, also of a token's renewal; None if there was none."""
    from google.auth.exceptions import RefreshError

    cause = _cause(error)
    if isinstance(cause, RefreshError):
        return _refused_token(cause)
    response = getattr(cause, "response", None)
    status = getattr(response, "status_code", None)
    if response is None or not isinstance(status, int):
        return None
    reason, message = _reason(response)
    code = reason or str(status)
    if status == 404 and "bucket" in message and "not exist" in message:
        code = NO_BUCKET
    elif status == 404 and message.startswith("No such object"):  # in the plain text of a download
        code = MISSING
    elif status == 400 and "doesn't match calculated" in message:
        code = _DAMAGED
    asked = response.request
    return Answer(code, status, _operation(asked.method or "", asked.url or ""), status == 401)


def meaning(error: Exception, *, bucket: str, connection: str) -> PromoReportsError | None:
    """Return the error of the product for one of Google's libraries, or None if it does not concern the server."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.cloud.storage.exceptions import DataCorruption
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    where = f"Bucket {bucket!r} of connection {connection!r}"
    cause = _cause(error)
    name = type(cause).__name__
    if refused := answer(error):
        what = f"{where} answers {refused.operation} with {refused.code}"
        if refused.code in _PASSING or refused.status in (408, 429) or refused.status >= 500:
            return DestinationUnavailable(f"{what}.", "If it lasts, look at the storage provider's status.")
        return DestinationRefused(f"{what}.", _fix(refused, connection))
    if isinstance(cause, GoogleAuthError) and not isinstance(cause, TransportError):
        return DestinationRefused(f"{where} cannot be used ({name}).", f"Correct the connection {connection!r}.")
    if isinstance(
        cause, GoogleAPIError | GoogleAuthError | DataCorruption | RequestException | HTTPError | ConnectionError
    ):
        return DestinationUnavailable(
            f"{where} cannot be reached ({name}).", f"Check the network and gcs.endpoint in connection {connection!r}."
        )
    if isinstance(cause, FileNotFoundError):
        return StagingError("A staged file disappeared during the upload.", "Clear the run's extract task.")
    return None


def _cause(error: BaseException) -> BaseException:
    """Return what made a request fail that was repeated until its time was over."""
    from google.api_core.exceptions import RetryError

    cause = error.cause if isinstance(error, RetryError) else None
    return cause if isinstance(cause, BaseException) else error


def _refused_token(error: BaseException) -> Answer:
    """Return the answer to a request for an access token, which google-auth has in the arguments of its exception."""
    details = next((each for each in error.args if isinstance(each, dict)), {})
    code = str(details.get("error", ""))
    if "iat" in str(details.get("error_description", "")):  # "Check your iat and exp values in the JWT claim."
        return Answer(_CLOCK, 400, "the request for a token")
    passing = bool(getattr(error, "retryable", False))
    return Answer(
        code if _REASON.fullmatch(code) else type(error).__name__,
        503 if passing else 401,
        "the request for a token",
        expired=not passing,
    )


def _reason(response: object) -> tuple[str, str]:
    """Return the reason and the text of an answer in JSON; empty where it has none."""
    try:
        error = response.json()["error"]  # type: ignore[attr-defined]
        reason = str(error["errors"][0]["reason"])
        return (reason if _REASON.fullmatch(reason) else ""), str(error.get("message", ""))
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError):
        return "", str(getattr(response, "text", ""))


def _operation(method: str, url: str) -> str:
    """Return the permission that a request needs, by the names of Google's IAM."""
    path = urlsplit(url).path
    if method == "DELETE":
        return "storage.objects.delete"
    if method in ("POST", "PUT"):
        return "storage.objects.create"
    return "storage.objects.list" if path.endswith("/o") else "storage.objects.get"


def _fix(refused: Answer, connection: str) -> str:
    if refused.code == NO_BUCKET:
        return name_it_rightly("bucket")
    if refused.code == _CLOCK:
        return "Set this host's clock."
    if refused.code in _CREDENTIALS or refused.expired:
        return f"Renew the credentials in the Airflow connection {connection!r}."
    if refused.status == 403:
        return grant(connection, refused.operation)
    if refused.code == str(refused.status):
        return f"Check gcs.endpoint in connection {connection!r}: what answers at this address is not Google's API."
    return f"Check the bucket and connection {connection!r}."
