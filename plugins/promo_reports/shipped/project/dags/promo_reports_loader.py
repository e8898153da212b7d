"""Airflow DAGs of Promo Reports: one for each report type and each report definition."""

from promo_reports.orchestration.loader import load_dags

globals().update(load_dags(__file__))
