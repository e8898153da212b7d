"""Put Block From URL in front of a server that has it not, as Azure's reference describes it; all else is passed on."""

from __future__ import annotations

import base64
import hashlib
import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from devstack.azure import ACCOUNT, AzureServer

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient


class CopyingServer(ThreadingHTTPServer):
    """Listens on loopback; `copied` are the ranges that it has read from URLs."""

    def __init__(self, azure: AzureServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.azure = azure
        self.copied: list[str] = []

    def client(self) -> BlobServiceClient:
        """A client of the account through this server."""
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(
            f"http://127.0.0.1:{self.server_port}/{ACCOUNT}",
            credential={"account_name": ACCOUNT, "account_key": self.azure.key},
            use_env_settings=False,
            retry_total=0,
        )


@contextmanager
def copying(azure: AzureServer) -> Iterator[CopyingServer]:
    """Serve until the block ends."""
    with CopyingServer(azure) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: CopyingServer

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "x-ms-copy-source" in self.headers and "comp=block" in self.path:
            self._copy(self.headers["x-ms-copy-source"], self.headers["x-ms-source-range"])
            return
        request = http.client.HTTPConnection("127.0.0.1", self.server.azure.port, timeout=60)
        request.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            request.putheader(name, value)
        request.endheaders(body)
        answer = request.getresponse()
        self._answer(answer.status, dict(answer.getheaders()), answer.read())
        request.close()

    def _copy(self, source: str, wanted: str) -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(source, headers={"Range": wanted})) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            self._answer(error.code, {"x-ms-error-code": "CannotVerifyCopySource"}, b"")
            return
        if base64.b64encode(hashlib.md5(content).digest()).decode() != self.headers["x-ms-source-content-md5"]:
            self._answer(400, {"x-ms-error-code": "Md5Mismatch"}, b"")
            return
        url = urlsplit(self.path)
        container, _, name = unquote(url.path.removeprefix(f"/{ACCOUNT}/")).partition("/")
        (block,) = parse_qs(url.query)["blockid"]
        with self.server.azure.client() as client:
            client.get_blob_client(container, name).stage_block(base64.b64decode(block).decode(), content)
        self.server.copied.append(wanted)
        self._answer(201, {}, b"")

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        sent = {name.lower(): value for name, value in headers.items()}
        for name, value in sent.items():
            if name not in ("connection", "keep-alive", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        if "content-length" not in sent:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_DELETE = _pass_on  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Quietly."""
