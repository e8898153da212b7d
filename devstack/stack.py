"""The whole product on one machine: PostgreSQL, the promo data, S3 and Airflow, started and stopped together."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from devstack.airflow import (
    DAGS_FOLDER_BUNDLE,
    REPORT_BUNDLE,
    Airflow,
    AirflowSetup,
    Bundle,
)
from devstack.airflow import PREFERRED_PORT as AIRFLOW_PORT
from devstack.credentials import Credentials
from devstack.data_root_lock import DataRootLock
from devstack.databases import PromoDatabase, create_databases
from devstack.logins import AuthManager, SimpleAuth
from devstack.postgres import PREFERRED_PORT as POSTGRES_PORT
from devstack.postgres import PostgresServer
from devstack.processes import ServerError
from devstack.promo_loader import PromoLoader
from devstack.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from devstack.s3 import PREFERRED_PORT as S3_PORT

T = TypeVar("T")

PROJECT = Path(__file__).resolve().parents[1]
BUCKETS = ("bi-exports",)
PROMO_CONNECTION = "promo_db"
S3_CONNECTION = "bi_exports_s3"
HASH_KEY_CONNECTION = "promo_reports_hash_key"


class Stack:
    """Everything on one data root, which keeps databases, logs and exports from one start to the next.

    `load_promo=False` leaves the promo database empty, for tests that fill it. `any_port=True` takes free ports without
    preferring the usual ones. `settings` are further environment variables of Airflow, `PROMO_REPORTS_...` among them.
    `auth` says who may log in and by which auth manager, `base_path` what precedes Airflow's addresses (`/airflow`).
    """

    def __init__(
        self,
        root: Path,
        *,
        bundles: Sequence[Bundle] = (REPORT_BUNDLE, DAGS_FOLDER_BUNDLE),
        dags_folder: Path | None = None,
        buckets: Sequence[str] = BUCKETS,
        settings: Mapping[str, str] | None = None,
        load_promo: bool = True,
        durable: bool = True,
        any_port: bool = False,
        parallelism: int = 4,
        auth: AuthManager | None = None,
        base_path: str = "",
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self.root = root.absolute()
        self.logs = self.root / "logs"
        self._bundles = bundles
        self._dags_folder = dags_folder
        self._settings = dict(settings or {})
        self._load_promo = load_promo
        self._durable = durable
        self._any_port = any_port
        self._parallelism = parallelism
        self._auth = auth or SimpleAuth()
        self._base_path = base_path
        self._tell = progress or (lambda _line: None)
        self._claim = DataRootLock(self.root)
        self._loader: PromoLoader | None = None
        self._airflow: Airflow | None = None
        self._postgres: PostgresServer | None = None
        self._promo: PromoDatabase | None = None
        self.s3 = S3Server(log=self.logs / "s3.log", port=0 if any_port else None, buckets=buckets)

    @property
    def postgres(self) -> PostgresServer:
        """The running PostgreSQL."""
        return _started(self._postgres)

    @property
    def promo(self) -> PromoDatabase:
        """How to reach the promo database."""
        return _started(self._promo)

    @property
    def airflow(self) -> Airflow:
        """The running Airflow."""
        return _started(self._airflow)

    @property
    def data_dir(self) -> Path:
        """PROMO_REPORTS_DATA_DIR: staging, download area and created reports."""
        return self.root / "promo-reports"

    @property
    def ports(self) -> dict[str, int]:
        """Port of each server."""
        return {"Airflow": self.airflow.port, "PostgreSQL": self.postgres.port, "S3": self.s3.port}

    @property
    def pids(self) -> dict[str, int]:
        """Process id of each server's guard: SIGTERM to it stops the server."""
        found = {"PostgreSQL": self.postgres.pid, "S3": self.s3.pid, **self.airflow.pids}
        return {name: pid for name, pid in found.items() if pid}

    def start(self) -> None:
        """Start everything; return when the promo data is loaded and Airflow runs."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start all but the scheduler, which would run what is due on promo data that is not there yet."""
        self._claim.take()
        try:
            self._launch()
        except BaseException:
            self.stop()
            raise

    def wait_promo(self) -> None:
        """Wait until the promo data is loaded and DAGs are parsed: runs can be triggered, though none starts yet."""
        try:
            if self._loader is not None:
                self._loader.wait()
                self._loader = None
            self.airflow.wait_ready()
            self._tell_other_ports()
            self._write_state()
        except BaseException:
            self.stop()
            raise

    def wait_ready(self) -> None:
        """Wait for all that `wait_promo` does, start the scheduler, and wait until it works."""
        self.wait_promo()
        try:
            self.airflow.launch_scheduler()
            self.airflow.wait_ready()
            self._write_state()
            self._tell(f"Airflow is up: {self.airflow.url}")
        except BaseException:
            self.stop()
            raise

    def check(self) -> None:
        """Raise ServerError with the end of its log if a server has ended by itself."""
        self.airflow.check()
        for server in (self.postgres, self.s3):
            if not server.running:
                raise ServerError(f"{type(server).__name__} has ended. The logs are in {self.root}")

    def restart_ended(self) -> None:
        """Start again the servers that have ended by themselves, and tell which; ServerError for one that stays down.

        The S3 server is not: its buckets were in its memory.
        """
        if not self.s3.running:
            self.check()
        ended = []
        if not self.postgres.running:
            ended.append("PostgreSQL")
            self.postgres.restart()
        ended += [f"Airflow's {name}" for name in self.airflow.restart_ended()]
        if ended:
            self._tell(f"Ended by itself and started again: {', '.join(ended)}. The logs are in {self.logs}")
            self._write_state()

    def stop(self) -> None:
        """Stop everything and release the data root; harmless if nothing runs."""
        with contextlib.ExitStack() as stopping:  # each is stopped, whatever the others say
            stopping.callback(self._claim.release)
            for server in (self._postgres, self.s3, self._airflow, self._loader):
                if server is not None:
                    stopping.callback(server.stop)
            self._loader = self._airflow = self._postgres = self._promo = None

    def destroy(self) -> None:
        """Stop everything and delete the databases; the other files of the root are ordinary ones."""
        self.stop()
        PostgresServer(self.root / "postgres", password="").destroy()

    def __enter__(self) -> Stack:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self) -> None:
        credentials = Credentials.kept_in(self.root / "credentials.json")
        self._postgres = PostgresServer(
            self.root / "postgres",
            password=credentials.postgres,
            port=0 if self._any_port else None,
            durable=self._durable,
        )
        self._postgres.start()
        self._promo = create_databases(self._postgres, credentials)
        self._tell(f"PostgreSQL is up on port {self._postgres.port}")
        self.s3.launch()
        if self._load_promo:
            log = self.logs / "load.log"
            self._loader = PromoLoader(self._promo.owner_url, project=PROJECT, log=log, tell=self._tell)
            self._loader.start()
        self._airflow = self._new_airflow(self._postgres, self._promo, credentials)
        self._prepare_store()
        self._airflow.migrate()
        self._tell("Airflow's metadata database is ready")
        self._airflow.launch()
        self.s3.wait_ready()
        self._tell(f"The S3 server is up on port {self.s3.port}")
        self._write_state()

    def _new_airflow(self, postgres: PostgresServer, promo: PromoDatabase, credentials: Credentials) -> Airflow:
        connections: dict[str, dict[str, Any]] = {
            PROMO_CONNECTION: {
                "conn_type": "postgres",
                "host": "127.0.0.1",
                "port": postgres.port,
                "login": "promo_reader",
                "password": credentials.promo_reader,
                "schema": promo.name,
            },
            S3_CONNECTION: {
                "conn_type": "aws",
                "login": ACCESS_KEY,
                "password": SECRET_KEY,
                "extra": {"endpoint_url": self.s3.endpoint_url, "region_name": REGION},
            },
            HASH_KEY_CONNECTION: {"conn_type": "generic", "password": credentials.hash_key},
        }
        setup = AirflowSetup(
            project=PROJECT,
            home=self.root / "airflow",
            metadata_url=postgres.url("airflow", user="airflow", password=credentials.airflow),
            credentials=credentials,
            bundles=self._bundles,
            dags_folder=self._dags_folder,
            connections=connections,
            extra={"PROMO_REPORTS_DATA_DIR": str(self.data_dir), **self._settings},
            parallelism=self._parallelism,
            auth=self._auth,
            base_path=self._base_path,
        )
        return Airflow(setup, logs=self.logs, port=0 if self._any_port else AIRFLOW_PORT)

    def _prepare_store(self) -> None:
        """A store outside the project must be there before Airflow looks for created reports in it."""
        if str(PROJECT / "plugins") not in sys.path:
            sys.path.append(str(PROJECT / "plugins"))
        from promo_reports.definitions.store.stored_reports import store_of
        from promo_reports.settings import Settings

        store_of(Settings.from_environment(self.airflow.environment)).prepare()

    def _tell_other_ports(self) -> None:
        if self._any_port:
            return
        for name, usual in (("Airflow", AIRFLOW_PORT), ("PostgreSQL", POSTGRES_PORT), ("S3", S3_PORT)):
            if self.ports[name] != usual:
                self._tell(f"Port {usual} is taken, so {name} listens on port {self.ports[name]} instead")

    def _write_state(self) -> None:
        self._claim.tell(
            url=self.airflow.url,
            logins={user: login.password for user, login in self._auth.logins.items()},
            s3=self.s3.endpoint_url,
            logs=str(self.logs),
            ports=self.ports,
            pids=self.pids,
        )


def _started(part: T | None) -> T:
    if part is None:
        raise ServerError("The stack is not running: call start() first.")
    return part
