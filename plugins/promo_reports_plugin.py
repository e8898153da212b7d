"""Registers the plugin of a package that lies in the plugins folder without being installed.

Airflow's plugin loader runs every file below plugins/, so the package itself is in .airflowignore. Where the package is
installed, its entry point registers the plugin, and registering it here again would mount the page twice.
"""

from __future__ import annotations

from importlib.metadata import entry_points

if not entry_points(group="airflow.plugins", name="promo_reports"):
    from promo_reports.airflow_plugin import PromoReportsPlugin  # noqa: F401 - found by Airflow's loader
