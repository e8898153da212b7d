"""A real MariaDB on loopback, from the system's package `mariadb-server`, without root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from devstack.processes import ServerError, ServerProcess, on_free_port
from devstack.unprivileged import forget_home, home_for, unprivileged_user

OWNER, READER = "promo_owner", "promo_reader"
PASSWORD = "p:/?#%@w"  # noqa: S105 - of both; it must be escaped in a URL

_SETTINGS = (
    "bind-address=127.0.0.1",
    "socket=mariadb.sock",  # in the data directory: the path of a socket must be short
    "character-set-server=utf8mb4",
    "collation-server=utf8mb4_bin",
    "default-time-zone=+05:30",  # a promo database need not be in UTC
    "sql-mode=NO_BACKSLASH_ESCAPES",  # nor read texts as drivers write them
    "max-allowed-packet=64M",
    "innodb-buffer-pool-size=512M",
    "innodb-flush-log-at-trx-commit=0",
    "local-infile=1",
    "skip-name-resolve",
)
_USERS = f"""
CREATE USER '{OWNER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO '{OWNER}'@'127.0.0.1' WITH GRANT OPTION;
CREATE USER '{READER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT SELECT, SHOW VIEW ON *.* TO '{READER}'@'127.0.0.1';
"""


class MariaDbServer:
    """One server with a data directory of its own; whoever reads may only SELECT and see views."""

    def __init__(self, data_dir: Path) -> None:
        self.wanted_dir = data_dir.absolute()
        self.log = self.wanted_dir.with_name(f"{self.wanted_dir.name}.log")
        self.port = 0
        self._user = unprivileged_user()
        self._process: ServerProcess | None = None

    def __enter__(self) -> MariaDbServer:
        home = home_for(self.wanted_dir, self._user)
        try:
            self._make(home)
            users = home / "users.sql"
            users.write_text(_USERS, encoding="utf-8")
            users.chmod(0o644)
            on_free_port(0, lambda port: self._launch(home, users, port))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.stop()
            self._process = None
        forget_home(self.wanted_dir, self._user)

    @property
    def client(self) -> list[str]:
        """The package's own client, as the one who reads."""
        words = ("--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--port={self.port}", f"--user={READER}")
        return [_program("mariadb"), *words, f"--password={PASSWORD}", "--default-character-set=utf8mb4"]

    def url(self, database: str, user: str = READER) -> str:
        """The address of a database, for SQLAlchemy."""
        return f"mysql://{user}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def session(self, database: str = "") -> Iterator[Any]:
        """A cursor of the owner, in UTC; each statement is committed."""
        from mysql import connector

        with contextlib.closing(
            connector.connect(
                host="127.0.0.1",
                port=self.port,
                user=OWNER,
                password=PASSWORD,
                database=database or None,
                collation="utf8mb4_bin",
                time_zone="+00:00",
                autocommit=True,
                allow_local_infile=True,
                connection_timeout=5,
            )
        ) as connection:
            cursor = connection.cursor()
            cursor.execute("SET sql_mode = ''")
            yield cursor

    def execute(self, *statements: str, database: str = "") -> None:
        """Run statements as the owner."""
        with self.session(database) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _launch(self, home: Path, users: Path, port: int) -> None:
        self.port = port
        options = [f"--{each}" for each in (f"port={self.port}", f"init-file={users}", f"tmpdir={home}", *_SETTINGS)]
        self._process = ServerProcess(
            "MariaDB",
            [_program("mariadbd"), "--no-defaults", f"--datadir={home / 'data'}", *options],
            log=self.log,
            cwd=Path("/"),
            user=self._user,
            grace=20.0,
        )
        try:
            self._process.start()
            self._process.wait_until(lambda: self._answers(home), timeout=60.0)
        except BaseException:
            self._process.stop()
            raise

    def _make(self, home: Path) -> None:
        made = subprocess.run(
            [
                *(_program("mariadb-install-db"), "--no-defaults", f"--datadir={home / 'data'}"),
                *("--skip-test-db", "--skip-name-resolve"),
            ],
            user=self._user.uid if self._user else None,
            group=self._user.gid if self._user else None,
            extra_groups=[] if self._user else None,
            cwd="/",
            env={**os.environ, "TMPDIR": str(home)},  # a server that starts deletes what another has in the same one
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise ServerError(f"mariadb-install-db could not make {home / 'data'}: {made.stdout[-500:]}{made.stderr}")

    def _answers(self, home: Path) -> bool:
        """Whether it takes logins; another server on its port works on another directory."""
        from mysql import connector

        try:
            with self.session() as cursor:
                cursor.execute("SELECT @@datadir")
                ((directory,),) = cursor.fetchall()
        except connector.Error:
            return False
        return Path(directory) == home / "data"


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise ServerError(f"There is no {name}. On Debian and Ubuntu: apt install mariadb-server")
    return found
