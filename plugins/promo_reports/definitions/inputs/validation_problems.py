"""The problems of one input, collected so that all of them are reported at once."""

from __future__ import annotations

from collections.abc import Mapping

from promo_reports.definitions.inputs.messages import quoted
from promo_reports.errors import InvalidInput, Problem

KeyPath = tuple[str | int, ...]

MAX_PROBLEMS = 50


class Findings:
    """Problems of one input, each with the line of its key.

    `lines` maps key paths to lines, counted from 1; a path without a line has that of its nearest parent. An input
    without lines, such as a run's conf, is shown by its name alone.
    """

    def __init__(self, name: str, lines: Mapping[KeyPath, int] | None = None) -> None:
        self.name = name
        self.lines: Mapping[KeyPath, int] = lines if lines is not None else {}
        self._found: list[tuple[int, KeyPath, str]] = []
        self._broken: set[KeyPath] = set()
        self._above_broken: set[KeyPath] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: KeyPath, message: str, line: int | None = None) -> None:
        """Add a problem of a key; `line` if it is not the line of the key."""
        self._found.append((self._line(path) if line is None else line, path, message))
        if path:
            self._broken.add(path)
            self._above_broken.update(path[:length] for length in range(1, len(path) + 1))

    def touches(self, *path: str | int) -> bool:
        """Return whether the key, a parent or a child of it has a problem, which another rule would only repeat."""
        return path in self._above_broken or any(path[:length] in self._broken for length in range(1, len(path)))

    def problems(self) -> list[Problem]:
        """Return all problems in the order of the file, each once."""
        ordered = sorted(dict.fromkeys(self._found), key=lambda found: found[0])
        return [
            Problem(f"{self.name}:{line}" if line else self.name, dotted(path), message)
            for line, path, message in ordered
        ]

    def raise_any(self) -> None:
        """Raise `InvalidInput` with all problems found so far, if there are any."""
        problems = self.problems()
        if not problems:
            return
        kept = problems[:MAX_PROBLEMS]
        if len(problems) > len(kept):
            kept.append(Problem(self.name, "", f"and {len(problems) - len(kept)} more"))
        raise InvalidInput(self.name, kept)

    def _line(self, path: KeyPath) -> int:
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return self.lines.get((), 0)


def dotted(path: KeyPath) -> str:
    """Return a key path as `filters.wallet[1]`, with keys that are not plain words quoted."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            name = key if key.isprintable() and len(key) <= 60 and "." not in key else quoted(key)
            text += f".{name}" if text else name
    return text
