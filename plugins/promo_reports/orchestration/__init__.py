"""Airflow's side: bundle, DAG factory, timetable, operators."""
