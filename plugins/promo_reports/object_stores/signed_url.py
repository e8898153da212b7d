"""What a signed URL of an object grants, and how a browser saves what it gets from one."""

from __future__ import annotations

import re
from urllib.parse import quote

URL_SECONDS = 60
"""Seconds in which a download from a bucket must begin; it may take as long as it likes to end."""
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._ ()-]")


def content_disposition(name: str) -> str:
    """Return the header that makes a browser save a file under any name, with an ASCII one for older programs."""
    plain = _NOT_PLAIN.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
