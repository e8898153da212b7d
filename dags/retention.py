"""The Airflow DAG that removes expired exports."""

from promo_reports.orchestration.retention import retention

retention()
