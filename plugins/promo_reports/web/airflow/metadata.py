"""The session of Airflow's metadata database that a request works in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session

from promo_reports.orchestration.airflow_internals import metadata_session


def _of_request() -> Iterator[Session]:
    with metadata_session() as session:
        yield session


Metadata = Annotated[Session, Depends(_of_request)]
"""The session of one request."""
