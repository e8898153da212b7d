"""Makes one DAG of each kind in the dag-processor's own process, from which every parser is forked.

What that loads is then there in each parser: the report types and the account, which are kept until their files change,
and the modules that Airflow imports only when it serializes a DAG. Without it each parser loads them for itself.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from promo_reports.definitions.project import registry
from promo_reports.orchestration.dag_factory import report_dag, type_dag

if TYPE_CHECKING:
    from airflow.sdk import DAG

log = logging.getLogger(__name__)

_ATTEMPTS = 5  # definitions, of which the first that is sound will do


def rehearse() -> None:
    """Load what parsers need; what cannot be made is not our business here, and stops nothing."""
    # Asked for by key: a broken one must not keep the others from being loaded.
    for source in registry().report_type_sources():
        _is_made(type_dag, source.key)
    any(_is_made(report_dag, source.key) for source in registry().sources()[:_ATTEMPTS])
    # As Airflow does before it has loaded any of this: what is never collected is not copied by each parser.
    gc.collect()
    gc.freeze()


def _is_made(make: Callable[[str], DAG], key: str) -> bool:
    from airflow.serialization.serialized_objects import DagSerialization

    try:
        DagSerialization.to_dict(make(key))
    except Exception:
        log.debug("%s cannot be made", key, exc_info=True)
        return False
    return True
