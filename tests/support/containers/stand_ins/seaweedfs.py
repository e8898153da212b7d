"""moto where the compose file has SeaweedFS: its port, and the address that its health check asks."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto_server import application, serve  # type: ignore[import-not-found]

HELD = Path("/data/held")
"""A regular expression of requests that wait while the file is there: `PUT /bucket/key`."""


def hold(asked: str) -> None:
    """Let a request wait, and tell which one in a file beside it."""
    while HELD.exists() and re.search(HELD.read_text().strip() or "$.", asked):
        HELD.with_name("waiting").write_text(asked)
        time.sleep(0.1)


def with_health(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer /healthz, and let moto answer all else."""
    hold(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
    if environ["PATH_INFO"] == "/healthz":
        start_response("200 OK", [])
        return []
    answer: Iterable[bytes] = application(environ, start_response)
    return answer


# Nothing ends the first process of a container but what it handles.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
serve("0.0.0.0", 8333, with_health)
