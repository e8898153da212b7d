"""Everything the product needs to run, on one machine and without Docker.

| module | what it runs |
|---|---|
| `processes` | one server process: its log, its readiness, its end |
| `process_guard` | stands between a server and its supervisor, so that none outlives a killed one |
| `postgres` | a real PostgreSQL, from PyPI: Airflow's metadata database and the promo database |
| `postgres_cluster`, `unprivileged` | making its cluster, also for root, as whom it does not run |
| `databases`, `promo_loader`, `credentials` | its databases and roles, the promo data, the passwords |
| `s3` | a server that speaks the S3 protocol, and its buckets |
| `google_storage`, `google_storage_objects` | a server of Google Cloud Storage's JSON API, and what it keeps |
| `airflow` | api-server, scheduler and dag-processor, with the settings of the demo |
| `logins` | who may log in, and the auth manager that knows them: Airflow's simple one, or FAB |
| `airflow_client` | a client of Airflow's REST API: trigger, wait, asset events |
| `data_root_lock` | one stack on a data root at a time |
| `stack` | all of the above, in the order that reaches the first export soonest |

`make demo` keeps it in front of you; the end-to-end tests start the same thing in a temporary directory.
Servers listen on loopback only.
"""
