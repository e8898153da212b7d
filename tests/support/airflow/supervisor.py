"""Airflow's supervisor as far as a task state store needs it: the other end of the task's own conversation."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from airflow.sdk._shared.state import TaskScope
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time.comms import (
    CommsDecoder,
    ErrorResponse,
    OKResponse,
    TaskStateStoreResult,
    _RequestFrame,
    _ResponseFrame,
)
from airflow.sdk.execution_time.context import TaskStateStoreAccessor

Asked = dict[str, Any]


class Supervisor:
    """Answers on a thread of its own and keeps what it is asked to; `before` runs ahead of each answer.

    What `before` raises is the answer: an error, as of an api-server that is away.
    """

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.asked: list[Asked] = []
        self.before: Callable[[Asked], None] = lambda _: None
        here, there = socket.socketpair()
        self._socket, self._theirs = here, there
        self.comms: Any = CommsDecoder(socket=there)
        self.store = TaskStateStoreAccessor(uuid4(), TaskScope("dag", "run", "task", -1))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._theirs.close()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        decoder = msgspec.msgpack.Decoder(_RequestFrame)
        with self._socket.makefile("rb") as requests:
            while head := requests.read(4):
                frame = decoder.decode(requests.read(int.from_bytes(head, "big")))
                self._socket.sendall(self._answer(frame).as_bytes())

    def _answer(self, frame: Any) -> Any:
        asked = frame.body
        self.asked.append(asked)
        try:
            self.before(asked)
        except Exception as why:
            error = {"error": "API_SERVER_ERROR", "detail": {"message": str(why)}, "type": "ErrorResponse"}
            return _ResponseFrame(frame.id, None, error)
        if asked["type"] == "ClearTaskStateStore":
            self.kept.clear()
        elif asked["type"] == "GetTaskStateStore":
            if asked["key"] not in self.kept:
                missing = ErrorResponse(error=ErrorType.TASK_STORE_NOT_FOUND, detail={"key": asked["key"]})
                return _ResponseFrame(frame.id, missing.model_dump())
            return _ResponseFrame(frame.id, TaskStateStoreResult(value=self.kept[asked["key"]]).model_dump())
        elif asked["type"] == "DeleteTaskStateStore":
            self.kept.pop(asked["key"], None)
        elif asked["type"] != "MaskSecret":  # which a connection's password is, before the task logs anything
            self.kept[asked["key"]] = asked["value"]
        return _ResponseFrame(frame.id, OKResponse(ok=True).model_dump())


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """The supervisor of this process, taken for a task's."""
    from airflow.sdk.execution_time import task_runner

    supervisor = Supervisor()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor.comms, raising=False)
    yield supervisor
    supervisor.close()
