"""Airflow as the API uses it: its auth manager, REST API, audit log and metadata session."""
