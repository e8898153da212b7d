"""Creators of exports and reports: the choices of the lists' filter."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from promo_reports.web.queries import airflow_tables as tables
from promo_reports.web.queries.airflow_tables import Column, dag
from promo_reports.web.queries.exports import ours
from promo_reports.web.queries.filters import Readable
from promo_reports.web.queries.reports import recurring

MOST = 200


def creators_of_exports(session: Session, readable: Readable, search: str = "") -> tuple[str, ...]:
    """Return the creators of the exports that the caller may read, sorted, at most 200; `search` as in the lists."""
    return _creators(session, tables.export_created_by, tables.exports, ours(readable, session), search)


def creators_of_reports(session: Session, readable: Readable, search: str = "") -> tuple[str, ...]:
    """Return the creators of the recurring reports in Airflow that the caller may read; as for exports."""
    source, where = recurring(readable, session)
    return _creators(session, sa.func.coalesce(dag.c.owners, ""), source, where, search)


def _creators(
    session: Session, name: Column, source: sa.FromClause, where: list[Column], search: str
) -> tuple[str, ...]:
    found = [tables.contains(sa.func.lower(name), search)] if search else []
    names = sa.select(name.label("name")).select_from(source).where(*where, *found).distinct().subquery("creators")
    statement = sa.select(names.c.name).where(names.c.name != "").order_by(sa.func.lower(names.c.name), names.c.name)
    return tuple(session.scalars(statement.limit(MOST)))
