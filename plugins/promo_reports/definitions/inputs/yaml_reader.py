"""Read the subset of YAML that data needs, with line numbers.

Tags, anchors, aliases, several documents, deep nesting and large files are refused: nothing in a file can run code,
refer to other parts or expand. Scalars stay text; what YAML makes of unquoted ones is kept in `Implicit`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import yaml

from promo_reports.definitions.inputs.messages import kind, quoted
from promo_reports.definitions.inputs.validation_problems import Findings, KeyPath
from promo_reports.definitions.inputs.yaml_scalars import Implicit, scalar
from promo_reports.errors import StoreError
from promo_reports.regular_file import NotRegular, read_regular

MAX_BYTES = 64 * 1024
MAX_NESTING = 20

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_END = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff")


class _TooDeepError(Exception):
    """Nesting beyond the limit; deeper levels are not read."""


@dataclass(frozen=True)
class Document:
    """One input: mappings, lists and text in `data` (None if it could not be read), and its problems so far."""

    data: Any
    findings: Findings

    @classmethod
    def of_json(cls, data: Any, name: str) -> Document:
        """Return data that was never a file, such as a conf; problems have no lines, its size has the same limit."""
        findings = Findings(name)
        try:
            size = len(json.dumps(data))
        except (TypeError, ValueError, RecursionError):
            findings.add((), "not JSON")
            return cls(None, findings)
        if size > MAX_BYTES:
            findings.add((), f"larger than {MAX_BYTES // 1024} KiB")
            return cls(None, findings)
        return cls(data, findings)

    def mapping(self) -> dict[str, Any]:
        """Return the data if it is a mapping; else raise `InvalidInput` with the problems found so far."""
        if isinstance(self.data, dict):
            return self.data
        if not self.findings:
            self.findings.add((), f"must be a mapping (key: value), not {kind(self.data)}")
        self.findings.raise_any()
        raise AssertionError("findings raise")


def shown_path(path: str | PurePath) -> str:
    """Return the last two parts of a path or URI, `reports/x.yaml`: the same on every host, so that DAGs are too."""
    path = PurePosixPath(path)
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


def read_yaml(path: Path, shown: str | None = None) -> Document:
    """Read and parse one file; `StoreError` if the disk fails, a problem if no regular file is there."""
    name = shown or shown_path(path)
    try:
        return parse_yaml(read_regular(path, MAX_BYTES), name)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, NotRegular) as error:
        return unread(name, error)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read: {error.strerror}.", "Check the directory and its permissions."
        ) from error


def unread(name: str, error: OSError | None = None) -> Document:
    """Return the document of a file that is not there, or that is no regular file and was not opened."""
    findings = Findings(name)
    why = f"is {error.what}, which is not opened; put the file itself there" if isinstance(error, NotRegular) else ""
    findings.add((), why or "there is no such file")
    return Document(None, findings)


def parse_yaml(raw: bytes, name: str) -> Document:
    """Parse the bytes of one file; never raises for what is in them."""
    lines: dict[KeyPath, int] = {}
    findings = Findings(name, lines)
    text = _checked_text(raw, findings)
    if text is None:
        return Document(None, findings)
    try:
        data = _Composer(yaml.parse(text, Loader=_LOADER), lines, findings).document()
    except _TooDeepError:
        data = None
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        findings.add((), f"not YAML: {error.problem or error.context}", mark.line + 1 if mark else 1)
        data = None
    except yaml.YAMLError:
        findings.add((), "not YAML", 1)
        data = None
    return Document(data, findings)


def _checked_text(raw: bytes, findings: Findings) -> str | None:
    """Return the decoded text, or None if its bytes break a rule so that nothing can be parsed."""
    if len(raw) > MAX_BYTES:
        findings.add((), f"larger than {MAX_BYTES // 1024} KiB", 1)
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        findings.add((), f"not UTF-8: byte 0x{raw[error.start]:02x}. Save the file as UTF-8.", line)
        return None
    if not text.strip():
        findings.add((), "the file is empty", 1)
        return None
    for number, line_text in enumerate(_LINE_END.split(text), start=1):
        if "\t" in line_text:
            findings.add((), "a tab; use spaces", number)
        if found := _UNPRINTABLE.search(line_text):
            findings.add((), f"the character U+{ord(found.group()):04X} cannot stand in YAML", number)
    return None if findings else text


class _Composer:
    """Builds data from parser events, so that refused features are found before anything is built from them."""

    def __init__(self, events: Iterator[Any], lines: dict[KeyPath, int], findings: Findings) -> None:
        self._events = events
        self._lines = lines
        self._findings = findings

    def document(self) -> Any:
        data: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._findings.add((), "a second document (---); one file holds one", _line(event))
                    break
                first = next(self._events)
                self._lines[()] = _line(first)
                data = self._node(first, (), 0)
        if not documents or (isinstance(data, Implicit) and data.nothing):
            self._findings.add((), "the file is empty", 1)
        return data

    def _node(self, event: Any, path: KeyPath, depth: int) -> Any:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            self._findings.add(path, f"an alias (*{event.anchor}); write the value out", line)
            return None
        if event.anchor is not None:
            self._findings.add(path, f"an anchor (&{event.anchor}); write values out where they are needed", line)
        if event.tag is not None:
            self._findings.add(path, f"a tag ({quoted(event.tag)}); values are plain text, lists and mappings", line)
        if isinstance(event, yaml.ScalarEvent):
            return scalar(event.value, plain=not event.style and event.tag is None)
        if depth >= MAX_NESTING:
            self._findings.add(path[:3], f"nested deeper than {MAX_NESTING} levels", line)
            raise _TooDeepError
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path, depth + 1)
        return self._mapping(path, depth + 1)

    def _list(self, path: KeyPath, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*path, len(items))
            self._lines[here] = _line(event)
            items.append(self._node(event, here, depth))
        return items

    def _mapping(self, path: KeyPath, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event)
            key = self._node(event, path, depth)
            here = (*path, str(key))
            if not isinstance(key, str):
                self._findings.add(path, "a key that is not text", line)
                here = (*path, "?")
            elif key in entries:
                self._findings.add(here, f"given twice; the first is in line {self._lines[here]}", line)
                self._node(next(self._events), (*path, f"{key} (again)"), depth)
                continue
            self._lines[here] = line
            entries[str(here[-1])] = self._node(next(self._events), here, depth)
        return entries


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
