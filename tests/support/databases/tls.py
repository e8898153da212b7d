"""A server that speaks TLS to libpq before a PostgreSQL that was built without it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_CHUNK = 1 << 16
_SSL_REQUEST = 8  # bytes


@contextlib.contextmanager
def tls_before_postgres(port: int, directory: Path) -> Iterator[int]:
    """The port of such a server, whose certificate is in `directory`/server.pem."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(directory / "server.pem"))
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = [writer]
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await reader.readexactly(_SSL_REQUEST)
                writer.write(b"S")
                await writer.start_tls(context)
                there, here = await asyncio.open_connection("127.0.0.1", port)
                opened.append(here)
                await asyncio.gather(_carry(reader, here), _carry(there, writer))
        finally:
            for each in opened:
                each.transport.abort()
                with contextlib.suppress(OSError):
                    await each.wait_closed()  # else its socket outlives the loop

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        listening.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with contextlib.suppress(BaseException):
                await task

    listening: list[int] = []
    ready, stop = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), name="tls", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield listening[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(_CHUNK):
            target.write(chunk)
            await target.drain()
    finally:
        target.close()


def _certificate(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
