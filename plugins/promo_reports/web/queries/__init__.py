"""The two lists of the Reports page, read from Airflow's metadata database (decisions, 4).

The only place that knows Airflow's tables. It works in the caller's session, only reads, and answers with values:

| module | what it gives |
|---|---|
| `questions` | what a list can be asked: filters, sort, page, and which DAGs the asker may see |
| `records` | what it answers: exports, reports, task facts |
| `exports`, `reports`, `creators` | the queries |
| `tables` | Airflow's tables, and what of the product is read from their columns |
| `paging`, `cursors` | pages that neither repeat nor miss a row while rows are added in front |
| `task_facts` | what the tasks of an export left behind, and the states of the tasks |
| `undelivered` | exports that have failed although Airflow calls them a success |

It imports Airflow's models and SQLAlchemy, and is loaded in the api-server only.
"""
