"""Sessions of Airflow's metadata database in the api-server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from airflow.utils.session import create_session
from fastapi import Depends
from sqlalchemy.orm import Session


@contextmanager
def metadata() -> Iterator[Session]:
    """Yield a session of the request's own, committed at the end; Airflow's default session belongs to a thread."""
    with create_session(scoped=False) as session:
        yield session


def _of_request() -> Iterator[Session]:
    with metadata() as session:
        yield session


Metadata = Annotated[Session, Depends(_of_request)]
"""The session of one request."""
