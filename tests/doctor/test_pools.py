"""What `promo-reports doctor` tells of Airflow's pools, on a real metadata database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa  # noqa: TID253 - nothing is parsed here
from airflow import settings
from sqlalchemy.orm import sessionmaker  # noqa: TID253

from devstack.postgres import PostgresServer
from promo_reports.doctor.database import check_databases
from promo_reports.doctor.pools import check_pools, connections_wanted, slots_of
from promo_reports.domain.check_result import CheckState
from promo_reports.settings import Settings
from tests.support.airflow.metadata import metadata_database
from tests.support.doctor import installation_of

ADD = sa.text("INSERT INTO slot_pool (pool, slots, include_deferred) VALUES (:name, :slots, false)")


@pytest.fixture
def metadata(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """For this process, the metadata database of Airflow; it has no pool of ours."""
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "said by the fixture")
    with metadata_database(postgres, "doctor") as engine:
        monkeypatch.setattr(settings, "NonScopedSession", sessionmaker(engine))
        yield engine


def test_pools_that_are_missing_and_those_without_slots(metadata: sa.Engine) -> None:
    installation = installation_of("")
    assert [each.state for each in check_pools(installation)] == [CheckState.PROBLEM] * 2
    with metadata.begin() as session:
        session.execute(ADD, [{"name": "promo_reports", "slots": 4}, {"name": "promo_reports_on_demand", "slots": 0}])
    (found,) = check_pools(installation)
    assert found.sentence.startswith("Pool promo_reports_on_demand has no slots: airflow pools set ")
    with metadata.begin() as session:
        session.execute(sa.text("UPDATE slot_pool SET slots = 2 WHERE slots = 0"))
    (found,) = check_pools(installation)
    assert (found.state, "CONNECTION LIMIT of 8 or more" in found.sentence) == (CheckState.OK, True)
    assert slots_of(installation) == {"promo_reports": 4, "promo_reports_on_demand": 2}


def test_connections_are_those_of_all_slots_and_the_pages() -> None:
    settings = Settings.model_validate({"connections_per_export": 3})
    assert connections_wanted(settings, {"promo_reports": 4, "promo_reports_on_demand": 2}) == 20
    assert connections_wanted(settings, {}) == 5


def test_what_is_not_known_of_pools_is_said_and_no_limit_called_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    found = list(check_databases(installation_of("postgresql://nobody@127.0.0.1:1/nothing")))
    assert [each.sentence for each in found if each.state is CheckState.NOT_CHECKED] == [
        "How many exports want at one time is not known. Airflow is not configured on this host: run this where a "
        "worker runs."
    ]
