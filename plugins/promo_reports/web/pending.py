"""Created reports that Airflow does not know yet: it reads them within seconds of their creation."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from promo_reports.definitions.created import CreatedReports
from promo_reports.definitions.registry import Registry
from promo_reports.domain.dag_ids import report_dag_id, report_id_of
from promo_reports.errors import InvalidInput
from promo_reports.web.lists.dags import known_dag_ids
from promo_reports.web.lists.records import Frequency, PendingReport


class Pending:
    """The reports on their way; one for a process.

    A definition in the store is written once and never changed, so what was made of it is kept until Airflow has it:
    while no dag-processor runs, there may be many.
    """

    def __init__(self, registry: Registry, created: CreatedReports) -> None:
        self._registry = registry
        self._created = created
        self._kept: dict[str, PendingReport] = {}

    def reports(self, session: Session, may_read: Callable[[str], bool]) -> list[PendingReport]:
        """Those that the asker may see, by DAG id."""
        dag_ids = {report_dag_id(each) for each in self._created.ids()}
        missing = dag_ids - known_dag_ids(session, dag_ids) if dag_ids else set()
        self._kept = {dag_id: kept for dag_id, kept in self._kept.items() if dag_id in missing}
        found = (self._report(dag_id) for dag_id in sorted(missing) if may_read(dag_id))
        return [each for each in found if each is not None]

    def _report(self, dag_id: str) -> PendingReport | None:
        found = self._kept.get(dag_id) or self._read(dag_id)
        if found is not None:
            self._kept[dag_id] = found
        return found

    def _read(self, dag_id: str) -> PendingReport | None:
        """None for a definition that is broken, or no recurring one."""
        report_id = report_id_of(dag_id) or ""
        made = self._created.created(report_id)
        try:
            definition = self._registry.definition(report_id)
        except InvalidInput:
            return None
        if made is None or definition.schedule is None:
            return None
        at, by = made
        return PendingReport(
            dag_id=dag_id,
            name=definition.name,
            promotion_type=definition.report_type.promotion_type,
            frequency=Frequency(definition.frequency),
            created=True,
            created_by=by,
            created_at=at,
            schedule=definition.schedule.in_words,
        )
