"""How pydantic models read our inputs: every problem located, in our words, and the sound rest still checked.

A form is what a file or a conf may look like. All top-level fields of a form are optional in the class, because a
broken one is left out so that the rules between the others can still be checked; which are required is a rule apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Tag, ValidationError, WrapValidator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from promo_reports.definitions.findings import Findings, KeyPath
from promo_reports.definitions.implicit import Implicit
from promo_reports.definitions.wording import SECRET_KEY, kind, listed, nearest

_TAG = "\0"  # marks the names of a union's members, which pydantic puts into error locations


def broken_rule(message: str) -> PydanticCustomError:
    """An error whose message is shown as it stands."""
    return PydanticCustomError("rule", "{message}", {"message": message})


class Form(BaseModel):
    """A mapping with known keys only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, data: Any) -> Any:
        """Name unknown keys with what may have been meant; without this pydantic would only say that they are there."""
        if not isinstance(data, dict):
            raise broken_rule(f"must be a mapping (key: value), not {_what(data)}")
        unknown = [key for key in data if key not in cls.model_fields]
        if unknown:
            raise ValidationError.from_exception_data(
                cls.__name__,
                [InitErrorDetails(type=broken_rule(_unknown(key, cls)), loc=(key,), input=None) for key in unknown],
            )
        return data


class Broken:
    """Stands for a list's item that has been reported already."""


BROKEN = Broken()


def _pass_broken(value: Any, handler: Callable[[Any], Any]) -> Any:
    return value if value is BROKEN else handler(value)


ItemT = TypeVar("ItemT")
Listed = list[Annotated[ItemT, WrapValidator(_pass_broken)]]
"""A top-level list whose broken items are left out of further checks; see `sound`."""


def sound(items: Iterable[ItemT] | None) -> list[tuple[int, ItemT]]:
    """The unbroken items of a list with their index in the input."""
    return [(index, item) for index, item in enumerate(items or ()) if item is not BROKEN]


def variant(name: str) -> Tag:
    """The tag of one member of a union that `by` chooses from."""
    return Tag(_TAG + name)


def by(choose: Callable[[Any], str]) -> Discriminator:
    """Choose a union's member by a function of the raw value, so that only its problems are reported."""
    return Discriminator(lambda value: _TAG + choose(value))


FormT = TypeVar("FormT", bound=Form)


def read_form(form: type[FormT], data: dict[str, Any], findings: Findings) -> FormT:
    """Validate `data`; add every problem to `findings` and return the form without its broken parts.

    Each pass reports what pydantic finds and takes the broken keys or items out, until the rest is sound.
    """
    rest: dict[str, Any] = {key: list(v) if isinstance(v, list) else _copied(v) for key, v in data.items()}
    while True:
        try:
            return form.model_validate(rest)
        except ValidationError as invalid:
            for error in invalid.errors(include_url=False, include_context=False):
                path = tuple(part for part in error["loc"] if not str(part).startswith(_TAG))
                if not findings.touches(*path):
                    findings.add(path, _message(error["type"], error["msg"], error["input"]))
                _take_out(rest, path)


def require(form: Form, keys: Iterable[str], findings: Findings) -> None:
    """Note the required keys that are not there."""
    for key in keys:
        if getattr(form, key) is None and not findings.touches(key):
            findings.add((key,), "is required")


def _copied(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value


def _take_out(rest: dict[str, Any], path: KeyPath) -> None:
    top = path[0]
    container = rest.get(str(top))
    if len(path) > 1 and isinstance(container, list) and isinstance(path[1], int):
        container[path[1]] = BROKEN
    elif len(path) > 1 and isinstance(container, dict) and path[1] in container:
        del container[str(path[1])]
    else:
        rest.pop(str(top), None)


def _message(kind_of_error: str, message: str, value: Any) -> str:
    if kind_of_error == "missing":
        return "is required"
    if kind_of_error in ("list_type", "tuple_type"):
        return f"must be a list, not {_what(value)}"
    if kind_of_error == "dict_type":
        return f"must be a mapping (key: value), not {_what(value)}"
    return message


def _what(value: Any) -> str:
    return value.kind if isinstance(value, Implicit) else kind(value)


def _unknown(key: str, form: type[Form]) -> str:
    if SECRET_KEY.search(key):
        return (
            f"unknown key; addresses and credentials are kept in Airflow connections only.{listed(form.model_fields)}"
        )
    return f"unknown key{nearest(key, form.model_fields) or '.'}{listed(form.model_fields)}"
