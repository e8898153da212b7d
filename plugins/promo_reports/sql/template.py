"""SQL templates: sandboxed Jinja that may output nothing but binds.

A template sees `window.start`, `window.end`, `window.covers("t.occurred_at")` (or `as_of`, for a snapshot) and
`filters.<name>`. Each `{{ ... }}` becomes the place of a bind; anything else in it is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from promo_reports.domain.window import Window
from promo_reports.errors import SqlTemplateError
from promo_reports.sql.bound import BoundQuery, mark

FilterValues = Mapping[str, tuple[str, ...] | None]

_TIME_COLUMN = re.compile(r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$")


class Rows(Enum):
    """Which rows the window predicate lets through: those inside, or those whose time no window can hold."""

    INSIDE = "inside"
    NULL_TIME = "null_time"
    NULL_OR_INFINITE_TIME = "null_or_infinite_time"


@dataclass(frozen=True)
class Parameters:
    """What one rendering is for: a window or an instant, and the values of the filters (None: all)."""

    filters: FilterValues
    window: Window | None = None
    as_of: datetime | None = None
    rows: Rows = Rows.INSIDE


class _Fragment(str):
    """Text that a template may output: the place of a bind, or a predicate made of such places."""

    __slots__ = ()


class _Binds:
    """Collects the binds of one rendering."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.used: set[str] = set()

    def one(self, name: str, value: object) -> _Fragment:
        self.values[name] = value
        self.used.add(name)
        return _Fragment(mark(name))

    def many(self, name: str, values: tuple[str, ...]) -> _Fragment:
        self.used.add(name)
        places = [self.one(f"{name}_{index}", value) for index, value in enumerate(values)]
        return _Fragment(f"({', '.join(places)})")


class _WindowInTemplate:
    """`window` as a template sees it."""

    def __init__(self, window: Window, rows: Rows, binds: _Binds) -> None:
        self._window, self._rows, self._binds = window, rows, binds

    @property
    def start(self) -> _Fragment:
        return self._binds.one("window_start", self._window.start)

    @property
    def end(self) -> _Fragment:
        return self._binds.one("window_end", self._window.end)

    def covers(self, column: str) -> _Fragment:
        if not _TIME_COLUMN.match(column):
            raise SqlTemplateError(f"window.covers takes a column such as 't.occurred_at', not {column!r}")
        self._binds.used.update({"window_start", "window_end"})
        if self._rows is Rows.NULL_TIME:
            return _Fragment(f"{column} IS NULL")
        if self._rows is Rows.NULL_OR_INFINITE_TIME:
            return _Fragment(f"({column} IS NULL OR {column} = 'infinity' OR {column} = '-infinity')")
        return _Fragment(f"({column} >= {self.start} AND {column} < {self.end})")


class _FiltersInTemplate:
    """`filters` as a template sees it: a bind, a list of binds, or None where all are meant."""

    def __init__(self, filters: FilterValues, lists: frozenset[str], binds: _Binds) -> None:
        self._filters, self._lists, self._binds = filters, lists, binds

    def __getitem__(self, name: str) -> _Fragment | None:
        values = self._filters[name]
        self._binds.used.add(f"filter_{name}")
        if values is None:
            return None
        if name in self._lists:
            return self._binds.many(f"filter_{name}", values)
        return self._binds.one(f"filter_{name}", values[0])


def _only_binds(value: object) -> object:
    if isinstance(value, _Fragment | StrictUndefined):
        return value
    if value is None:
        raise SqlTemplateError("a filter that may be all is None here; put it inside {% if filters.<name> %}")
    raise SqlTemplateError(
        f"only binds may be output, not {value!r}",
        "Write {{ window.covers('t.column') }}, {{ window.start }}, {{ as_of }} or {{ filters.<name> }}.",
    )


@dataclass(frozen=True)
class SqlTemplate:
    """One template file; `lists` are the filters that become lists, `sha256` the hash of the file."""

    path: Path
    sha256: str
    lists: frozenset[str]
    template: Template

    def render(self, parameters: Parameters) -> tuple[BoundQuery, set[str]]:
        """The query for these parameters, and the names of the binds that the template asked for."""
        binds = _Binds()
        context: dict[str, Any] = {
            "filters": _FiltersInTemplate(parameters.filters, self.lists, binds),
            "window": None,
        }
        if parameters.window is not None:
            context["window"] = _WindowInTemplate(parameters.window, parameters.rows, binds)
        if parameters.as_of is not None:
            context["as_of"] = binds.one("as_of", parameters.as_of)
            binds.used.discard("as_of")
        try:
            text = self.template.render(context)
        except SqlTemplateError as wrong:
            raise SqlTemplateError(f"{self._where(wrong)}: {wrong.reason}", wrong.fix) from None
        except (TemplateError, KeyError, TypeError) as wrong:
            raise SqlTemplateError(f"{self._where(wrong)}: {wrong}") from None
        if mark("as_of") in text:
            binds.used.add("as_of")
        else:
            binds.values.pop("as_of", None)
        return BoundQuery(text, binds.values), binds.used

    def _where(self, error: BaseException) -> str:
        lines = []
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(self.path):
                lines.append(trace.tb_lineno)
            trace = trace.tb_next
        return f"{self.path}:{lines[-1]}" if lines else str(self.path)


def load_template(root: Path, name: str, lists: frozenset[str]) -> SqlTemplate:
    """Read `<root>/<name>.sql`; `SqlTemplateError` with file:line where it is missing, leads outside or is no Jinja."""
    path = root / f"{name}.sql"
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(root), undefined=StrictUndefined, finalize=_only_binds, keep_trailing_newline=True
    )
    try:
        content = path.read_bytes()
        if b"\x00" in content:
            raise SqlTemplateError(f"{path}: holds a NUL character")
        content.decode("utf-8")
        template = environment.get_template(f"{name}.sql")
    except TemplateSyntaxError as wrong:
        raise SqlTemplateError(f"{path}:{wrong.lineno}: {wrong.message}") from None
    except UnicodeDecodeError:
        raise SqlTemplateError(f"{path}: is not UTF-8") from None
    except (TemplateError, OSError):
        raise SqlTemplateError(f"{path}: there is no such template below {root}") from None
    return SqlTemplate(path, hashlib.sha256(content).hexdigest(), lists, template)
