"""Every end-to-end test of a real Airflow, by subject.

They are one file on purpose: `pytest -n 2 --dist loadfile` gives a file to one worker, so the stack starts once.
"""

from __future__ import annotations

import pytest

from tests.end_to_end.real_airflow.every_report_type import TestEveryReportType

__all__ = ["TestEveryReportType"]

pytestmark = pytest.mark.timeout(900)
