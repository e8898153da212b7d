"""Airflow as the page's API uses it: who may do what, its stable REST API and its audit log."""
