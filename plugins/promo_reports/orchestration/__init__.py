"""What Airflow loads: the DAG bundle and factory, timetables, operators, priorities, connections."""
