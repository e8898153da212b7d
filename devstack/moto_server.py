"""The S3 protocol as a WSGI application (moto), and a program that serves it: `python moto_server.py PORT SOCKET`.

It is run as a file, so it must stay without the project's modules. Only the S3 part of moto is imported. What S3 does
and moto does not: conditional requests compare and put in one step, contents are compared with their SHA-256, and
`HeadObject` tells the checksum of an object in parts as `GetObject` does.
"""

from __future__ import annotations

import hashlib
import io
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

_application = DomainDispatcherApplication(create_backend_app)
_conditional = threading.Lock()
_BAD_DIGEST = b"<?xml version='1.0'?><Error><Code>BadDigest</Code><Message>The SHA256 did not match</Message></Error>"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request."""
    if environ["REQUEST_METHOD"] == "HEAD" and environ.get("HTTP_X_AMZ_CHECKSUM_MODE"):
        for _ in _answer({**environ, "REQUEST_METHOD": "GET"}, start_response):
            pass
        return []
    if not _sound(environ):
        start_response("400 Bad Request", [("Content-Type", "application/xml")])
        return [_BAD_DIGEST]
    return _answer(environ, start_response)


def _answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if "HTTP_IF_MATCH" not in environ and "HTTP_IF_NONE_MATCH" not in environ:
        answer: Iterable[bytes] = _application(environ, start_response)
        return answer
    with _conditional:
        conditional: Iterable[bytes] = _application(environ, start_response)
        return conditional


def _sound(environ: dict[str, Any]) -> bool:
    """Return False if the content is not what its checksum says."""
    expected: str | None = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
    if expected is None:
        return True
    content: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return b64encode(hashlib.sha256(content).digest()) == expected.encode()


def serve(host: str, port: int, served: Callable[..., Iterable[bytes]], socket: int | None = None) -> None:
    """Serve until the process ends; `socket` is the descriptor of one that listens already."""
    make_server(host, port, served, threaded=True, request_handler=MotoRequestHandler, fd=socket).serve_forever()


if __name__ == "__main__":
    serve("127.0.0.1", int(sys.argv[1]), application, int(sys.argv[2]))
