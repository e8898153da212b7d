"""The promo data's loader in a process of its own: its memory ends with it, and stopping it is stopping a process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from devstack.processes import ServerError, ServerProcess

# The connection URL holds a password: it goes through the environment, to stay out of `ps`.
_PROGRAM = """
import functools, os
from include.demo.load import load
load(os.environ["PROMO_DSN"], renew=True, progress=functools.partial(print, flush=True))
"""


class PromoLoader:
    """`include.demo.load` at work; a database that is loaded already takes it a moment."""

    def __init__(self, dsn: str, *, project: Path, log: Path, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._read = 0
        self._ended = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="promo data", daemon=True)
        self._process = ServerProcess(
            "The promo data loader",
            [sys.executable, "-c", _PROGRAM],
            log=log,
            env={**os.environ, "PROMO_DSN": dsn},
            cwd=project,
            grace=3.0,
        )

    def start(self) -> None:
        """Start loading, and return at once; what the loader says is passed on as it comes."""
        log = self._process.log
        self._read = log.stat().st_size if log.exists() else 0
        self._process.start()
        self._listener.start()

    def wait(self) -> None:
        """Wait until it is done; ServerError if it fails."""
        status = self._process.wait()
        self._end_listening()
        if status:
            raise ServerError(f"The promo data could not be loaded (status {status}). See {self._process.log}")

    def stop(self) -> None:
        """Stop loading; the database is as empty as before. Harmless if it is done."""
        self._process.stop()
        self._end_listening()

    def _listen(self) -> None:
        ended = False
        while not ended:
            ended = self._ended.wait(0.1)
            with self._process.log.open("rb") as log:
                log.seek(self._read)
                whole_lines, newline, _ = log.read().rpartition(b"\n")
            self._read += len(whole_lines) + len(newline)
            for line in whole_lines.decode(errors="replace").splitlines():
                self._tell(f"Promo data: {line}")

    def _end_listening(self) -> None:
        self._ended.set()
        if self._listener.is_alive():
            self._listener.join()
