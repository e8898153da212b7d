"""SFTP servers, through the connections of Airflow's sftp provider."""
