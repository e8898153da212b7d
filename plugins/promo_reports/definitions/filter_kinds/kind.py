"""The port of a filter kind, and the code that is registered for each key of `domain.filters.FILTER_KINDS`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from promo_reports.definitions.inputs.fields import Name, Paragraph, Registered, SnakeCase, one_of
from promo_reports.definitions.inputs.forms import Form
from promo_reports.definitions.inputs.validation_problems import Findings, KeyPath
from promo_reports.domain.filters import ALL, CHOICE, FILTER_KINDS, Filter

FORMS = {CHOICE.key: ("promo_reports.definitions.filter_kinds.choice", "ChoiceFilterForm")}
"""Module and name of the form of each kind; the module is imported when a report type has such a filter."""


def _kinds() -> tuple[str, ...]:
    return tuple(FILTER_KINDS)


Default = Annotated[Literal["all"], one_of((ALL,))]
"""What a kind whose filters may be left out takes under `default`."""


class FilterForm(Form):
    """A filter of a report type; each kind adds its keys in a subclass.

    `VALUE` is the pydantic type of what a definition may give for one.
    """

    VALUE: ClassVar[Any]

    name: SnakeCase = Field(description="key in a definition's `filters` and name of the bind in the SQL")
    title: Name = Field(description="what people see in lists and forms")
    description: Paragraph = Field(description="what choosing values does")
    kind: Annotated[str, one_of(_kinds), Registered(_kinds)] = Field(
        CHOICE.key, description="the kind of the filter; choice where absent"
    )

    def check(self, path: KeyPath, earlier: Mapping[str, FilterForm], options: Path, findings: Findings) -> None:
        """Note which rules the filter breaks; `earlier` are those before it, `options` is the directory of queries."""

    @abstractmethod
    def made(self) -> Filter:
        """Return the filter of a form without problems."""


def form_of(key: str) -> type[FilterForm]:
    """Return the form of a kind."""
    module, name = FORMS[key]
    return cast("type[FilterForm]", getattr(import_module(module), name))


def _by_kind(value: Any) -> Any:
    """Validate a filter by the form of its kind; of an unknown kind, what it has in common with all."""
    if not isinstance(value, dict):
        return value
    kind = value.get("kind", CHOICE.key)
    if not isinstance(kind, str) or kind not in FILTER_KINDS:
        return {key: each for key, each in value.items() if key in FilterForm.model_fields}
    return form_of(kind).model_validate(value)


class _AnyOfKinds:
    """What JSON Schema says of something that each registered kind has a type of its own for."""

    def __init__(self, type_of: Callable[[type[FilterForm]], Any]) -> None:
        self._type_of = type_of

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        types = [self._type_of(form_of(key)) for key in FILTER_KINDS]
        schemas = [handler(TypeAdapter(each).core_schema) for each in types]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


AnyFilterForm = Annotated[FilterForm, BeforeValidator(_by_kind), _AnyOfKinds(lambda form: form)]
"""A filter of a report type's file, validated by the form of its kind."""

AnyFilterValue = Annotated[Any, _AnyOfKinds(lambda form: form.VALUE)]
"""What a definition gives for a filter; the filter's kind validates it when the report type is known."""
