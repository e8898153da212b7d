"""The Airflow plugin: the Reports page and its API, timetables, priority weights.

Airflow loads it through the entry point `airflow.plugins` where the package is installed, or through the shim
`plugins/promo_reports_plugin.py` where it only lies in the plugins folder.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from airflow.plugins_manager import AirflowPlugin

from promo_reports.orchestration.priority import ExportPriority
from promo_reports.orchestration.timetable import OneTimeTimetable, RecurringTimetable
from promo_reports.web.lazy_app import PREFIX, NewlinesInPaths, ReportsApi

_API = ReportsApi()
_BUNDLE = Path(__file__).parent / "web" / "static" / "main.js"


class PromoReportsPlugin(AirflowPlugin):
    """Registers the Reports page, and the classes that the scheduler restores from serialized DAGs."""

    name = "promo_reports"
    timetables = [RecurringTimetable, OneTimeTimetable]  # noqa: RUF012 - Airflow's interface
    priority_weight_strategies = [ExportPriority]  # noqa: RUF012
    fastapi_apps = [{"name": "Promo Reports", "app": _API, "url_prefix": PREFIX}]  # noqa: RUF012
    fastapi_root_middlewares = [  # noqa: RUF012
        {"name": "Promo Reports", "middleware": NewlinesInPaths, "kwargs": {"api": _API}}
    ]
    react_apps = [  # noqa: RUF012
        {
            "name": "Reports",
            # Relative, so that a base path works; a new content has a new address.
            "bundle_url": f"promo-reports/ui/main.js?v={hashlib.sha256(_BUNDLE.read_bytes()).hexdigest()[:12]}",
            "url_route": "reports",
            "destination": "nav",
            "nav_top_level": True,
        }
    ]
