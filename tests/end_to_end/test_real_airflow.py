"""Every end-to-end test of a real Airflow, by subject.

They are one file on purpose: `pytest -n 2 --dist loadfile` gives a file to one worker, so the stack starts once. The
last two of all look back on what the others did, and stop the stack.
"""

from __future__ import annotations

import pytest

from tests.end_to_end.real_airflow.access import TestAccess
from tests.end_to_end.real_airflow.broken_definitions import TestBrokenDefinitions
from tests.end_to_end.real_airflow.cancelled_run import TestCancelledRun
from tests.end_to_end.real_airflow.cleared_runs import TestClearedRuns
from tests.end_to_end.real_airflow.created_reports import TestCreatedReports
from tests.end_to_end.real_airflow.deleted_dags import TestDeletedDags
from tests.end_to_end.real_airflow.downstream import TestDownstream
from tests.end_to_end.real_airflow.every_report_type import TestEveryReportType
from tests.end_to_end.real_airflow.floods import TestFloods
from tests.end_to_end.real_airflow.hostile_confs import TestHostileConfs
from tests.end_to_end.real_airflow.killed_extract import TestKilledExtract
from tests.end_to_end.real_airflow.nothing_left import NothingLeft
from tests.end_to_end.real_airflow.one_time_in_git import TestOneTimeInGit
from tests.end_to_end.real_airflow.others_exports import TestOthersExports
from tests.end_to_end.real_airflow.recurring_in_git import TestBackfill, TestRecurringInGit
from tests.end_to_end.real_airflow.refused_delivery import TestRefusedDelivery
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
from tests.end_to_end.real_airflow.reports_api.shared import made, people
from tests.end_to_end.real_airflow.retention import TestRetention
from tests.end_to_end.real_airflow.row_limit import TestRowLimit
from tests.end_to_end.real_airflow.run_facts import TestRunFacts
from tests.end_to_end.real_airflow.stalled_database import TestStalledDatabase

__all__ = [
    "TestAccess",
    "TestBackfill",
    "TestBrokenDefinitions",
    "TestCancelledRun",
    "TestClearedRuns",
    "TestCreatedReports",
    "TestDeletedDags",
    "TestDownstream",
    "TestEveryReportType",
    "TestFloods",
    "TestHostileConfs",
    "TestKilledExtract",
    "TestOneTimeInGit",
    "TestOthersExports",
    "TestRecurringInGit",
    "TestRefusedDelivery",
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
    "TestStalledDatabase",
    "made",
    "people",
]

pytestmark = pytest.mark.timeout(900)


class TestNothingLeft(NothingLeft):
    """Below the imports, and so the last."""
