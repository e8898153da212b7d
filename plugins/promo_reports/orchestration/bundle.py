"""The DAG bundle: one tiny generated file for each report type and each definition (design, decision 1).

One file a DAG means that a broken definition is one import error of its own, and that only what changed is parsed
again. A refresh that cannot read everything raises before it touches a file: a partial listing would make DAGs stale.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from airflow.dag_processing.bundles.base import BaseDagBundle

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.sources import stamp_of
from promo_reports.orchestration.dag_factory import UNREAD
from promo_reports.orchestration.project import registry

_STUB = '''"""Made by the Promo Reports bundle from {source}; edit that file, not this one."""

# An Airflow DAG file; state of what it is made from: {state}
from promo_reports.orchestration.dag_factory import {factory}

dag = {factory}({key!r}, __file__)
'''
_GENERATION = ".generation"
_SECONDS_AHEAD = 2


class ReportBundle(BaseDagBundle):
    """Keeps the generated files below `base_dir` as the report types, the definitions and the store say."""

    @property
    def path(self) -> Path:
        """Where the generated files lie."""
        return Path(self.base_dir)

    def get_current_version(self) -> None:
        """There are no versions: a run uses its definition as it is when extract starts."""
        return

    def initialize(self) -> None:
        """Make the files if a definition came or went since the last time; a worker asks at each task start."""
        if not self._is_current():
            self.refresh()
        super().initialize()

    def refresh(self) -> None:
        """Bring the files up to date; `StoreError` leaves every file as it was."""
        with self.lock():
            generation = registry().generation()
            wanted = dict(generated_files(registry()))
            present = {each.name: each.read_text() for each in self.path.glob("*.py")} if self.path.exists() else {}
            for name, text in wanted.items():
                if present.get(name) != text:
                    self._write(name, text)
            for name in present.keys() - wanted.keys():
                (self.path / name).unlink(missing_ok=True)
            for mark in self.path.glob(f"*{UNREAD}"):
                # What Airflow parsed while the sources were away is unchanged: written again, it is parsed again.
                name = mark.with_suffix(".py").name
                if name in wanted:
                    self._write(name, wanted[name])
                mark.unlink(missing_ok=True)
            self._write(_GENERATION, generation)

    def _is_current(self) -> bool:
        try:
            return (self.path / _GENERATION).read_text() == registry().generation()
        except FileNotFoundError:
            return False

    def _write(self, name: str, text: str) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        temporary = self.path / f".{name}.{os.getpid()}"
        temporary.write_text(text)
        # Airflow parses again what is younger than the end of its last parse, which may be under way just now.
        soon = time.time() + _SECONDS_AHEAD
        os.utime(temporary, (soon, soon))
        temporary.replace(self.path / name)


def generated_files(registered: Registry) -> Iterator[tuple[str, str]]:
    """The name and text of each generated file; the text changes with what the DAG is made from."""
    settings = registered.settings
    options = sorted((settings.sql / "options").glob("*.sql"))
    types = registered.report_type_sources()
    shared = [stamp_of(settings.account), *(source.stamp for source in types)]
    for source in types:
        made_from = [source.stamp, stamp_of(settings.sql / f"{source.key}.sql"), *map(stamp_of, options)]
        yield f"type.{source.key}.py", _stub("type_dag", source.key, source.path, made_from)
    for source in registered.sources():
        made_from = [source.stamp, stamp_of(registered.store.state / f"{source.key}.yaml"), *shared]
        yield f"report.{source.key}.py", _stub("report_dag", source.key, source.path, made_from)


def _stub(factory: str, key: str, source: Path, made_from: list[str]) -> str:
    state = hashlib.sha256("\n".join(made_from).encode()).hexdigest()[:16]
    shown = f"{source.parent.name}/{source.name}".encode("ascii", "replace").decode()
    shown = "".join(each if each.isprintable() and each not in '"\\' else "?" for each in shown)
    return _STUB.format(source=shown, state=state, factory=factory, key=key)
