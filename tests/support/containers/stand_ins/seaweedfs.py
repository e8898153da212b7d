"""moto where the compose file has SeaweedFS: its port, and the address that its health check asks."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any

from moto_server import application, serve  # type: ignore[import-not-found]


def with_health(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer /healthz, and let moto answer all else."""
    if environ["PATH_INFO"] == "/healthz":
        start_response("200 OK", [])
        return []
    answer: Iterable[bytes] = application(environ, start_response)
    return answer


# Nothing ends the first process of a container but what it handles.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
serve("0.0.0.0", 8333, with_health)
