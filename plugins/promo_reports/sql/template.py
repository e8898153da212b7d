"""SQL templates: sandboxed Jinja that may output nothing but binds.

A template sees `window.start`, `window.end`, `window.covers("t.occurred_at")` (or `as_of`, for a snapshot) and
`filters.<name>`. Each `{{ ... }}` becomes the place of a bind; anything else in it is refused. A template is one file:
what the manifest's hash of it says is all of the SQL.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import ImmutableSandboxedEnvironment

from promo_reports.domain.dates.window import Window
from promo_reports.domain.filters import Filter, Select
from promo_reports.errors import SqlTemplateError
from promo_reports.regular_file import NotRegular, read_regular
from promo_reports.sql.bound import BoundQuery, mark, marked
from promo_reports.sql.statement import RenderedText

MAX_BYTES = 1024 * 1024
FilterValues = Mapping[str, tuple[object, ...] | None]

_TIME_COLUMN = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
_LINE = re.compile("\x00@([0-9]+)\x00")
_OTHER_FILES = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


@dataclass(frozen=True)
class WindowPredicates:
    """What `window.covers` stands for in one kind of database, with `{column}`, `{start}` and `{end}` to be filled in.

    `inside` holds for the rows of the window, `timeless` for those whose time no window can hold.
    """

    inside: str = "({column} >= {start} AND {column} < {end})"
    timeless: str = "{column} IS NULL"


@dataclass(frozen=True)
class FilterShapes:
    """The filters that a template sees as a list of binds, and those that it sees as parts; all others are one bind."""

    lists: frozenset[str] = frozenset()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, filters: Sequence[Filter]) -> FilterShapes:
        """Return the shapes of a report type's filters."""
        return cls(
            frozenset(each.name for each in filters if each.select is not Select.ONE),
            {each.name: each.kind.parts for each in filters if each.kind.parts},
        )


SINGLE_VALUES = FilterShapes()


@dataclass(frozen=True)
class Parameters:
    """What one rendering is for: a window or an instant, and the values of the filters (None: all).

    `covers` is one of the `WindowPredicates` of the database.
    """

    filters: FilterValues
    window: Window | None = None
    as_of: datetime | None = None
    covers: str = WindowPredicates.inside


@dataclass(frozen=True)
class Rendering:
    """A rendered template: its text with the template's lines, and the names that it used.

    `used` says which of `window.start`, `window.end`, `as_of`, `filters.<name>` and `filters.<name>.<part>` stand in
    the text; `covers` whether the template called `window.covers`.
    """

    sql: RenderedText
    used: frozenset[str]
    covers: bool


class _Fragment(str):
    """Text that a template may output: the place of a bind, or a predicate made of such places."""

    __slots__ = ()


class _Binds:
    """The values of one rendering by the name of their bind, and what each is called in the template."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.called: dict[str, str] = {}
        self.covers = False

    def one(self, name: str, value: object, called: str) -> _Fragment:
        self.values[name] = value
        self.called[name] = called
        return _Fragment(mark(name))

    def many(self, name: str, values: tuple[object, ...], called: str) -> _Fragment:
        names = [f"{name}_{index}" for index in range(len(values))]
        self.values.update(zip(names, values, strict=True))
        self.called.update(dict.fromkeys(names, called))
        return _Fragment(f"({', '.join(map(mark, names))})")


class _WindowInTemplate:
    """`window` as a template sees it."""

    def __init__(self, window: Window, covers: str, binds: _Binds) -> None:
        self._window, self._covers, self._binds = window, covers, binds

    @property
    def start(self) -> _Fragment:
        return self._binds.one("window_start", self._window.start, "window.start")

    @property
    def end(self) -> _Fragment:
        return self._binds.one("window_end", self._window.end, "window.end")

    def covers(self, column: str) -> _Fragment:
        if not isinstance(column, str) or not _TIME_COLUMN.fullmatch(column):
            raise SqlTemplateError(f"window.covers takes a column such as 't.occurred_at', not {column!r}")
        self._binds.covers = True
        ends = {"start": self.start, "end": self.end}
        return _Fragment(self._covers.format(column=column, **ends))


class _FiltersInTemplate:
    """`filters` as a template sees it: a bind, a list of binds, parts that are binds, or None where all are meant."""

    def __init__(self, filters: FilterValues, shapes: FilterShapes, binds: _Binds) -> None:
        self._filters, self._shapes, self._binds = filters, shapes, binds

    def __getitem__(self, name: str) -> _Fragment | _PartsInTemplate | None:
        if name not in self._filters:
            raise SqlTemplateError(f"there is no filter {name!r}", f"There are: {', '.join(self._filters) or 'none'}.")
        values = self._filters[name]
        if values is None:
            return None
        if name in self._shapes.lists:
            return self._binds.many(f"list_{name}", values, f"filters.{name}")
        if parts := self._shapes.parts.get(name):
            return _PartsInTemplate(name, dict(zip(parts, values, strict=True)), self._binds)
        return self._binds.one(f"filter_{name}", values[0], f"filters.{name}")


class _PartsInTemplate:
    """The filter `name` as a template sees it where its kind has parts."""

    def __init__(self, name: str, parts: Mapping[str, object], binds: _Binds) -> None:
        self._name, self._parts, self._binds = name, parts, binds

    @property
    def written(self) -> str:
        """What a template writes for each part."""
        return ", ".join(f"{{{{ filters.{self._name}.{part} }}}}" for part in self._parts)

    def __getitem__(self, part: str) -> _Fragment:
        if part not in self._parts:
            raise SqlTemplateError(f"filters.{self._name} has no {part!r}", f"It has: {', '.join(self._parts)}.")
        place = list(self._parts).index(part)
        return self._binds.one(f"part_{self._name}_{place}", self._parts[part], f"filters.{self._name}.{part}")


def _only_binds(value: object) -> object:
    if isinstance(value, _Fragment | StrictUndefined):
        return value
    if isinstance(value, _PartsInTemplate):
        raise SqlTemplateError("a filter with parts is no bind", f"Write {value.written}.")
    if value is None:
        raise SqlTemplateError("a filter that may be all is None here", "Put it inside {% if filters.<name> %}.")
    shown = repr(_LINE.sub("", value) if isinstance(value, str) else value)
    raise SqlTemplateError(
        f"only binds may be output, not {shown}",
        "Write {{ window.covers('t.column') }}, {{ window.start }}, {{ as_of }} or {{ filters.<name> }}.",
    )


class _LineMarks(Extension):
    """Marks where each line of the template's own text begins, so that a rendered text still knows its lines."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type != "data":
                yield token
                continue
            lines = str(token.value).split("\n")
            marked_lines = [f"\x00@{token.lineno + index}\x00{line}" for index, line in enumerate(lines)]
            yield Token(token.lineno, "data", "\n".join(marked_lines))


