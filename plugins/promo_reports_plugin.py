"""What Airflow's plugin loader finds: it runs every file below plugins/, so the package itself is in .airflowignore."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from promo_reports.orchestration.timetable import OneTimeTimetable, RecurringTimetable


class PromoReportsPlugin(AirflowPlugin):
    """Registers the timetables, which the scheduler makes again from serialized DAGs."""

    name = "promo_reports"
    timetables = [RecurringTimetable, OneTimeTimetable]  # noqa: RUF012 - Airflow's interface
