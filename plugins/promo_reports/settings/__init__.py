"""Settings of one host: `PROMO_REPORTS_*` environment variables, and what Airflow's configuration says beside them.

This package imports no Airflow. `orchestration.project` passes in what the section `[promo_reports]` sets, for the
processes of Airflow; the command line reads the variables only (docs/settings.md).
"""

from __future__ import annotations

from promo_reports.settings.directories import is_project
from promo_reports.settings.places import PREFIX, SECTION, SECTION_PREFIX, Given
from promo_reports.settings.settings import Settings

__all__ = ["PREFIX", "SECTION", "SECTION_PREFIX", "Given", "Settings", "is_project"]
