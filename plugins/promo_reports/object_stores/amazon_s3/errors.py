"""Translate errors of S3: who has to act, and whether a retry can help.

Messages contain the bucket, the connection, the operation and S3's error code only. S3's own text, URLs and request ids
are left out, as they may hold access keys and signatures.
"""

from __future__ import annotations

from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.advice import grant, name_it_rightly
from promo_reports.object_stores.bucket_access import Answer

EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
"""A new client may get fresh credentials from the connection."""

_CREDENTIALS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidSecurity", *EXPIRED}
_REGION = {"PermanentRedirect", "301", "307", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_BUCKET = {"NoSuchBucket", "InvalidBucketName", "AllAccessDisabled"}
_PASSING = {
    *("RequestTimeout", "RequestTimeoutException", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequests"),
    *(
        "InternalError",
        "ServiceUnavailable",
        "BandwidthLimitExceeded",
        "OperationAborted",
        "IncompleteBody",
        "BadDigest",
    ),
    *(
        "ConditionalRequestConflict",
        "PreconditionFailed",
        "NoSuchUpload",
        "XAmzContentSHA256Mismatch",
        "XAmzContentChecksumMismatch",
    ),
}
_MISCONFIGURED = (
    *("NoCredentialsError", "PartialCredentialsError", "ParamValidationError", "NoRegionError", "ProfileNotFound"),
    *("InvalidRegionError", "UnknownSignatureVersionError", "InvalidS3AddressingStyleError", "ConfigParseError"),
)


def answer(error: BaseException) -> Answer | None:
    """Return S3's response in an exception of botocore or of boto3's transfer manager, or None if there was none."""
    from botocore.exceptions import ClientError

    if type(error).__name__ == "S3CopyFailedError":  # of boto3's transfer manager: the source was replaced meanwhile
        return Answer("PreconditionFailed", 412, "UploadPartCopy")
    if not isinstance(error, ClientError):
        return None
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error.response.get("Error", {}).get("Code") or str(status)
    operation = error.operation_name
    # A HEAD has no body, so that expired credentials are a bare 400 there.
    expired = code in EXPIRED or (code == "400" and operation.startswith("Head"))
    return Answer(code, status, operation, expired)


def meaning(error: Exception, *, bucket: str, connection: str) -> PromoReportsError | None:
    """Return the error of the product for one of boto3, or None if it does not concern S3."""
    where = f"Bucket {bucket!r} of connection {connection!r}"
    refused = answer(error)
    return _without_answer(error, where, connection) if refused is None else _of_answer(refused, where, connection)


def _of_answer(refused: Answer, where: str, connection: str) -> PromoReportsError:
    what = f"{where} answers {refused.operation} with {refused.code}"
    if refused.code in _PASSING or refused.status in (408, 429) or (refused.status >= 500 and refused.status != 501):
        return DestinationUnavailable(f"{what}.", "If it lasts, look at the storage provider's status.")
    return DestinationRefused(f"{what}.", _fix(refused, connection))


def _without_answer(error: Exception, where: str, connection: str) -> PromoReportsError | None:
    from botocore.exceptions import BotoCoreError
    from botocore.parsers import ResponseParserError

    name = type(error).__name__
    if name in _MISCONFIGURED:
        return DestinationRefused(f"{where} cannot be used ({name}).", f"Correct the connection {connection!r}.")
    if isinstance(error, RecursionError):  # botocore looks for the region, where a redirect does not name it
        return DestinationRefused(f"{where} is in another region.", _region(connection))
    if isinstance(error, BotoCoreError | KeyError | ResponseParserError):
        how = "cannot be reached" if isinstance(error, BotoCoreError) else "is answered by what is no S3 server"
        return DestinationUnavailable(
            f"{where} {how} ({name}).", f"Check the network and endpoint_url in connection {connection!r}."
        )
    if isinstance(error, OSError) and error.filename:  # of a token: those of exports are opened outside of requests
        return DestinationRefused(
            f"{where} cannot be used: {error.filename} cannot be read ({error.strerror}).",
            f"Mount the file that connection {connection!r} names, or correct its extra.",
        )
    return None


def _fix(refused: Answer, connection: str) -> str:
    if refused.code in _BUCKET:
        return name_it_rightly("bucket")
    if refused.code in _CREDENTIALS or refused.expired:
        return f"Renew the credentials in the Airflow connection {connection!r}."
    if refused.code in _REGION:
        return _region(connection)
    if refused.code == "RequestTimeTooSkewed":
        return "Set this host's clock."
    if refused.status == 403:
        operation = refused.operation
        return (
            f"Have role_arn in the extra of connection {connection!r} trust whoever assumes it."
            if operation.startswith("AssumeRole")
            else grant(connection, operation)
        )
    return f"Check the bucket, and endpoint_url in connection {connection!r}."


def _region(connection: str) -> str:
    return f"Set region_name in the extra of connection {connection!r} to the bucket's region."
