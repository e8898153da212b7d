"""Every operation of the OpenAPI description, asked as each role with right and wrong parameters and bodies.

Schemathesis makes the requests and checks each answer against the description: its status, type and schema; that no
answer is a fault of the server; that wrong requests and methods are refused.
"""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
import requests
import schemathesis
from fastapi.openapi.utils import get_openapi
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from promo_reports.web.app import make_app
from tests.support.end_to_end.tested_api import NOBODY, ROLES, Api

EXAMPLES = 5
"""Random ones, besides those that are made of each parameter's limits, and the same in each run."""

CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 20261129,
        "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
        "checks": {
            # The rules of a definition are not in the description, and neither is what a role may do.
            "positive_data_acceptance": {"enabled": False},
        },
        "request-timeout": 60,
    }
)
SCHEMA = schemathesis.openapi.from_dict(
    get_openapi(title="Promo Reports", version="1", routes=make_app().routes), config=CONFIG
)
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

pytestmark = pytest.mark.timeout(900)  # the first one starts the stack


@pytest.mark.parametrize("role", ROLES)
@SCHEMA.parametrize()
@BOUNDED
def test_whatever_is_asked_the_answer_is_described(case: Case[Any], api: Api, role: str) -> None:
    check(case, api, role)


@pytest.mark.parametrize("role", ROLES)
@SCHEMA.include(path_regex=r"\{").parametrize()
@BOUNDED
def test_whatever_is_asked_of_what_is_there(case: Case[Any], api: Api, role: str) -> None:
    case.path_parameters.update({name: api.ids[name] for name in case.path_parameters})
    check(case, api, role, must_be_refused=is_wrong_beside_its_path(case))


def is_wrong_beside_its_path(case: Case[Any]) -> bool:
    """Whether query or body break the description; ids and token that do have been replaced by right ones."""
    parts = case.meta.components if case.meta else {}
    modes = (parts[each].mode for each in (ParameterLocation.QUERY, ParameterLocation.BODY) if each in parts)
    return GenerationMode.NEGATIVE in modes


def check(case: Case[Any], api: Api, role: str, *, must_be_refused: bool = True) -> None:
    """Ask, and fail unless the answer is as it is described, and a refusal has the one shape."""
    with requests.Session() as session:
        session.trust_env = False
        answer = case.call_and_validate(
            base_url=api.url,
            session=session,
            headers=api.headers(role),
            excluded_checks=[] if must_be_refused else [negative_data_rejection],
            allow_redirects=False,
        )
    if role == NOBODY:
        assert answer.status_code == 401
    if answer.status_code >= 400:
        error: dict[str, Any] = json.loads(answer.content)["error"]
        assert list(error) == ["status", "code", "reason", "fix", "problems"]
        assert error["status"] == answer.status_code
        assert error["reason"]


def test_every_operation_is_asked() -> None:
    described = {(method, path) for path, methods in SCHEMA.raw_schema["paths"].items() for method in methods}
    operations = [cast("Any", each).ok() for each in SCHEMA.get_all_operations()]
    asked = {(each.method, each.path) for each in operations}
    assert asked == described
    assert len(asked) > 20
