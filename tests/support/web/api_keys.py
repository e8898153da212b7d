"""What a client of the API may know, by name, from its OpenAPI description.

`GET /api/exports ?limit` is a parameter that may be sent, and `POST /api/... {}first!` a key of a body that must be;
`GET /api/exports 200 items[].status` is a key of an answer. Refusals have one shape, so one stands for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Described = Mapping[str, Any]
REFUSAL = "401"


def api_keys(openapi: Described) -> dict[str, tuple[str, ...]]:
    """Return the values that each key may have, sorted; none where the description lists none."""
    schemas = openapi["components"]["schemas"]
    found: dict[str, tuple[str, ...]] = {}
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            for name, schema in _parts(operation):
                for key, values in _keys(name, schema, schemas):
                    found.setdefault(f"{method.upper()} {path} {key}", values)
    return found


def _parts(operation: Described) -> Iterator[tuple[str, Described]]:
    for each in operation.get("parameters", []):
        yield f"?{each['name']}{'!' * each.get('required', False)}", each["schema"]
    if "requestBody" in operation:
        yield "{}", operation["requestBody"]["content"]["application/json"]["schema"]
    for status, answer in operation["responses"].items():
        if status < "400" or status == REFUSAL:
            yield status, answer.get("content", {}).get("application/json", {}).get("schema", {})


def _keys(at: str, schema: Described, schemas: Described) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield at, _values(schema, schemas)
    separator = {"{}": "", REFUSAL: " "}.get(at, " " if at.isdigit() else ".")
    for each in _alternatives(schema, schemas):
        for key, value in each.get("properties", {}).items():
            must = "!" * (at.startswith("{}") and key in each.get("required", ()))
            yield from _keys(f"{at}{separator}{key}{must}", value, schemas)
        if each.get("type") == "array":
            yield from list(_keys(f"{at}[]", each.get("items", {}), schemas))[1:]


def _values(schema: Described, schemas: Described) -> tuple[str, ...]:
    found: set[str] = set()
    for each in _alternatives(schema, schemas):
        found.update(map(str, each.get("enum", ())))
        found.update(str(each[key]) for key in ("const",) if key in each)
        if each.get("type") == "array":
            found.update(_values(each.get("items", {}), schemas))
    return tuple(sorted(found))


def _alternatives(schema: Described, schemas: Described) -> Iterator[Described]:
    if "$ref" in schema:
        yield from _alternatives(schemas[schema["$ref"].rpartition("/")[2]], schemas)
        return
    for kind in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(kind, ()):
            yield from _alternatives(each, schemas)
    yield schema
