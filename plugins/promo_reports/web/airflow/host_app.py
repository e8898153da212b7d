"""The key under which a request's ASGI scope holds Airflow's own application; imported wherever plugins load."""

AIRFLOW_APP = "promo_reports.airflow_app"
