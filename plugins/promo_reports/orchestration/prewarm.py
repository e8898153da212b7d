"""Prewarm caches and imports in the dag-processor before it forks parsers.

Making one DAG of each kind loads the report types and the account, which are cached until their files change, and the
modules that Airflow imports when it serializes a DAG. Every parser would otherwise load them again.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from promo_reports.orchestration.airflow_internals import serialize
from promo_reports.orchestration.dag_factory import report_dag, type_dag
from promo_reports.orchestration.project import registry

if TYPE_CHECKING:
    from airflow.sdk import DAG

log = logging.getLogger(__name__)

_ATTEMPTS = 5  # definitions; the first valid one is enough


def prewarm() -> None:
    """Load what parsers need; errors of definitions are left to their own parse."""
    # By key, so that a broken one does not keep the others from being loaded.
    for source in registry().report_type_sources():
        _is_made(type_dag, source.key)
    any(_is_made(report_dag, source.key) for source in registry().sources()[:_ATTEMPTS])
    # As Airflow does before it forks: objects that are never collected stay shared with the parsers.
    gc.collect()
    gc.freeze()


def _is_made(make: Callable[[str], DAG], key: str) -> bool:
    try:
        serialize(make(key))
    except Exception:
        log.debug("%s cannot be made", key, exc_info=True)
        return False
    return True
