"""A proxy that gives each connection a rate of its own: a server that is slower per connection than its client.

    python -m benchmarks.slow_lines <server's port> <bytes per second>

It listens on a free port of loopback, prints it, and ends with its standard input.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 16
_AT_ONCE = 0.02  # seconds of a rate that may pass at once after a pause


@contextlib.contextmanager
def slow_lines(port: int, rate: float) -> Iterator[int]:
    """Such a proxy in a process of its own; its port."""
    command = [sys.executable, "-m", "benchmarks.slow_lines", str(port), str(rate)]
    project = Path(__file__).resolve().parent.parent
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=project) as proxy:
        assert proxy.stdout  # noqa: S101 - it was asked for
        try:
            yield int(proxy.stdout.readline())
        finally:
            proxy.communicate()


def _carry(source: socket.socket, target: socket.socket, rate: float = 0) -> None:
    """Pass bytes on until the source ends, on average never more than `rate` of them a second; 0 is no limit."""
    free_at = time.monotonic()
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
            if rate:
                now = time.monotonic()
                free_at = max(free_at, now - _AT_ONCE) + len(chunk) / rate
                time.sleep(max(0.0, free_at - now))
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _serve(client: socket.socket, port: int, rate: float) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        asking = threading.Thread(target=_carry, args=(client, server), daemon=True)
        asking.start()
        _carry(server, client, rate)
        asking.join()


def _accept(listening: socket.socket, port: int, rate: float) -> None:
    while True:
        client, _ = listening.accept()
        threading.Thread(target=_serve, args=(client, port, rate), daemon=True).start()


def main(port: int, rate: float) -> None:
    """Serve until standard input ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_accept, args=(listening, port, rate), daemon=True).start()
        print(listening.getsockname()[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
