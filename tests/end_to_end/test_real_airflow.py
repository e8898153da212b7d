"""What a real Airflow makes of the product, by subject; its faults are in `test_faults.py`.

They are one file on purpose: `pytest -n 2 --dist loadfile` gives a file to one worker, so the stack starts once. The
last two of all look back on what the others did, and stop the stack.
"""

from __future__ import annotations

import pytest

from tests.end_to_end.real_airflow.access import TestAccess
from tests.end_to_end.real_airflow.cleared_runs import TestClearedRuns
from tests.end_to_end.real_airflow.created_reports import TestCreatedReports
from tests.end_to_end.real_airflow.downstream import TestDownstream
from tests.end_to_end.real_airflow.every_report_type import TestEveryReportType
from tests.end_to_end.real_airflow.nothing_left import NothingLeft
from tests.end_to_end.real_airflow.one_time_in_git import TestOneTimeInGit
from tests.end_to_end.real_airflow.recurring_in_git import TestBackfill, TestRecurringInGit
from tests.end_to_end.real_airflow.reports_api.access_walk import TestReportsApiAccess
from tests.end_to_end.real_airflow.reports_api.bad_input import TestReportsApiBadInput
from tests.end_to_end.real_airflow.reports_api.bad_requests import TestReportsApiBadRequests, TestReportsApiCookie
from tests.end_to_end.real_airflow.reports_api.creating import TestReportsApiCreating
from tests.end_to_end.real_airflow.reports_api.downloads import TestReportsApiDownloads
from tests.end_to_end.real_airflow.reports_api.exports_list import TestReportsApiExportsList
from tests.end_to_end.real_airflow.reports_api.failed_exports import TestReportsApiCancel, TestReportsApiFailedExports
from tests.end_to_end.real_airflow.reports_api.form import TestReportsApiForm, TestReportsApiPromoDatabaseAway
from tests.end_to_end.real_airflow.reports_api.git_definitions import TestReportsApiGitDefinitions
from tests.end_to_end.real_airflow.reports_api.idempotency import TestReportsApiIdempotency
from tests.end_to_end.real_airflow.reports_api.recurring_life import TestReportsApiRecurringLife
from tests.end_to_end.real_airflow.retention import TestRetention
from tests.end_to_end.real_airflow.row_limit import TestRowLimit
from tests.end_to_end.real_airflow.run_facts import TestRunFacts
from tests.support.end_to_end.shared_exports import made, people

__all__ = [
    "TestAccess",
    "TestBackfill",
    "TestClearedRuns",
    "TestCreatedReports",
    "TestDownstream",
    "TestEveryReportType",
    "TestOneTimeInGit",
    "TestRecurringInGit",
    "TestReportsApiAccess",
    "TestReportsApiBadInput",
    "TestReportsApiBadRequests",
    "TestReportsApiCancel",
    "TestReportsApiCookie",
    "TestReportsApiCreating",
    "TestReportsApiDownloads",
    "TestReportsApiExportsList",
    "TestReportsApiFailedExports",
    "TestReportsApiForm",
    "TestReportsApiGitDefinitions",
    "TestReportsApiIdempotency",
    "TestReportsApiPromoDatabaseAway",
    "TestReportsApiRecurringLife",
    "TestRetention",
    "TestRowLimit",
    "TestRunFacts",
    "made",
    "people",
]

pytestmark = pytest.mark.timeout(900)


class TestNothingLeft(NothingLeft):
    """Below the imports, and so the last."""
