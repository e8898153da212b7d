"""What must hold at the end of all: no secret was written anywhere, and stopping leaves no process."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

from devstack.s3 import SECRET_KEY
from tests.support.end_to_end.live import BUCKET, Live, to, until
from tests.support.end_to_end.process_tree import descendants, linux_only, mentioning, parents

SOMEBODY = "member-"
"""How the promo data's user ids begin: data, which has no place in a log."""


def tables(live: Live) -> dict[str, bytes]:
    """Every table of Airflow's database as text."""
    import psycopg2

    found = {}
    url = live.stack.postgres.url("airflow")
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            output = io.BytesIO()
            cursor.copy_expert(f'COPY (SELECT t::text FROM "{table}" AS t) TO STDOUT', output)
            found[table] = output.getvalue()
    for holding in ("xcom", "rendered_task_instance_fields", "asset_event", "dag_run", "log"):
        assert found[holding]
    return found


class NothingLeft:
    def test_no_secret_and_no_row_is_in_logs_or_in_airflow_s_database(self, live: Live) -> None:
        live.transactions("Looked for", "fuel-points", "2026-10-01", "2026-10-31", delivery=[to(BUCKET)]).succeed()
        kept = json.loads((live.stack.root / "credentials.json").read_text())
        assert len(kept) > 5
        secrets = {**kept, "s3": SECRET_KEY, "a row": SOMEBODY}
        texts = {str(path): path.read_bytes() for path in live.stack.root.glob("*.log")}
        for directory in (
            live.stack.logs,
            live.stack.root / "airflow" / "logs",
            live.stack.root / "airflow" / "bundles",
        ):
            texts |= {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
        assert sum("task_id=extract" in path for path in texts) > 0
        found = [
            (name, path) for name, secret in secrets.items() for path, text in texts.items() if secret.encode() in text
        ]

        for table, text in tables(live).items():
            found += [(name, f"table {table}") for name, secret in secrets.items() if secret.encode() in text]
        assert found == []

    @linux_only
    def test_stopping_leaves_no_process(self, live: Live) -> None:
        root = str(live.stack.root)
        servers = live.stack.pids
        assert sorted(servers) == ["PostgreSQL", "S3", "api-server", "dag-processor", "scheduler"]
        running = set(servers.values()).union(*(descendants(pid) for pid in servers.values()))
        assert len(running) > 10
        assert {servers[name] for name in ("api-server", "dag-processor", "scheduler")} <= set(mentioning(root))
        cluster = str(live.stack.postgres.data_dir)
        assert servers["PostgreSQL"] in mentioning(cluster)

        live.api.close()
        live.stack.stop()

        until(lambda: not running & set(parents()), "the end of every process", timeout=10)
        assert mentioning(root) | mentioning(cluster) == {}
        assert not (Path(root) / "stack.json").exists()
