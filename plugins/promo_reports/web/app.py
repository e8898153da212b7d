"""The FastAPI application mounted at `/promo-reports`: the API below `api/`, the page's bundle below `ui/`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import FileResponse, Response

from promo_reports.definitions.report.form import DefinitionForm
from promo_reports.domain.dates.schedule import Frequency, Interval
from promo_reports.domain.export_status import ExportStatus, ReportStatus
from promo_reports.web.airflow.access import AuthenticatedFirst, Caller, authenticated, signed_in
from promo_reports.web.destinations import routes as destinations
from promo_reports.web.downloads import routes as downloads
from promo_reports.web.error_handlers import handle_refusals
from promo_reports.web.exports import routes as exports
from promo_reports.web.form import creation_routes as creating
from promo_reports.web.form import routes as form
from promo_reports.web.limits import JsonOfLimitedSize, NotKept, PlainPath
from promo_reports.web.models import ErrorAnswer
from promo_reports.web.reports import creators_routes as creators
from promo_reports.web.reports import past_windows_routes as past_windows
from promo_reports.web.reports import routes as reports

_LABELLED: tuple[type[ExportStatus | ReportStatus | Interval | Frequency], ...] = (
    ExportStatus,
    ReportStatus,
    Interval,
    Frequency,
)
BUNDLE = Path(__file__).parent / "static" / "main.js"
DESCRIPTION = """\
Everything that the Reports page does, for scripts. Sign in with your own token from Airflow's `POST /auth/token` and
send it as `Authorization: Bearer`. Every refusal has one shape: `{"error": {status, code, reason, fix, problems}}`.
Times have the account's offset. Lists are paged by `cursor`. `POST /reports` takes an `Idempotency-Key`.
"""
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer} for status in (401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503)
}


def make_app(authenticate: Callable[[Request], Awaitable[Caller]] = authenticated) -> FastAPI:
    """Return the application; `authenticate` runs before every route: Airflow mounts it without authentication."""
    # Swagger UI loads its code from a CDN: only the description is served, and only to authenticated users.
    app = FastAPI(
        title="Promo Reports",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        responses=_REFUSALS,
    )
    # The middleware added last runs first.
    app.add_middleware(JsonOfLimitedSize)
    app.add_middleware(PlainPath)
    app.add_middleware(AuthenticatedFirst, authenticate=authenticate)
    app.add_middleware(NotKept)
    handle_refusals(app)
    signed = [Depends(signed_in)]
    for each in (form, exports, downloads, reports, creating, past_windows, creators, destinations):
        app.include_router(each.router, prefix="/api", dependencies=signed)
    app.include_router(_about(app), dependencies=signed)
    return app


def description_of(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description; `x-labels` has the words for each value of an enum that people see."""
    described = get_openapi(title=app.title, version="1", description=DESCRIPTION, routes=app.routes)
    schemas = described["components"]["schemas"]
    del schemas[DefinitionForm.__name__]  # which `DefinitionBody` is described by, without `id` and `owner`
    for each in _LABELLED:
        schemas[each.__name__]["x-labels"] = {value.value: value.label for value in each}
    return described


def _about(app: FastAPI) -> APIRouter:
    router = APIRouter()
    described = cache(lambda: description_of(app))

    @router.get("/api/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, Any]:
        """The OpenAPI description."""
        return described()

    @router.get("/ui/main.js", include_in_schema=False)
    def bundle() -> Response:
        """The page's bundle; its URL has a hash of its content."""
        return FileResponse(
            BUNDLE,
            media_type="text/javascript; charset=utf-8",
            headers={"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"},
        )

    return router