@dataclass(frozen=True)
class SqlTemplate:
    """One template file; `sha256` is the hash of the file."""

    path: Path
    sha256: str
    shapes: FilterShapes
    template: Template

    def render(self, parameters: Parameters) -> tuple[BoundQuery, Rendering]:
        """Return the query for these parameters; `SqlTemplateError` with file:line for an output that is no bind."""
        binds = _Binds()
        context: dict[str, Any] = {
            "filters": _FiltersInTemplate(parameters.filters, self.shapes, binds),
            "window": None,
        }
        if parameters.window is not None:
            context["window"] = _WindowInTemplate(parameters.window, parameters.covers, binds)
        if parameters.as_of is not None:
            context["as_of"] = binds.one("as_of", parameters.as_of, "as_of")
        try:
            text = self.template.render(context)
        except SqlTemplateError as wrong:
            raise SqlTemplateError(f"{self._where(wrong)}: {wrong.reason}", wrong.fix) from None
        except (TemplateError, TypeError, ValueError, OverflowError, RecursionError) as wrong:
            raise SqlTemplateError(f"{self._where(wrong)}: {wrong}") from None
        sql = _unmarked(self.path, text)
        names = marked(sql.text)
        query = BoundQuery(sql.text, {name: value for name, value in binds.values.items() if name in names})
        return query, Rendering(sql, frozenset(binds.called[name] for name in names), binds.covers)

    def _where(self, error: BaseException) -> str:
        lines = []
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(self.path):
                lines.append(trace.tb_lineno)
            trace = trace.tb_next
        return f"{self.path}:{lines[-1]}" if lines else str(self.path)


def load_template(root: Path, name: str, shapes: FilterShapes = SINGLE_VALUES) -> SqlTemplate:
    """Read `<root>/<name>.sql`; `SqlTemplateError` with file:line where it is missing, leads outside or is no Jinja."""
    path = root / f"{name}.sql"
    content = _content(root, path)
    try:
        source = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise SqlTemplateError(f"{path}:{line}: is not UTF-8") from None
    if "\x00" in source:
        raise SqlTemplateError(f"{path}:{source.count(chr(10), 0, source.index(chr(0))) + 1}: holds a NUL character")
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=_only_binds, keep_trailing_newline=True, extensions=[_LineMarks]
    )
    # What Jinja brings along could only output texts of its own, or differ from one rendering to the next.
    environment.globals.clear()
    environment.filters.clear()
    try:
        syntax = environment.parse(source, name, str(path))
        for other in syntax.find_all(_OTHER_FILES):
            raise SqlTemplateError(f"{path}:{other.lineno}: includes another file; a template is one file")
        code = environment.compile(syntax, name, str(path))
    except TemplateSyntaxError as wrong:
        raise SqlTemplateError(f"{path}:{wrong.lineno}: {wrong.message}") from None
    template = Template.from_code(environment, code, environment.make_globals(None), None)
    return SqlTemplate(path, hashlib.sha256(content).hexdigest(), shapes, template)


def _content(root: Path, path: Path) -> bytes:
    try:
        if not path.parent.resolve(strict=True).is_relative_to(root.resolve()):
            raise SqlTemplateError(f"{path}: leads out of {root}")
        content = read_regular(path, MAX_BYTES)
    except NotRegular as found:
        raise SqlTemplateError(f"{path}: is {found.what}, which is not opened", "Put the file itself there.") from None
    except (OSError, ValueError, RuntimeError):
        raise SqlTemplateError(f"{path}: there is no such template below {root}") from None
    if len(content) > MAX_BYTES:
        raise SqlTemplateError(f"{path}: is larger than {MAX_BYTES // 1024} KiB")
    return content


def _unmarked(path: Path, text: str) -> RenderedText:
    starts, lines, pieces = [], [], []
    length, at = 0, 0
    for found in _LINE.finditer(text):
        pieces.append(text[at : found.start()])
        length += len(pieces[-1])
        starts.append(length)
        lines.append(int(found.group(1)))
        at = found.end()
    pieces.append(text[at:])
    return RenderedText("".join(pieces), path, tuple(starts), tuple(lines))
