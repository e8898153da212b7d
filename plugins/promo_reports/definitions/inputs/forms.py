"""Pydantic models of our inputs: every problem is located and in our words, and the valid rest is still checked.

A form describes a file or a conf. All top-level fields of a form are optional in the class, because an invalid one is
left out so that the rules between the others can still be checked; required keys are a separate rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    ModelWrapValidatorHandler,
    Tag,
    TypeAdapter,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from promo_reports.definitions.inputs.messages import MAX_GUESSES, SECRET_KEY, kind, listing, nearest
from promo_reports.definitions.inputs.validation_problems import Findings, KeyPath
from promo_reports.definitions.inputs.yaml_scalars import Implicit

if TYPE_CHECKING:
    from typing import Self

_TAG = "\0"  # marks the names of a union's members, which pydantic puts into error locations


def broken_rule(message: str) -> PydanticCustomError:
    """Return an error whose message is shown verbatim."""
    return PydanticCustomError("rule", "{message}", {"message": message})


class Form(BaseModel):
    """A mapping with known keys only, unless `ignores_unknown_keys`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ignores_unknown_keys: ClassVar[bool] = False
    """For what the product itself has written: a later release may have added keys."""

    taken_out_whole: ClassVar[frozenset[str]] = frozenset()
    """Keys whose mapping is left out of further checks whole, since its parts mean nothing apart."""

    @model_validator(mode="wrap")
    @classmethod
    def _with_known_keys(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Suggest known keys for unknown ones, together with what is wrong with the known ones."""
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise broken_rule(f"must be a mapping (key: value), not {_what(data)}")
        known = {key: value for key, value in data.items() if key in cls.model_fields}
        if len(known) == len(data) or cls.ignores_unknown_keys:
            return handler(known)
        errors = [
            InitErrorDetails(type=broken_rule(_unknown(key, cls, guess=place < MAX_GUESSES)), loc=(key,), input=None)
            for place, key in enumerate(key for key in data if key not in known)
        ]
        try:
            handler(known)
        except ValidationError as invalid:
            errors += [
                InitErrorDetails(type=broken_rule(_message(each)), loc=each["loc"], input=None)
                for each in invalid.errors(include_url=False, include_context=False)
            ]
        raise ValidationError.from_exception_data(cls.__name__, errors)


class Broken:
    """Marks a list item that has been reported already."""


BROKEN = Broken()


def _pass_broken(value: Any, handler: Callable[[Any], Any]) -> Any:
    return value if value is BROKEN else handler(value)


ItemT = TypeVar("ItemT")
Listed = list[Annotated[ItemT, WrapValidator(_pass_broken)]]
"""A top-level list whose broken items are left out of further checks; see `sound`. Every top-level list is one."""


def sound(items: Iterable[ItemT] | None) -> list[tuple[int, ItemT]]:
    """Return the valid items of a list with their index in the input."""
    return [(index, item) for index, item in enumerate(items or ()) if item is not BROKEN]


def variant(name: str) -> Tag:
    """Return the tag of one member of a union that `by` chooses from."""
    return Tag(_TAG + name)


def by(choose: Callable[[Any], str]) -> Discriminator:
    """Choose a member of a union by a function of the raw value, so that only its problems are reported."""
    return Discriminator(lambda value: _TAG + choose(value))


FormT = TypeVar("FormT", bound=Form)


def read_form(form: type[FormT], data: dict[str, Any], findings: Findings) -> FormT:
    """Validate `data`; add every problem to `findings` and return the form without its invalid parts.

    Each pass reports what pydantic finds and removes those keys or items, until the rest is valid.
    """
    rest: dict[str, Any] = {key: list(v) if isinstance(v, list) else _copied(v) for key, v in data.items()}
    for key in [key for key in rest if _escaped(key) != key]:  # pydantic would report another key
        findings.add((_escaped(key),), _unknown(key, form, guess=False))
        del rest[key]
    while True:
        try:
            return form.model_validate(rest)
        except ValidationError as invalid:
            for error in invalid.errors(include_url=False, include_context=False):
                path = (error["loc"][0], *_without_tags(error["loc"][1:]))
                if not findings.touches(*path):
                    findings.add(path, _message(error))
                _take_out(rest, path, form.taken_out_whole)


def read_value(kind: TypeAdapter[Any], value: Any, report: Callable[[KeyPath, str], None]) -> Any:
    """Validate one value; `report` gets the path and message of every problem, and BROKEN is returned then."""
    try:
        return kind.validate_python(value)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_context=False):
            report(_without_tags(error["loc"]), _message(error))
        return BROKEN


def report_missing(form: Form, keys: Iterable[str], findings: Findings) -> None:
    """Report required keys that are missing."""
    for key in keys:
        if getattr(form, key) is None and not findings.touches(key):
            findings.add((key,), "is required")


def _without_tags(path: KeyPath) -> KeyPath:
    return tuple(part for part in path if not str(part).startswith(_TAG))


def _escaped(key: str) -> str:
    """Return a key without unpaired surrogates, which JSON can hold and UTF-8 cannot."""
    return key.encode(errors="backslashreplace").decode()


def _copied(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value


def _take_out(rest: dict[str, Any], path: KeyPath, whole: frozenset[str]) -> None:
    top = str(path[0])
    container = rest.get(top)
    item = path[1] if len(path) > 1 else None
    if isinstance(container, list) and isinstance(item, int) and container[item] is not BROKEN:
        container[item] = BROKEN
    elif isinstance(container, dict) and item in container and top not in whole:
        del container[str(item)]
    else:
        rest.pop(top, None)


def _message(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is required"
    if error["type"] in ("list_type", "tuple_type"):
        return f"must be a list, not {_what(error['input'])}"
    if error["type"] == "dict_type":
        return f"must be a mapping (key: value), not {_what(error['input'])}"
    return error["msg"]


def _what(value: Any) -> str:
    return value.kind if isinstance(value, Implicit) else kind(value)


def _unknown(key: str, form: type[Form], *, guess: bool) -> str:
    if SECRET_KEY.search(key):
        return (
            f"unknown key; addresses and credentials are kept in Airflow connections only.{listing(form.model_fields)}"
        )
    near = nearest(key, form.model_fields) if guess else ""
    return f"unknown key{near or '.'}{listing(form.model_fields)}"
