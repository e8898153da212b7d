"""What a real Airflow and the product make of faults, floods and other people's intentions, on a stack of its own.

`make test-e2e` runs them: most wait for a limit or start many tasks. The last two of all look back on what the others
did, and stop the stack.
"""

from __future__ import annotations

import pytest

from tests.end_to_end.real_airflow.faults.broken_definitions import TestBrokenDefinitions
from tests.end_to_end.real_airflow.faults.cancelled_run import TestCancelledRun
from tests.end_to_end.real_airflow.faults.deleted_dags import TestDeletedDags
from tests.end_to_end.real_airflow.faults.floods import TestFloods
from tests.end_to_end.real_airflow.faults.hostile_confs import TestHostileConfs
from tests.end_to_end.real_airflow.faults.killed_extract import TestKilledExtract
from tests.end_to_end.real_airflow.faults.others_exports import TestOthersExports
from tests.end_to_end.real_airflow.faults.refused_delivery import TestRefusedDelivery
from tests.end_to_end.real_airflow.faults.servers_away import TestServersAway
from tests.end_to_end.real_airflow.faults.stalled_database import TestStalledDatabase
from tests.end_to_end.real_airflow.nothing_left import NothingLeft
from tests.support.end_to_end.shared_exports import people

__all__ = [
    "TestBrokenDefinitions",
    "TestCancelledRun",
    "TestDeletedDags",
    "TestFloods",
    "TestHostileConfs",
    "TestKilledExtract",
    "TestOthersExports",
    "TestRefusedDelivery",
    "TestServersAway",
    "TestStalledDatabase",
    "people",
]

pytestmark = pytest.mark.timeout(900)


class TestNothingLeft(NothingLeft):
    """Below the imports, and so the last."""
