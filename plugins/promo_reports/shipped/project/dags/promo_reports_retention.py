"""The Airflow DAG of Promo Reports that removes expired exports, for a DAGs folder with or without the bundle."""

from promo_reports.orchestration.retention import retention

retention()
