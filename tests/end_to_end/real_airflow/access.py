"""Who may do what, as far as Airflow's simple auth manager goes: a viewer reads, and starts nothing."""

from __future__ import annotations

import pytest

from devstack.airflow_client import AirflowClientError
from tests.support.end_to_end.live import Live

DAG_ID = "promo_reports.type.wallet_summary"


class TestAccess:
    def test_a_viewer_reads_and_triggers_nothing(self, live: Live) -> None:
        live.api.wait_for_dag(DAG_ID)
        before = len(live.api.runs(DAG_ID))
        with live.stack.airflow.api("viewer") as viewer:
            assert DAG_ID in viewer.dag_ids()
            assert len(viewer.runs(DAG_ID)) == before
            with pytest.raises(AirflowClientError, match=": 403 "):
                viewer.trigger(DAG_ID, {"name": "Not for you"})
        assert len(live.api.runs(DAG_ID)) == before
