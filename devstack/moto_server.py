"""The S3 protocol as a WSGI application (moto), and a program that serves it: `python moto_server.py PORT SOCKET`.

It is run as a file, so it must stay without the project's modules. Only the S3 part of moto is imported.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

_application = DomainDispatcherApplication(create_backend_app)
_conditional = threading.Lock()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request: conditional ones one by one, since S3 compares and puts in one step and moto in two."""
    if "HTTP_IF_MATCH" not in environ and "HTTP_IF_NONE_MATCH" not in environ:
        answer: Iterable[bytes] = _application(environ, start_response)
        return answer
    with _conditional:
        conditional: Iterable[bytes] = _application(environ, start_response)
        return conditional


def serve(host: str, port: int, served: Callable[..., Iterable[bytes]], socket: int | None = None) -> None:
    """Serve until the process ends; `socket` is the descriptor of one that listens already."""
    make_server(host, port, served, threaded=True, request_handler=MotoRequestHandler, fd=socket).serve_forever()


if __name__ == "__main__":
    serve("127.0.0.1", int(sys.argv[1]), application, int(sys.argv[2]))
