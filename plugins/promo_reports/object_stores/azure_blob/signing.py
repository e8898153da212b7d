"""Signed URLs of blobs: with the account's key, or with a key that Azure gives to a signed-in user for some time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

_CLOCKS = timedelta(minutes=5)
"""By which clocks may differ, so that a key that begins now is valid already."""


def signed_url(client: BlobServiceClient, container: str, name: str, *, seconds: int, **headers: str) -> str | None:
    """Return a URL with which anybody may read a blob for some time; None if the client has nothing to sign with.

    A shared access signature signs nothing else. `headers` are those of the response: `content_disposition`,
    `cache_control`.
    """
    from azure.storage.blob import generate_blob_sas

    now = datetime.now(UTC)
    expiry = now + timedelta(seconds=seconds)
    key = _key(client, now - _CLOCKS, expiry)
    if key is None or client.account_name is None:
        return None
    token = generate_blob_sas(
        client.account_name,
        container,
        name,
        permission="r",
        expiry=expiry,
        protocol="https" if client.scheme == "https" else None,
        **key,
        **headers,
    )
    return f"{client.get_blob_client(container, name).url}?{token}"


def _key(client: BlobServiceClient, start: datetime, expiry: datetime) -> dict[str, Any] | None:
    credential: Any = client.credential
    if hasattr(credential, "account_key"):
        return {"account_key": credential.account_key}
    if hasattr(credential, "get_token"):
        return {"user_delegation_key": client.get_user_delegation_key(start, expiry)}
    return None
