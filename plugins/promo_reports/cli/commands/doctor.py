"""`promo-reports doctor`: the checks of an installation."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from promo_reports.cli.console import spinner
from promo_reports.cli.database import source_for
from promo_reports.cli.project import open_project
from promo_reports.doctor.checks import CHECKS, run
from promo_reports.doctor.installation import Installation
from promo_reports.doctor.sentences import sentence_of
from promo_reports.domain.check_result import CheckResult, not_checked, problem
from promo_reports.errors import InvalidInput


def results_of(home: Path | None, url: str | None, *, only_database: bool) -> list[CheckResult]:
    """Run the checks, or those of promo databases alone; `url` takes the place of every Airflow connection."""
    try:
        project = open_project(home)
    except InvalidInput as error:
        return [problem("settings", sentence_of(error)), not_checked("everything else", "It goes by the settings.")]
    installation = Installation(
        project.settings, project.registry, project.now, lambda connection: source_for(connection, url)
    )
    checks = [check for check in CHECKS if check.of_database or not only_database]
    # Importing Airflow logs to standard output, which belongs to results here.
    with spinner("Checking"), contextlib.redirect_stdout(io.StringIO()):
        return [result for _, result in run(checks, installation)]
