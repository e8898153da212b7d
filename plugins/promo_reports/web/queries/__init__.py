"""The two lists of the Reports page, read from Airflow's metadata database (decisions, 4).

The only place that knows Airflow's tables. It reads in the session of the request and returns plain values:

| module | what it has |
|---|---|
| `filters` | the parameters of a list: filters, sort order, page, and the DAGs that the caller may read |
| `records` | the values that queries return: exports, reports, task facts |
| `exports`, `reports`, `creators`, `dags` | the queries |
| `airflow_tables` | Airflow's tables, and the SQL expressions of an export's name, creator and status |
| `paging`, `cursors` | keyset pagination: no row is repeated or missed while rows are added in front |
| `task_facts`, `task_state_schema` | what the tasks of an export wrote to the task state store, validated |
| `undelivered_exports` | exports that have failed although Airflow calls their runs a success |

It imports Airflow's models and SQLAlchemy, and is loaded in the api-server only.
"""
