"""moto where the compose file has SeaweedFS: its port, and the address that its health check asks."""

from __future__ import annotations

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


serve("0.0.0.0", 8333, with_health)
