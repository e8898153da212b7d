"""No Airflow DAG is in this file: its import error is what is wrong with definitions, apart from the DAGs of others."""

from promo_reports.orchestration.loader import raise_problems

raise_problems()
