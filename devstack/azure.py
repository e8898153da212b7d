"""A server that speaks Azure Blob Storage's protocol on loopback (Azurite, from npm), for tests without an account.

It keeps blobs in memory only. It checks account keys, shared access signatures and their times, and of tokens all but
who has signed them; it has no Put Block From URL. `make test-clouds` installs it into .cache/azurite.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from devstack.processes import ServerError, ServerProcess, on_free_port

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

ACCOUNT = "promoreports"
PROGRAM = Path(".cache/azurite/node_modules/azurite/dist/src/blob/main.js")
_OPTIONS = ("--inMemoryPersistence", "--skipApiVersionCheck", "--disableProductStyleUrl", "--silent")


class AzureServer:
    """The server process, with one storage account; `port` 0 is any free one.

    With a `certificate` and its key, both files, it serves HTTPS, and takes tokens of signed-in users.
    """

    def __init__(
        self, *, project: Path, log: Path, port: int = 0, certificate: tuple[Path, Path] | None = None
    ) -> None:
        self.port = 0
        self.key = base64.b64encode(secrets.token_bytes(32)).decode()
        self._program = project / PROGRAM
        self._preferred_port = port
        self._log = log
        self._certificate = certificate
        self._process: ServerProcess | None = None

    @property
    def account_url(self) -> str:
        """What clients take as `account_url`."""
        return f"{self._scheme}://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        """What an Airflow connection takes as `connection_string`."""
        return (
            f"DefaultEndpointsProtocol={self._scheme};AccountName={ACCOUNT};AccountKey={self.key};"
            f"BlobEndpoint={self.account_url};"
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        if not self._program.exists():
            raise ServerError(f"Azurite is not installed: {self._program} is missing. make test-clouds installs it.")
        self.port = on_free_port(self._preferred_port, self._start_on)

    def stop(self) -> None:
        """Stop the server, and with it forget every blob; harmless if it is not running."""
        if self._process:
            self._process.stop()
            self._process = None

    def client(self, **options: object) -> BlobServiceClient:
        """Return a client of this server with the account's key."""
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient.from_connection_string(self.connection_string, use_env_settings=False, **options)

    @property
    def _scheme(self) -> str:
        return "https" if self._certificate else "http"

    def _start_on(self, port: int) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        certificate, key = self._certificate or ("", "")
        tls = ["--cert", certificate, "--key", key, "--oauth", "basic"] if self._certificate else []
        process = ServerProcess(
            "Azurite",
            ["node", self._program, "--blobHost", "127.0.0.1", "--blobPort", str(port), *_OPTIONS, *tls],
            log=self._log,
            env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{self.key}"},
            cwd=self._log.parent,
            grace=5.0,
        )
        process.start()
        self._process = process
        try:
            process.wait_until(self._listens, timeout=120.0)
        except ServerError:
            self.stop()
            raise

    def _listens(self) -> bool:
        return self._log.exists() and "successfully listen" in self._log.read_text(errors="replace")

    def __enter__(self) -> AzureServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
