"""What docker-compose.yaml has its containers run, run here: SQL, the bucket, the logins."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from devstack.postgres import PostgresServer
from devstack.s3 import ACCESS_KEY, SECRET_KEY, S3Server
from tests.support.deploy.composition import PROJECT, environment, services, words

PASSWORDS = {
    "AIRFLOW_DB_PASSWORD": "of'airflow",
    "PROMO_OWNER_PASSWORD": "of-owner",
    "PROMO_READER_PASSWORD": "of-reader",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL of its own: databases.sql makes roles."""
    server = PostgresServer(tmp_path_factory.mktemp("deploy") / "postgres", password="super", port=0, durable=False)
    server.start()
    try:
        subprocess.run(
            [server.psql, "--no-psqlrc", "--quiet", "-d", server.url(), "-f", PROJECT / "deploy" / "databases.sql"],
            env={**os.environ, **PASSWORDS},
            check=True,
        )
        yield server
    finally:
        server.destroy()


def _healthy(server: PostgresServer, **other: str) -> bool:
    """Whether the health check of the compose file is content with a server."""
    command = words(["sh", "-c", *services()["postgres"]["healthcheck"]["test"][1:]])
    env = {
        **PASSWORDS,
        "PATH": f"{server.psql.parent}:/usr/bin:/bin",
        "HOSTNAME": "127.0.0.1",
        "PGPORT": str(urlsplit(server.url()).port),
        **other,
    }
    return subprocess.run(command, env=env, capture_output=True, check=False).returncode == 0


