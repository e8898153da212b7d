"""What clients know of the API of earlier releases, and what the tasks of those releases have left in Airflow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from promo_reports.web.app import make_app
from promo_reports.web.queries.task_state_schema import checked
from tests.support.releases import read_json, release_of, releases_with
from tests.support.web.api_keys import api_keys

API = releases_with("api")
ANSWERS = [path for directory in API for path in sorted((directory / "answers").glob("*.json"))]
LINE = re.compile(r"(?P<key>\S+(?: \S+)?)(?: = (?P<values>.+))?")


@pytest.fixture(scope="module")
def keys() -> dict[str, tuple[str, ...]]:
    """What this release describes."""
    return api_keys(get_openapi(title="Promo Reports", version="1", routes=make_app().routes))


def known_to_clients(directory: Path) -> dict[str, set[str]]:
    """The keys of a release, with the values that its clients know."""
    found, operation = {}, ""
    for line in (directory / "keys.txt").read_text().splitlines():
        if not line.startswith(" "):
            operation = line
            continue
        matched = LINE.fullmatch(line.strip())
        assert matched is not None, line
        found[f"{operation} {matched['key']}"] = set((matched["values"] or "").split())
    return found


@pytest.mark.parametrize("directory", API, ids=release_of)
def test_no_key_and_no_value_that_clients_know_is_gone(keys: dict[str, tuple[str, ...]], directory: Path) -> None:
    described = {key.replace("!", ""): values for key, values in keys.items()}
    known = {key.replace("!", ""): values for key, values in known_to_clients(directory).items()}
    assert len(known) > 500
    assert [key for key in known if key not in described] == []
    # A plain text lists no values: answers of the tests of each route tell them.
    gone = {key: values - set(described[key]) for key, values in known.items() if described[key]}
    assert {key: values for key, values in gone.items() if values} == {}


@pytest.mark.parametrize("directory", API, ids=release_of)
def test_nothing_more_must_be_sent(keys: dict[str, tuple[str, ...]], directory: Path) -> None:
    known = known_to_clients(directory)
    operations = {key.rpartition(" ")[0] for key in known}
    required = {key for key in keys if "!" in key and key.rpartition(" ")[0] in operations}
    # A body that the release described as any object may have keys that must be there: what a definition must have
    # is held by the definitions that the release has kept.
    known_bodies = {key.rpartition(" ")[0] for key in known if re.search(r" \{\}.", key)}
    required = {key for key in required if " {}" not in key or key.rpartition(" ")[0] in known_bodies}
    assert len(required) > 10
    assert required - known.keys() == set()


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parts[-4]}-{path.stem}")
def test_an_answer_is_one_of_this_release_too(path: Path) -> None:
    """This release says all of it, and in the same words."""
    stored = read_json(path)
    for each in stored if isinstance(stored, list) else [stored]:
        model = TypeAdapter(_model_of(each["request"], each["status"]))
        assert_within(each["answer"], model.dump_python(model.validate_python(each["answer"]), mode="json"))


def _model_of(request: str, status: int) -> Any:
    method, _, path = request.partition(" ")
    (route,) = [
        each
        for each in make_app().routes
        if isinstance(each, APIRoute) and each.path == path and method in each.methods
    ]
    return route.responses[status]["model"] if status in route.responses else route.response_model


def assert_within(old: Any, new: Any, at: str = "") -> None:
    """Fail unless everything old is in the new: the same values, and no key less."""
    if isinstance(old, dict):
        assert isinstance(new, dict), at
        assert old.keys() - new.keys() == set(), at
        for key in old:
            assert_within(old[key], new[key], f"{at}.{key}")
    elif isinstance(old, list):
        assert len(old) == len(new), at
        for number, (left, right) in enumerate(zip(old, new, strict=True)):
            assert_within(left, right, f"{at}[{number}]")
    else:
        assert old == new, at


@pytest.mark.parametrize("directory", releases_with("airflow"), ids=release_of)
def test_what_tasks_have_left_is_read(directory: Path) -> None:
    left = {
        (path.stem, each["task_id"], each["map_index"], key): value
        for path in sorted(directory.glob("*.json"))
        for each in read_json(path)["task_state"]
        for key, value in each["values"].items()
    }
    assert {key for *_, key in left} >= {"progress", "facts", "manifest", "delivered", "failure"}
    unread = [where for where, value in left.items() if checked(where[-1], value) is None]
    assert unread == []
    lost = [where for where, value in left.items() if value.keys() - checked(where[-1], value).keys()]
    assert lost == []
