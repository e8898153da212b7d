"""What the routes share: the project's registry, and the store as the list sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated

from airflow.utils.session import create_session
from fastapi import Depends
from sqlalchemy.orm import Session

from promo_reports.definitions.project import registry
from promo_reports.definitions.store.contents import CreatedReports, GitReports
from promo_reports.web.reports.pending import Pending


@cache
def created_reports() -> CreatedReports:
    """The created reports of this process's project."""
    return CreatedReports(registry().store)


@cache
def pending() -> Pending:
    """The reports that Airflow does not have yet, or no more."""
    return Pending(registry(), created_reports(), GitReports(registry().settings.reports))


@contextmanager
def metadata() -> Iterator[Session]:
    """A session of Airflow's metadata database; not the usual one, which belongs to a thread and not to a request."""
    with create_session(scoped=False) as session:
        yield session


def _of_request() -> Iterator[Session]:
    with metadata() as session:
        yield session


Metadata = Annotated[Session, Depends(_of_request)]
"""The session of one request."""
