"""A server that speaks the S3 protocol on loopback (moto), for exports to a bucket without a cloud account.

It keeps objects in memory only, and accepts any credentials: what a wrong key or an expired URL does cannot be learnt
here.
"""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from devstack.processes import ServerProcess, listening_socket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFERRED_PORT = 54321

_PROGRAM = Path(__file__).with_name("moto_server.py")

REGION = "us-east-1"
ACCESS_KEY = "demo"
SECRET_KEY = "demo-secret"  # noqa: S105 - the server takes any


class S3Server:
    """The server process and its buckets; `buckets` are made at each start, since nothing is kept."""

    def __init__(self, *, log: Path, port: int | None = None, buckets: Iterable[str] = ()) -> None:
        self.port = 0
        self._preferred_port = PREFERRED_PORT if port is None else port
        self._buckets = tuple(buckets)
        self._log = log
        self._process: ServerProcess | None = None

    @property
    def endpoint_url(self) -> str:
        """What clients take as `endpoint_url`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the server's guard."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the server is up."""
        return self._process is not None and self._process.running

    def launch(self) -> None:
        """Start the server without waiting for it; `wait_ready` does that."""
        with listening_socket(self._preferred_port) as listener:
            self.port = listener.getsockname()[1]
            self._process = ServerProcess(
                "The S3 server",
                [sys.executable, str(_PROGRAM), str(self.port), str(listener.fileno())],
                log=self._log,
                grace=5.0,
                pass_fds=[listener.fileno()],
            )
            self._process.start()

    def wait_ready(self) -> None:
        """Wait until it answers, and make the buckets."""
        if self._process is None:
            self.launch()
        if self._process is not None:
            self._process.wait_until(self._answers, timeout=60.0)
        client = self.client()
        for bucket in self._buckets:
            client.create_bucket(Bucket=bucket)

    def start(self) -> None:
        """Start the server, wait until it answers and make the buckets."""
        self.launch()
        self.wait_ready()

    def stop(self) -> None:
        """Stop the server, and with it forget every object; harmless if it is not running."""
        if self._process:
            self._process.stop()
            self._process = None

    def client(self) -> S3Client:
        """A boto3 client of this server."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, proxies={}),
        )

    def _answers(self) -> bool:
        request = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2.0)
        try:
            request.request("GET", "/")
            return request.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            request.close()

    def __enter__(self) -> S3Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
