"""ETags of blobs, and requests on their condition."""

from __future__ import annotations

from typing import Any


def tag_of(etag: str) -> str:
    """Return an ETag as responses have it; listings leave out its quotes."""
    return '"{}"'.format(etag.strip('"'))


def if_still(tag: str) -> dict[str, Any]:
    """Return the options of a request that Azure refuses with ConditionNotMet unless the blob has this ETag."""
    from azure.core import MatchConditions

    return {"etag": tag, "match_condition": MatchConditions.IfNotModified}
