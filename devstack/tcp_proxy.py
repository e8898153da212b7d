"""A TCP proxy before a server on loopback that can stall, cut and slow its connections.

    python -m devstack.tcp_proxy <server's port> <bytes per second>

listens on a free port of loopback, prints it, and ends with its standard input.
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


class TcpProxy:
    """Forward each connection to `port`; bytes to the client pass at `rate` a second on each, 0 is no limit.

    While stalled it accepts connections and keeps them, and passes no byte on in either direction.
    """

    def __init__(self, port: int, *, rate: float = 0) -> None:
        self._server, self.rate = port, rate
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._flows = threading.Event()
        self._flows.set()
        self._changing = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._until_stall: int | None = None
        self._question: bytes | None = None
        self._closed = False
        self.stalled = threading.Event()
        self.accepted = 0

    def __enter__(self) -> TcpProxy:
        threading.Thread(target=self._accept, name="tcp-proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # else it listens as long as `accept` waits
        self._listening.close()
        self.cut()
        self._flows.set()

    def stall(self, *, after: int = 0) -> None:
        """Pass nothing on any more once `after` further bytes have gone to clients."""
        with self._changing:
            self._until_stall = after
            if after == 0:
                self._stall_now()

    def stall_at(self, question: bytes) -> None:
        """Pass nothing on any more once a client has sent `question`, which the server still gets."""
        self._question = question

    def resume(self) -> None:
        """Pass on what was held back, and all that follows."""
        with self._changing:
            self._until_stall = self._question = None
            self.stalled.clear()
            self._flows.set()

    def cut(self) -> None:
        """Close every connection on both sides."""
        with self._changing:
            sockets, self._sockets = self._sockets, []
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def address(self, url: str) -> str:
        """A URL of the server, by way of this proxy."""
        return url.replace(f":{self._server}/", f":{self.port}/", 1)

    def _stall_now(self) -> None:
        self._flows.clear()
        self.stalled.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                with self._changing:
                    self._sockets.append(client)
                    self.accepted += 1
                threading.Thread(target=self._serve, args=(client,), name="tcp-proxy", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            self._flows.wait()
            if self._closed:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server))
            except OSError:
                return
            with server:
                with self._changing:
                    self._sockets.append(server)
                asking = threading.Thread(target=self._ask, args=(client, server), name="tcp-proxy", daemon=True)
                asking.start()
                self._answer(server, client)
                asking.join()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := client.recv(_CHUNK):
                self._flows.wait()
                server.sendall(chunk)
                if self._question is not None and self._question in chunk:
                    self.stall()
        self._end(server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        free_at = time.monotonic()
        with contextlib.suppress(OSError):
            while chunk := server.recv(_CHUNK):
                self._flows.wait()
                client.sendall(self._up_to_the_stall(chunk))
                if self.rate:
                    now = time.monotonic()
                    free_at = max(free_at, now - _AT_ONCE) + len(chunk) / self.rate
                    time.sleep(max(0.0, free_at - now))
        self._end(client)

    def _up_to_the_stall(self, chunk: bytes) -> bytes:
        with self._changing:
            if self._until_stall is None:
                return chunk
            passed = chunk[: self._until_stall]
            self._until_stall -= len(passed)
            if self._until_stall == 0:
                self._stall_now()
        return passed  # what is cut off here is lost: nothing follows it until `resume`, which no test needs then

    @staticmethod
    def _end(line: socket.socket) -> None:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def rate_limited(port: int, rate: float) -> Iterator[int]:
    """Such a proxy with a rate, in a process of its own, so that it competes with nobody's interpreter; its port."""
    command = [sys.executable, "-m", "devstack.tcp_proxy", str(port), str(rate)]
    project = Path(__file__).resolve().parents[1]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=project) as proxy:
        assert proxy.stdout  # noqa: S101 - for mypy
        try:
            yield int(proxy.stdout.readline())
        finally:
            proxy.communicate()


def main(port: int, rate: float) -> None:
    """Serve until standard input ends."""
    with TcpProxy(port, rate=rate) as proxy:
        sys.stdout.write(f"{proxy.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
