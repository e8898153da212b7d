"""Authentication and authorization through Airflow's auth manager, which no other module imports (decisions, 11).

Airflow mounts the applications of plugins without authentication: `AuthenticatedFirst` authenticates each request
before anything else reads it. Authorization is for the DAG of a report, which is resolved on the server and never named
by the request.

| internal of Airflow, as of 3.3.2 | since | used for |
|---|---|---|
| `airflow.api_fastapi.app.get_auth_manager` | 3.0 | the auth manager of this api-server |
| `core_api.security.get_user(request, ...)` | 3.2 | the user of the cookie |
| `core_api.security.resolve_user_from_token` | 3.1 | the user of a bearer token |
| `BaseAuthManager.is_authorized_dag` with `DagAccessEntity` and `DagDetails(id, team_name)` | 3.1 | each right |
| `BaseAuthManager.filter_authorized_dag_ids(team_name=...)` | 3.2 | the rights to all DAGs of a list at once |
| `BaseAuthManager.is_authorized_connection` | 3.0 | operators, who may test connections |
| the same with `ConnectionDetails(conn_id)` | 3.0 | who may read the connection of a promo database |
| `BaseAuthManager.generate_jwt`, `COOKIE_NAME_JWT_TOKEN` | 3.0 | a token for Airflow's API |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user, resolve_user_from_token
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from promo_reports.orchestration.airflow_internals import configuration, team_names
from promo_reports.web.error_handlers import Refusal, forbidden, response_to, unauthenticated
from promo_reports.web.models import ErrorCode

PAGE_HEADER = "x-requested-with"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_CALLER = "promo_reports.caller"
_bearer = HTTPBearer(auto_error=False)


@dataclass(frozen=True)
class Caller:
    """An authenticated user; `token` is their own bearer token for Airflow's API."""

    user: Any
    token: str

    @property
    def id(self) -> str:
        """Return the user id, which never changes."""
        return str(self.user.get_id())

    @property
    def name(self) -> str:
        """Return the name that Airflow stores with the runs that they start (product-spec, "Created By")."""
        return str(self.user.get_name())

    def may_read(self, dag_id: str) -> bool:
        """Return whether they may list, open and download the exports of a DAG."""
        return self._allowed("GET", dag_id, DagAccessEntity.RUN) and self._allowed("GET", dag_id)

    def may_export(self, dag_id: str) -> bool:
        """Return whether they may start an export, which is a run of the DAG."""
        return self.may_read(dag_id) and self._allowed("POST", dag_id, DagAccessEntity.RUN)

    def may_change_exports(self, dag_id: str) -> bool:
        """Return whether they may retry and cancel the DAG's exports."""
        return self.may_read(dag_id) and self._allowed("PUT", dag_id, DagAccessEntity.RUN)

    def may_change(self, dag_id: str) -> bool:
        """Return whether they may create, stop, resume and delete the report of the DAG."""
        return self.may_read(dag_id) and self._allowed("PUT", dag_id)

    @property
    def operates(self) -> bool:
        """Return whether they are an operator: whoever may test connections in Airflow, whose secrets a check uses."""
        return bool(get_auth_manager().is_authorized_connection(method="POST", user=self.user))

    def may_read_connection(self, connection_id: str) -> bool:
        """Return whether they may read a connection in Airflow, such as that of a promo database."""
        details = ConnectionDetails(conn_id=connection_id)
        return bool(get_auth_manager().is_authorized_connection(method="GET", details=details, user=self.user))

    def readable(self, dag_ids: Collection[str]) -> set[str]:
        """Return the DAGs for which `may_read` is true, with one query of the auth manager for each team."""
        manager = get_auth_manager()
        return {
            each
            for team, ours in _by_team(dag_ids).items()
            for each in manager.filter_authorized_dag_ids(dag_ids=ours, user=self.user, method="GET", team_name=team)
            if self._may("GET", each, DagAccessEntity.RUN, team)
        }

    def _allowed(self, method: Any, dag_id: str, entity: DagAccessEntity | None = None) -> bool:
        (team,) = _by_team([dag_id])
        return self._may(method, dag_id, entity, team)

    def _may(self, method: Any, dag_id: str, entity: DagAccessEntity | None, team: str | None) -> bool:
        details = DagDetails(id=dag_id, team_name=team)
        manager = get_auth_manager()
        return bool(manager.is_authorized_dag(method=method, access_entity=entity, details=details, user=self.user))


def _by_team(dag_ids: Collection[str]) -> dict[str | None, set[str]]:
    """Group DAGs by the team that owns them; all under None unless Airflow has teams."""
    teams = team_names(dag_ids)
    found: dict[str | None, set[str]] = {}
    for each in dag_ids:
        found.setdefault(teams.get(each), set()).add(each)
    return found


async def authenticated(request: Request) -> Caller:
    """Return the caller, by a bearer token or Airflow's cookie.

    Raise `Refusal`: 401 for nobody, 403 for a request with the cookie alone that another site's page made.
    """
    bearer = await _bearer(request)
    try:
        # Given a token, `get_user` of Airflow 3.3.0 and 3.3.1 still returns the cookie's user if there is one.
        user = await (resolve_user_from_token(bearer.credentials) if bearer else get_user(request, None, None))
    except HTTPException:
        raise unauthenticated() from None
    if bearer is None and request.method not in _READS:
        _refuse_other_sites(request)
    token = bearer.credentials if bearer else request.cookies.get(COOKIE_NAME_JWT_TOKEN)
    return Caller(user, token or get_auth_manager().generate_jwt(user))


class AuthenticatedFirst:
    """Middleware that answers 401 or 403 before the path, method or body of a request is read."""

    def __init__(self, app: ASGIApp, authenticate: Callable[[Request], Awaitable[Caller]] = authenticated) -> None:
        self._app, self._authenticate = app, authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate the request and pass it on."""
        if scope["type"] != "http":  # no route takes a WebSocket: it is closed
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            scope[_CALLER] = await self._authenticate(request)
        except (Refusal, OperationalError, PoolTimeout) as error:
            await response_to(request, error)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def signed_in(
    request: Request, _bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
) -> Caller:
    """Return the caller that `AuthenticatedFirst` stored; the parameter is for the OpenAPI description."""
    caller: Caller = request.scope[_CALLER]
    return caller


SignedIn = Annotated[Caller, Depends(signed_in)]


def require(allowed: bool, what: str) -> None:
    """Raise 403 unless `allowed`; for what the caller may see, but not do."""
    if not allowed:
        raise forbidden(what)


def _refuse_other_sites(request: Request) -> None:
    """Raise 403 for cross-site requests, which have the cookie, but name another origin or lack our header."""
    origin = request.headers.get("origin")
    ours = {request.headers.get("host"), _host_of(configuration().get("api", "base_url", fallback=""))} - {"", None}
    foreign = origin is not None and _host_of(origin) not in ours
    if foreign or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        said = "The request comes from another site.", "Use the Reports page itself."
        raise Refusal(403, *said, code=ErrorCode.CROSS_ORIGIN)
    if PAGE_HEADER not in request.headers:
        raise Refusal(
            403,
            "The request does not come from the Reports page.",
            f"Scripts send their own bearer token; a page sends the header {PAGE_HEADER}.",
            code=ErrorCode.CROSS_ORIGIN,
        )


def _host_of(address: str) -> str | None:
    """Return host and port of a URL; None if it cannot be parsed."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return None
