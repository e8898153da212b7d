"""The DAG files that the bundle makes, as a function of what is registered: their names and texts.

::

    type.<id>.py       the on-demand DAG of one report type
    reports.<nn>.py    the DAGs of a group of definitions; a definition's id alone decides its group
    report.<id>.py     a broken definition, apart from its group: an import error of its own

Airflow's cost is by file: a process for each parse, and several looks a second at all that it knows. A fixed number of
groups makes ten thousand definitions cheap, and still a change is a parse of some forty DAGs and not of all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.sources import Source, stamp_of
from promo_reports.domain.dag_ids import report_id_of, report_type_of

GROUP_DIGITS = 2
"""Hexadecimal digits of a group's name: 256 groups. Another number moves DAGs to other files: new versions of all."""

_OF_ONE = '''"""Made by the Promo Reports bundle from {source}; edit that file, not this one."""

# An Airflow DAG file; state of what it is made from: {state}
from promo_reports.orchestration.dag_factory import {factory}

dag = {factory}({key!r}, __file__)
'''
_OF_GROUP = '''"""Made by the Promo Reports bundle from the definitions of these ids; edit their files, not this one."""

# An Airflow DAG file; beside each id is the state of what its DAG is made from.
from promo_reports.orchestration.dag_factory import report_dags

globals().update(
    report_dags(
        {{
{states}
        }},
        __file__,
    )
)
'''


def group_of(key: str) -> str:
    """The name of a definition's group, the same for ever and on every host."""
    return hashlib.sha256(key.encode()).hexdigest()[:GROUP_DIGITS]


def file_of(dag_id: str) -> str:
    """The name of the file that makes a DAG of ours."""
    report_id = report_id_of(dag_id)
    return f"reports.{group_of(report_id)}.py" if report_id is not None else f"type.{report_type_of(dag_id)}.py"


def generated_files(registered: Registry, apart: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The name and text of each file; a text changes with what its DAGs are made from.

    `apart` are the definitions that were found broken, with their state at that time: until it changes, each has a file
    of its own. `StoreError` where what is registered cannot be listed whole.
    """
    shared = yield from _of_types(registered)
    marks = registered.mark_stamps()
    groups: dict[str, list[str]] = {}
    for source in registered.sources():
        state = _state([source.stamp, marks.get(source.key, ""), shared])
        if apart.get(source.key) == state:
            yield f"report.{source.key}.py", _of_one("broken_report", source, state)
        else:
            groups.setdefault(group_of(source.key), []).append(f"            {source.key!r}: {state!r},")
    for group, states in groups.items():
        yield f"reports.{group}.py", _OF_GROUP.format(states="\n".join(states))


def _of_types(registered: Registry) -> Generator[tuple[str, str], None, str]:
    """The files of the report types; the answer is the state of what all definitions share."""
    settings = registered.settings
    options = [stamp_of(each) for each in sorted((settings.sql / "options").glob("*.sql"))]
    types = registered.report_type_sources()
    for source in types:
        made_from = [source.stamp, stamp_of(settings.sql / f"{source.key}.sql"), *options]
        yield f"type.{source.key}.py", _of_one("type_dag", source, _state(made_from))
    return _state([stamp_of(settings.account), *(source.stamp for source in types)])


def _of_one(factory: str, source: Source, state: str) -> str:
    return _OF_ONE.format(source=_shown(source.path), state=state, factory=factory, key=source.key)


def _shown(path: Path) -> str:
    """A file's name as it may stand in a Python comment and docstring, whatever somebody has called it."""
    shown = f"{path.parent.name}/{path.name}".encode("ascii", "replace").decode()
    return "".join(each if each.isprintable() and each not in '"\\' else "?" for each in shown)


def _state(made_from: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(made_from).encode()).hexdigest()[:16]
