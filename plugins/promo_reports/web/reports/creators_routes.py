"""The route of the choices of the lists' Created By filter."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from promo_reports.web.airflow.access import SignedIn
from promo_reports.web.airflow.metadata import Metadata
from promo_reports.web.exports.authorized_lookup import readable_by
from promo_reports.web.queries.creators import creators_of_exports, creators_of_reports
from promo_reports.web.query_params import Search
from promo_reports.web.reports.models import Creators

router = APIRouter(tags=["lists"])


@router.get("/creators")
def creators(
    caller: SignedIn,
    session: Metadata,
    of: Literal["exports", "reports"] = "exports",
    q: Search = "",
) -> Creators:
    """Creators of the exports or reports that the caller may read; at most 200."""
    readable = readable_by(caller, session)
    found = creators_of_exports if of == "exports" else creators_of_reports
    return Creators(creators=list(found(session, readable, q)))
