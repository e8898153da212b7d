"""A server of the S3 protocol that discards what it gets: `python -m benchmarks.uploads.discarding_s3 PORT`.

It keeps the sizes and headers of objects, takes any credentials, and answers uploads, `HeadObject` and deletions. The
checksum that it tells of an object is the one that was sent along, since it looks at no content.
"""

from __future__ import annotations

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

_AT_ONE_TIME = 4 << 20
_ETAG = '"0123456789abcdef0123456789abcdef"'


class Discarding(BaseHTTPRequestHandler):
    """One connection; what was begun and what is there is in the two tables of the class."""

    protocol_version = "HTTP/1.1"
    uploads: ClassVar[dict[str, dict[str, Any]]] = {}
    objects: ClassVar[dict[str, dict[str, Any]]] = {}

    def setup(self) -> None:
        """Have the answer sent at once."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = memoryview(bytearray(_AT_ONE_TIME))

    def do_POST(self) -> None:
        """Begin or complete an upload in parts."""
        key, query = self._asked()
        self._discard()
        if "uploads" in query:
            name, answer = uuid4().hex, "InitiateMultipartUploadResult"
            self.uploads[name] = {"size": 0, "headers": self._metadata()}
            self._answer(f"<{answer}><UploadId>{name}</UploadId></{answer}>")
        else:
            self.objects[key] = self.uploads.pop(query["uploadId"][0])
            answer = "CompleteMultipartUploadResult"
            self._answer(f"<{answer}><Key>x</Key><ETag>{_ETAG}</ETag></{answer}>")

    def do_PUT(self) -> None:
        """Take an object, or a part of one."""
        key, query = self._asked()
        size = self._discard()
        if "uploadId" in query:
            self.uploads[query["uploadId"][0]]["size"] += size
        else:
            self.objects[key] = {"size": size, "headers": self._metadata()}
        self._answer("", ETag=_ETAG)

    def do_HEAD(self) -> None:
        """Tell what was sent along with an object."""
        found = self.objects.get(self._asked()[0])
        if found is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(found["size"]))
        self.send_header("ETag", _ETAG)
        self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        for name, value in found["headers"].items():
            self.send_header(name, value)
        self.end_headers()

    def do_DELETE(self) -> None:
        """Forget an object or an upload."""
        key, query = self._asked()
        self.uploads.pop(query.get("uploadId", [""])[0], None)
        self.objects.pop(key, None)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quietly."""

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        url = urlsplit(self.path)
        return url.path, parse_qs(url.query, keep_blank_values=True)

    def _metadata(self) -> dict[str, str]:
        sent = {name.lower(): value for name, value in self.headers.items()}
        kept = {name: value for name, value in sent.items() if name.startswith("x-amz-meta-")}
        checksum = sent.get("x-amz-checksum-sha256") or kept.get("x-amz-meta-sha256-composite")
        return {**kept, **({"x-amz-checksum-sha256": checksum} if checksum else {})}

    def _discard(self) -> int:
        """Take the body of a request without having the kernel copy it."""
        size = left = int(self.headers.get("Content-Length") or 0)
        if left:
            left -= len(self.rfile.read(min(left, len(self.rfile.peek()))))  # type: ignore[attr-defined]
        while left:
            taken = self.connection.recv_into(self._rest, min(left, _AT_ONE_TIME), socket.MSG_TRUNC)
            if not taken:
                raise ConnectionError("the client has gone")
            left -= taken
        return size

    def _answer(self, text: str, **headers: str) -> None:
        body = text.encode()
        self.send_response(200)
        for name, value in {**headers, "Content-Type": "application/xml", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Discarding) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