def test_postgresql_is_healthy_once_every_role_gets_into_its_database(
    server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert _healthy(server)
    for name in PASSWORDS:
        assert not _healthy(server, **{name: "another"})
    empty = PostgresServer(tmp_path_factory.mktemp("empty") / "postgres", password="super", port=0, durable=False)
    empty.start()
    try:
        assert not _healthy(empty)  # databases.sql could not be run
    finally:
        empty.destroy()


@pytest.fixture
def clone() -> Iterator[Path]:
    """What the compose file mounts of a clone, within reach, and programs that say that they were called."""
    root = Path(tempfile.mkdtemp(dir="/var/tmp"))
    root.chmod(0o755)
    for name in ("reports", "report_types", "include/sql", "include/demo/__pycache__", "bin"):
        (root / name).mkdir(parents=True)
    (root / "reports" / "a.yaml").touch()
    (root / "reports" / ".#a.yaml").symlink_to("somebody@host.123")
    (root / "include" / "demo" / "__pycache__").chmod(0)
    for program in ("airflow", "promo-reports"):
        (root / "bin" / program).write_text('#!/bin/sh\necho "$0"\n')
        (root / "bin" / program).chmod(0o755)
    yield root
    subprocess.run(["chmod", "-R", "u+rwX", root], check=True)
    shutil.rmtree(root)


@pytest.mark.parametrize(
    ("path", "mode"), [("reports", 0), ("reports/a.yaml", 0), ("include/sql", 0o444), ("report_types", 0o755)]
)
def test_nothing_starts_where_definitions_cannot_be_read(clone: Path, path: str, mode: int) -> None:
    (clone / path).chmod(mode)
    slots = {"EXPORTS_AT_ONE_TIME": "4", "ON_DEMAND_AT_ONE_TIME": "2"}
    as_another = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    ran = subprocess.run(
        [*as_another, *words(services()["init"]["command"])],
        cwd=clone,
        env={"PATH": f"{clone}/bin:/usr/bin:/bin", "PROMO_REPORTS_POOL": "pool", **slots},
        capture_output=True,
        text=True,
        check=False,
    )
    if mode == 0o755:
        assert (ran.returncode, ran.stdout.count("\n")) == (0, 4), ran.stderr
    else:
        assert (ran.returncode, ran.stdout) == (1, "")
        assert f"cannot read {path}. Run: chmod -R a+rX" in ran.stderr


def _connect(server: PostgresServer, database: str, user: str) -> Any:
    import psycopg2

    password = PASSWORDS[{"airflow": "AIRFLOW_DB"}.get(user, user.upper()) + "_PASSWORD"]
    connection = psycopg2.connect(server.url(database, user=user, password=password))
    connection.autocommit = True
    return connection


def test_reader_reads_what_the_owner_makes_later_and_can_do_no_more(server: PostgresServer) -> None:
    from psycopg2.errors import InsufficientPrivilege, ReadOnlySqlTransaction

    with _connect(server, "promo", "promo_owner").cursor() as owner:
        owner.execute("CREATE TABLE later AS SELECT 1 AS one")
    with _connect(server, "promo", "promo_reader").cursor() as reader:
        reader.execute("SELECT one FROM later")
        assert reader.fetchall() == [(1,)]
        with pytest.raises(ReadOnlySqlTransaction):
            reader.execute("CREATE TABLE mine (one int)")
        reader.execute("SET default_transaction_read_only = off")
        for statement in ("DELETE FROM later", "CREATE TABLE mine (one int)"):
            with pytest.raises(InsufficientPrivilege):
                reader.execute(statement)


@pytest.mark.parametrize(
    ("database", "user"), [("airflow", "promo_reader"), ("airflow", "promo_owner"), ("promo", "airflow")]
)
def test_databases_are_closed_to_each_others_roles(server: PostgresServer, database: str, user: str) -> None:
    import psycopg2

    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        _connect(server, database, user)


def test_airflow_owns_its_database(server: PostgresServer) -> None:
    with _connect(server, "airflow", "airflow").cursor() as airflow:
        airflow.execute("CREATE TABLE mine (one int)")


def test_role_of_the_docs_reads_the_templates_tables_and_can_do_no_more(server: PostgresServer) -> None:
    import psycopg2
    from psycopg2.errors import InsufficientPrivilege

    with _connect(server, "promo", "promo_owner").cursor() as owner:
        owner.execute((PROJECT / "include" / "demo" / "schema.sql").read_text())
    found = re.search(r"```sql\n(.+?)```", (PROJECT / "docs" / "deploy.md").read_text(), re.DOTALL)
    assert found
    server.execute(found[1], database="promo")
    url = server.url("promo", user="promo_exports", password="a-long-random-password")
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as reader:
        reader.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'later'")
        tables = [table for (table,) in reader.fetchall()]
        assert len(tables) == 7
        reader.execute("SET default_transaction_read_only = off")
        for table in tables:
            reader.execute(f"SELECT count(*) FROM {table}")
            with pytest.raises(InsufficientPrivilege):
                reader.execute(f"DELETE FROM {table}")
    connection.close()


def test_bucket_is_made_once(s3: S3Server) -> None:
    _, *arguments = words(services()["bucket"]["command"])
    bucket = "made-by-compose"
    env = {
        **os.environ,
        **environment("bucket"),
        "AWS_ENDPOINT_URL_S3": s3.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "NO_PROXY": "127.0.0.1",
        "BUCKETS": f"{bucket} another",
    }
    for _ in range(2):
        subprocess.run([sys.executable, *arguments], env=env, check=True)
    assert {bucket, "another"} <= {each["Name"] for each in s3.client().list_buckets()["Buckets"]}


def test_logins_come_from_the_environment_and_do_not_reach_airflow_otherwise(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords.json"
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    (programs / "airflow").write_text('#!/bin/sh\necho "$@"\nenv\n')
    (programs / "airflow").chmod(0o755)
    env = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "ADMIN_PASSWORD": "a\"d'min $x",
        "USER_PASSWORD": "user-secret",
        "VIEWER_PASSWORD": "viewer-secret",
    }
    command = words(services()["api-server"]["command"])
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("api-server ")
    assert "_PASSWORD=" not in ran.stdout
    users = ("admin", "user", "viewer")
    assert json.loads(passwords.read_text()) == {user: env[f"{user.upper()}_PASSWORD"] for user in users}
    assert passwords.stat().st_mode & 0o777 == 0o600
