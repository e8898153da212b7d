"""Map exceptions of every layer to one error response: `{"error": {status, code, reason, fix, problems}}`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from promo_reports.errors import (
    Conflict,
    DestinationRefused,
    DestinationUnavailable,
    Expired,
    HashKeyRefused,
    InvalidInput,
    NotPublished,
    PreviewTooSlow,
    PromoReportsError,
    Replaced,
    SourceRefused,
    SourceUnavailable,
    SqlTemplateError,
    StoreError,
    UnknownValue,
)
from promo_reports.web.models import ErrorCode

log = logging.getLogger(__name__)

_TRY_AGAIN = "Try again in a moment."
_TELL = "Tell whoever runs Promo Reports: the api-server's log says what to correct."
_BROKEN = ("A file of Promo Reports on the server is broken.", _TELL)
# Their own messages name directories and hosts of the server, so they go to the log alone.
_UNAVAILABLE: tuple[tuple[type[PromoReportsError], tuple[str, str]], ...] = (
    (SourceUnavailable, ("The promo database cannot be reached just now, or has too much to do.", _TRY_AGAIN)),
    (HashKeyRefused, ("The key for hashed columns is missing here, or is too short.", _TELL)),
    (SourceRefused, ("The promo database refuses what this report type asks for.", _TELL)),
    (SqlTemplateError, _BROKEN),
    (InvalidInput, _BROKEN),
    (DestinationUnavailable, ("The destination of the file cannot be reached at the moment.", _TRY_AGAIN)),
    (
        DestinationRefused,
        (
            "The file cannot be read from its destination, or is not the one that was delivered.",
            f"Retry the export. {_TELL}",
        ),
    ),
    (StoreError, ("The files of Promo Reports on the server cannot be read or written just now.", _TELL)),
)
_REQUEST = "request"
_CODES = {
    401: ErrorCode.UNAUTHENTICATED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.NOT_ALLOWED,
    409: ErrorCode.CONFLICT,
    410: ErrorCode.EXPIRED,
    413: ErrorCode.TOO_LARGE,
    415: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    416: ErrorCode.RANGE_NOT_SATISFIABLE,
    422: ErrorCode.INVALID,
    429: ErrorCode.TOO_MANY,
    503: ErrorCode.UNAVAILABLE,
}
_NOT_JSON = ("", "is not JSON")
_LOGGED = 200
"""Characters of a path in the log."""
_LOGGED_ERROR = 4000


class Refusal(Exception):
    """An error response; `code` defaults to that of the status.

    `headers` are added to the response, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        fix: str = "",
        *,
        code: ErrorCode | None = None,
        problems: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason)
        self.status, self.reason, self.fix = status, reason, fix
        self.code = code or _CODES.get(status, ErrorCode.INTERNAL)
        self.problems = tuple(problems)
        self.headers = dict(headers or {})

    def answer(self) -> Response:
        """Return the response."""
        error = {
            "status": self.status,
            "code": self.code,
            "reason": self.reason,
            "fix": self.fix,
            "problems": [{"path": path, "message": message} for path, message in self.problems],
        }
        # In ASCII: text repeated from the request may hold lone surrogates, which UTF-8 cannot encode.
        return Response(
            json.dumps({"error": error}),
            self.status,
            headers={"Cache-Control": "no-store", **self.headers},
            media_type="application/json",
        )


