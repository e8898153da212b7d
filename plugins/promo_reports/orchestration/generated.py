"""Names and texts of the DAG files that the bundle writes, computed from what is registered.

::

    type.<id>.py       the on-demand DAG of one report type
    reports.<nn>.py    the DAGs of a group of definitions; a definition's id alone decides its group
    report.<id>.py     a quarantined definition, which has an import error of its own

Airflow's cost grows with the number of files: it forks a process for each parse and checks all files several times a
second. A fixed number of groups keeps ten thousand definitions cheap; a change parses some forty DAGs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.source_files import SourceFile
from promo_reports.domain.dag_ids import report_id_of, report_type_of
from promo_reports.object_stores.directory.file_stamps import stamp_of

GROUP_DIGITS = 2
"""Hexadecimal digits of a group's name: 256 groups. Changing it moves DAGs between files and makes new versions."""

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
    """Return the name of a definition's group, which is stable over time and hosts."""
    return hashlib.sha256(key.encode()).hexdigest()[:GROUP_DIGITS]


def file_of(dag_id: str) -> str:
    """Return the name of the generated file that defines a DAG."""
    report_id = report_id_of(dag_id)
    return f"reports.{group_of(report_id)}.py" if report_id is not None else f"type.{report_type_of(dag_id)}.py"


def generated_files(registered: Registry, quarantined: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each file; a text changes whenever a source of its DAGs does.

    `quarantined` has the quarantined definitions and the state in which each failed: until it changes, each has a file
    of its own. Raises `StoreError` if the registered definitions cannot be listed completely.
    """
    shared = yield from _of_types(registered)
    marks = registered.store.mark_stamps()
    groups: dict[str, list[str]] = {}
    for source in registered.sources():
        state = _state([source.stamp, marks.get(source.key, ""), shared])
        if quarantined.get(source.key) == state:
            yield f"report.{source.key}.py", _of_one("broken_report", source, state)
        else:
            groups.setdefault(group_of(source.key), []).append(f"            {source.key!r}: {state!r},")
    for group, states in groups.items():
        yield f"reports.{group}.py", _OF_GROUP.format(states="\n".join(states))


def _of_types(registered: Registry) -> Generator[tuple[str, str], None, str]:
    """Yield the files of the report types; return the state of the sources that all definitions share."""
    settings = registered.settings
    options = [stamp_of(each) for each in sorted((settings.sql / "options").glob("*.sql"))]
    types = registered.report_type_sources()
    for source in types:
        made_from = [source.stamp, stamp_of(settings.sql / f"{source.key}.sql"), *options]
        yield f"type.{source.key}.py", _of_one("type_dag", source, _state(made_from))
    return _state([stamp_of(settings.account), *(source.stamp for source in types)])


def _of_one(factory: str, source: SourceFile, state: str) -> str:
    return _OF_ONE.format(source=_shown(source.shown), state=state, factory=factory, key=source.key)


def _shown(name: str) -> str:
    """Return a file's name in a form that is safe in a Python comment and docstring."""
    plain = name.encode("ascii", "replace").decode()
    return "".join(each if each.isprintable() and each not in '"\\' else "?" for each in plain)


def _state(made_from: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(made_from).encode()).hexdigest()[:16]
