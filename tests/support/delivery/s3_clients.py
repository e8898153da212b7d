"""Clients of S3 of which some operations do something else, and what S3 answers then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class Wrapped:
    """A client of which some operations are replaced."""

    def __init__(self, client: Any, **replaced: Callable[..., Any]) -> None:
        self._client = client
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced.get(name) or getattr(self._client, name)


def refusal(code: str, status: int, operation: str) -> Exception:
    """An answer of S3 with a text that holds what must not be repeated."""
    from botocore.exceptions import ClientError

    text = f"The key {KEY} with https://x.example/?X-Amz-Signature=feedface is not good"
    answer: Any = {
        "Error": {"Code": code, "Message": text, "AWSAccessKeyId": KEY},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, operation)


def raising(error: Exception) -> Callable[..., Any]:
    """An operation that fails."""

    def operation(*_: object, **__: object) -> None:
        raise error

    return operation