def unauthenticated() -> Refusal:
    """Return 401: no credentials, or expired ones."""
    return Refusal(
        401,
        "You are not signed in, or your session has expired.",
        "Sign in to Airflow again.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def forbidden(what: str, fix: str = "Ask an administrator of Airflow for write access to this report type.") -> Refusal:
    """Return 403: the caller may see it, but not do this."""
    return Refusal(403, f"You may not {what}.", fix)


def not_found(what: str) -> Refusal:
    """Return 404, the same for what does not exist and what the caller may not see."""
    return Refusal(404, f"There is no such {what}.", "It may have been removed, or you may not see it.")


def handle_refusals(app: FastAPI) -> None:
    """Register the handlers of everything that routes raise."""
    for kind in (Refusal, PromoReportsError, RequestValidationError, HTTPException, OperationalError, PoolTimeout):
        app.add_exception_handler(kind, response_to)
    app.add_exception_handler(Exception, _unexpected)


def refusal_of(error: Exception) -> Refusal:
    """Return the error response for an exception of any layer."""
    match error:
        case Refusal():
            refusal = error
        case InvalidInput() if all(problem.where == _REQUEST for problem in error.problems):
            refusal = _of_problems([(problem.path, problem.message) for problem in error.problems])
        case RequestValidationError():
            refusal = _of_problems([_request_problem(each) for each in error.errors()])
        case Conflict():
            refusal = Refusal(409, error.reason, error.fix)
        case NotPublished():
            refusal = Refusal(409, error.reason, error.fix, code=ErrorCode.NOT_READY)
        case Expired() | Replaced():
            refusal = _gone(error)
        case UnknownValue():
            problem = f"filters.{error.filter}", f"is not in the promo database. {error.fix}".strip()
            refusal = Refusal(422, error.reason, error.fix, problems=[problem])
        case PreviewTooSlow():
            refusal = Refusal(422, error.reason, error.fix)
        case PromoReportsError():
            said = next((said for kind, said in _UNAVAILABLE if isinstance(error, kind)), None)
            refusal = Refusal(503, *said) if said else Refusal(422, error.reason, error.fix)
        case HTTPException():
            refusal = _of_http(error)
        case _:
            refusal = Refusal(503, "Airflow's database cannot be reached just now.", _TRY_AGAIN)
    return refusal


def _of_http(error: HTTPException) -> Refusal:
    """Return the error response for what Starlette and FastAPI raise themselves."""
    match error.status_code:
        case 400:  # a body that FastAPI cannot even parse: not UTF-8, nested too deeply
            return _of_problems([_NOT_JSON])
        case 404:
            return not_found("page")
        case 405:
            return Refusal(405, "This path does not have the method.", "See docs/api.md.", headers=error.headers)
        case status:
            return Refusal(status, str(error.detail), headers=error.headers)


def _gone(error: Expired | Replaced) -> Refusal:
    if isinstance(error, Replaced):
        return Refusal(410, error.reason, error.fix, code=ErrorCode.REPLACED)
    return Refusal(410, error.reason, error.fix)


def _request_problem(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return the key and message of a validation error; a JSON syntax error has an offset, and no key."""
    if found["type"] == "json_invalid":
        return _NOT_JSON
    return ".".join(str(part) for part in found["loc"][1:]), str(found["msg"])


def _of_problems(problems: Sequence[tuple[str, str]]) -> Refusal:
    said = "; ".join(f"{path}: {message}" if path else message for path, message in problems)
    return Refusal(
        422, f"{'Some values are' if len(problems) > 1 else 'A value is'} not right: {said}", problems=problems
    )


def response_to(request: Request, error: Exception) -> Response:
    """Return the response for an exception; for 503 the exception's own message is logged."""
    refusal = refusal_of(error)
    if isinstance(error, HTTPException) and refusal.status == 405:
        # Starlette names the methods of the first route alone that has the path.
        refusal.headers["Allow"] = ", ".join(sorted(_methods(request)))
    if refusal.status == 503:
        log.warning("%s: %.*s", _logged(request), _LOGGED_ERROR, error)
    return refusal.answer()


def _methods(request: Request) -> set[str]:
    matching = (each for each in request.app.routes if each.matches(request.scope)[0] is not Match.NONE)
    return {method for each in matching for method in getattr(each, "methods", None) or ()}


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s failed", _logged(request), exc_info=error)
    return Refusal(
        500, "Something went wrong on our side.", "Try again; the api-server's log has the details."
    ).answer()


def _logged(request: Request) -> str:
    """Return method and path as one line of printable ASCII, safe for the log."""
    path = str(request.scope["path"])
    cut = "..." if len(path) > _LOGGED else ""
    return f"{request.method} {ascii(path[:_LOGGED])[1:-1]}{cut}"
