"""Filters of report types, and the kinds of them by key; `definitions/filter_kinds` has the code of each kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

ALL = "all"
"""What a definition writes for every value of a filter."""

Values = tuple[str, ...] | None
"""The canonical form of what was chosen, as manifests and event keys have it; None for all."""

Report = Callable[[tuple[str | int, ...], str], None]
"""Takes what is wrong with a value: the path to it below the filter, and the sentence."""


@dataclass(frozen=True)
class FilterKind:
    """The properties of a kind that other layers use.

    `parts` are the names by which a template sees its values, `{{ filters.<name>.<part> }}`; without them it sees one
    bind, or a list of binds where a definition may name several values.
    """

    key: str
    parts: tuple[str, ...] = ()


CHOICE = FilterKind("choice")
FILTER_KINDS = {each.key: each for each in (CHOICE,)}
"""Every kind of filter by its key; a filter that names none is a `choice`."""


class Select(StrEnum):
    """How many values of a filter a definition names: exactly one, at least one, or any (none named means all)."""

    ONE = "one"
    MANY = "many"
    ALL = "all"


@dataclass(frozen=True)
class Choice:
    """One value that people choose, and the words for it."""

    value: str
    title: str


@dataclass(frozen=True)
class Filter(ABC):
    """A filter of a report type; each kind is a subclass.

    Where values are chosen from a list, it is the fixed `choices`, or what the query `options`
    (include/sql/options/<options>.sql) answers, which may depend on the value of another filter (`depends_on`). With
    `default_all` a definition may leave the filter out.
    """

    kind: ClassVar[FilterKind]

    name: str
    title: str
    description: str
    select: Select = Select.ONE
    choices: tuple[Choice, ...] = ()
    options: str | None = None
    depends_on: str | None = None
    default_all: bool = False

    @property
    def required(self) -> bool:
        """Whether a definition must name a value."""
        return self.select is not Select.ALL and not self.default_all

    @property
    def everything(self) -> Values:
        """The values of a definition that leaves the filter out."""
        return None

    @property
    def may_be_all(self) -> bool:
        """Whether a template may find None in place of values."""
        return not self.required

    @property
    def initial(self) -> Any:
        """The value that Airflow's trigger form starts with."""
        return "" if self.required else self.written(self.everything)

    @property
    @abstractmethod
    def expected(self) -> str:
        """A sentence that says what a definition must give."""

    @property
    @abstractmethod
    def sample(self) -> tuple[object, ...]:
        """Values as `bind` returns them, with which templates are checked."""

    @abstractmethod
    def parse(self, given: Any, report: Report) -> Values:
        """Return the values that YAML, JSON, a run's conf or a text of the page gives; problems go to `report`."""

    @abstractmethod
    def canonical(self, given: Any) -> Any:
        """Return what was given without problems in the one form of hashes and of stored definitions, as plain JSON.

        `parse` takes it for the same values, which may be in another order.
        """

    @abstractmethod
    def written(self, values: Values) -> Any:
        """Return what a definition gives for these values, as plain JSON."""

    def bind(self, values: tuple[object, ...]) -> tuple[object, ...]:
        """Return the values that are bound, one for each of the kind's parts; those of `options` are typed already."""
        return values

    def words(self, values: Values) -> str:
        """Return the values as people read them."""
        return "All" if values is None else ", ".join(values)
