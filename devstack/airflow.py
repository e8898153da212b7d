"""Airflow on this machine: its settings as an environment, and api-server, scheduler and dag-processor supervised.

`airflow standalone` would start the same three, but leaves them behind on SIGTERM.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from devstack.airflow_client import AirflowClient
from devstack.credentials import Credentials
from devstack.logins import AuthManager, SimpleAuth
from devstack.processes import PORT_ATTEMPTS, ServerError, ServerProcess, free_port, port_is_taken

PREFERRED_PORT = 8080
SHORT_LIFE_SECONDS = 60.0
SHORT_LIVES = 10
"""How often in a row a component is started again that ends within SHORT_LIFE_SECONDS."""

# Starting Airflow's command line costs seconds, so that several commands share one process.
_COMMANDS = """
import json, os
from airflow.cli.cli_parser import get_parser
for command in json.loads(os.environ["_AIRFLOW_COMMANDS"]):
    arguments = get_parser().parse_args(command)
    arguments.func(arguments)
"""

Bundle = Mapping[str, Any]
REPORT_BUNDLE: Bundle = {
    "name": "promo-reports",
    "classpath": "promo_reports.orchestration.bundle.ReportBundle",
    "kwargs": {"refresh_interval": 5},
}
DAGS_FOLDER_BUNDLE: Bundle = {
    "name": "dags-folder",
    "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
    "kwargs": {"refresh_interval": 5},
}


@dataclass(frozen=True)
class AirflowSetup:
    """What this Airflow works on; everything else is settled in `environment`.

    `base_path` is what comes before all of its addresses, such as `/airflow` behind a proxy.
    """

    project: Path
    home: Path
    metadata_url: str
    credentials: Credentials
    bundles: Sequence[Bundle] = (REPORT_BUNDLE, DAGS_FOLDER_BUNDLE)
    dags_folder: Path | None = None
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    parallelism: int = 4
    auth: AuthManager = field(default_factory=SimpleAuth)
    base_path: str = ""

    def url(self, port: int) -> str:
        """Where the UI and the REST API are."""
        return f"http://127.0.0.1:{port}{self.base_path}"

    def environment(self, port: int) -> dict[str, str]:
        """The environment of every Airflow process, and of a `promo-reports` that is to see the same."""
        url = self.url(port)
        sections: dict[str, dict[str, object]] = {
            "core": {
                "executor": "LocalExecutor",
                "parallelism": self.parallelism,
                "dags_folder": self.dags_folder or self.project / "dags",
                "plugins_folder": self.project / "plugins",
                "load_examples": False,
                "fernet_key": self.credentials.fernet_key,
                "execution_api_server_url": f"{url}/execution/",
                "hostname_callable": "socket.gethostname",
            },
            "api": {
                "base_url": url,
                "host": "127.0.0.1",
                "port": port,
                "workers": 1,
                "secret_key": self.credentials.api_secret_key,
            },
            "api_auth": {"jwt_secret": self.credentials.jwt_secret},
            "database": {
                "sql_alchemy_conn": self.metadata_url.replace("postgresql://", "postgresql+psycopg2://", 1),
            },
            "logging": {"base_log_folder": self.home / "logs"},
            "scheduler": {
                "scheduler_heartbeat_sec": 1,
                "scheduler_idle_sleep_time": 0.2,
                "catchup_by_default": False,
                # A task that died with its scheduler, or with an earlier stack, is missed within a minute.
                "orphaned_tasks_check_interval": 20,
                # Seconds between two searches for DAGs whose file no longer makes them.
                "parsing_cleanup_interval": 15,
                # Hundreds of reports are due in the same minute; the defaults are 10 and 20.
                "max_dagruns_to_create_per_loop": 100,
                "max_dagruns_per_loop_to_schedule": 100,
            },
            # A task outlasts an api-server that is away for two minutes.
            "workers": {
                "execution_api_retries": 30,
                "execution_api_retry_wait_min": 5,
                "execution_api_retry_wait_max": 10,
            },
            "dag_processor": {
                "dag_bundle_config_list": json.dumps(list(self.bundles)),
                "dag_bundle_storage_path": self.home / "bundles",
                "bundle_refresh_check_interval": 1,
                # What changed is parsed at once anyway; what did not need not be parsed again.
                "min_file_process_interval": 86400,
                # A DAG is stale when its file was parsed without it: at once, its file is not parsed again for a day.
                "stale_dag_threshold": 5,
                # It would list every file in the log, twice a minute.
                "print_stats_interval": 0,
                "parsing_processes": 2,
            },
        }
        settings = {
            f"AIRFLOW__{section.upper()}__{key.upper()}": str(value)
            for section, values in [*sections.items(), *self.auth.settings(self.home).items()]
            for key, value in values.items()
        }
        connections = {
            f"AIRFLOW_CONN_{name.upper()}": json.dumps(dict(fields)) for name, fields in self.connections.items()
        }
        return {
            **_without_other_airflows(os.environ),
            "AIRFLOW_HOME": str(self.home),
            "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1,localhost"])),
            "PYTHONUNBUFFERED": "1",
            **({"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"} if sys.platform == "darwin" else {}),
            **settings,
            **connections,
            **self.extra,
        }


class Airflow:
    """The three processes of one Airflow: `start`, or `migrate`, `launch`, `launch_scheduler` and `wait_ready`."""

    def __init__(self, setup: AirflowSetup, *, logs: Path, port: int = PREFERRED_PORT) -> None:
        self.setup = setup
        self._logs = logs
        self._launched_at: dict[str, float] = {}
        self._short_lives: dict[str, int] = {}
        self._servers: dict[str, ServerProcess] = {}
        self._choose_port(port)

    @property
    def url(self) -> str:
        """Where the UI and the REST API are."""
        return self.setup.url(self.port)

    @property
    def environment(self) -> dict[str, str]:
        """The environment that its processes run in."""
        return dict(self._environment)

    @property
    def pids(self) -> dict[str, int]:
        """Process id of each server's guard, by the server's name."""
        return {name: server.pid for name, server in self._servers.items() if server.pid}

    def api(self, user: str = "admin") -> AirflowClient:
        """A client of the REST API, logged in at its first call."""
        return AirflowClient(self.url, user, self.setup.auth.logins[user].password)

    def migrate(self) -> None:
        """Create or upgrade the metadata database's tables, and make the users that lie in it."""
        self._prepare_home()
        migration = self._process("db-migrate", ["-m", "airflow", "db", "migrate"])
        migration.start()
        if status := migration.wait(timeout=300):
            raise ServerError(f"airflow db migrate failed with status {status}. Its log is {migration.log}")
        self.setup.auth.create(self.run_commands)

    def run_commands(self, commands: Sequence[Sequence[str]]) -> None:
        """Run commands of `airflow`, each given as its arguments, one after the other; ServerError if one fails."""
        # They go through the environment, to stay out of `ps`: `users create` has a password.
        process = self._process("commands", ["-c", _COMMANDS], _AIRFLOW_COMMANDS=json.dumps(commands))
        process.start()
        if status := process.wait(timeout=300):
            raise ServerError(f"A command of airflow failed with status {status}. Its log is {process.log}")

    def launch(self) -> None:
        """Start api-server and dag-processor without waiting for them: DAGs are parsed, nothing runs yet."""
        self.launch_api_server()
        self._launch("dag-processor")

    def launch_api_server(self) -> None:
        """Start the api-server alone: what is in the metadata database stays as it is."""
        self._prepare_home()
        self._launch("api-server")

    def launch_scheduler(self) -> None:
        """Start the scheduler, which at once begins to run what is due."""
        self._launch("scheduler")

    def wait_ready(self, *, timeout: float = 120.0) -> None:
        """Return when every component that was launched has reported to the api-server.

        All of them start again on another port when somebody else took the api-server's before it could bind it.
        """
        for attempt in range(1, PORT_ATTEMPTS + 1):
            try:
                self._wait_ready(timeout)
            except ServerError:
                if attempt == PORT_ATTEMPTS or self._servers["api-server"].running or not port_is_taken(self.port):
                    raise
                self._move()
            else:
                break

    def check(self) -> None:
        """Raise ServerError with the end of its log if one of the three has ended."""
        for server in self._servers.values():
            server.check()

    def restart_ended(self) -> list[str]:
        """Start again each component that has ended by itself, and return their names.

        Scheduler and dag-processor end when their database goes away: Airflow leaves it to a supervisor to start them.
        ServerError with the end of its log for one that does not stay up.
        """
        ended = [name for name, server in self._servers.items() if not server.running]
        for name in ended:
            short = time.time() - self._launched_at[name] < SHORT_LIFE_SECONDS
            self._short_lives[name] = self._short_lives.get(name, 0) + 1 if short else 1
            if self._short_lives[name] > SHORT_LIVES:
                self._servers[name].check()
            self._servers[name].stop()
            self._launch(name)
        return ended

    def start(self) -> None:
        """Migrate, launch all three and wait until they are ready."""
        self.migrate()
        self.launch()
        self.launch_scheduler()
        self.wait_ready()

    def stop(self) -> None:
        """Stop all three; harmless if they are not running.

        The scheduler goes first: a task that ends on SIGTERM (its operator's `on_kill`) can then still tell the
        api-server. One that does not is killed, and its run is taken up again by the next start.
        """
        if scheduler := self._servers.pop("scheduler", None):
            scheduler.stop()
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(ServerProcess.stop, self._servers.values()))
        self._servers.clear()

    def __enter__(self) -> Airflow:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_ready(self, timeout: float) -> None:
        waiting_for = {"dag-processor", "scheduler"} & self._servers.keys()
        with self.api() as api:

            def ready() -> bool:
                self.check()
                health = (api.logs_in() and api.health()) or {}
                for component in list(waiting_for):
                    if self._reported_since_launch(component, health.get(component.replace("-", "_"))):
                        waiting_for.discard(component)
                return bool(health) and not waiting_for

            self._servers["api-server"].wait_until(ready, timeout=timeout, interval=0.2)

    def _prepare_home(self) -> None:
        self.setup.home.mkdir(parents=True, exist_ok=True)
        self.setup.auth.prepare(self.setup.home)

    def _choose_port(self, preferred: int) -> None:
        self.port = free_port(preferred)
        self._environment = self.setup.environment(self.port)

    def _move(self) -> None:
        """Start again what was launched, on another port: every component knows the api-server's address."""
        launched = list(self._servers)
        self.stop()
        self._choose_port(0)
        for component in launched:
            self._launch(component)

    def _launch(self, component: str) -> None:
        options = ["--skip-serve-logs"] if component == "scheduler" else []
        # Once it has stopped serving, the api-server spends seconds on tidying its own memory.
        grace = 1.5 if component == "api-server" else 4.0
        self._launched_at[component] = time.time()
        self._servers[component] = self._process(component, ["-m", "airflow", component, *options], grace=grace)
        self._servers[component].start()

    def _process(self, name: str, arguments: Sequence[str], *, grace: float = 4.0, **more: str) -> ServerProcess:
        return ServerProcess(
            f"Airflow's {name}",
            [sys.executable, *arguments],
            log=self._logs / f"{name}.log",
            env={**self._environment, **more},
            cwd=self.setup.home,
            grace=grace,
        )

    def _reported_since_launch(self, component: str, health: Mapping[str, Any] | None) -> bool:
        """A heartbeat of an earlier start counts as healthy for Airflow, but nobody is there yet."""
        if not health or health.get("status") != "healthy":
            return False
        last = next((value for key, value in health.items() if key.endswith("_heartbeat")), None)
        return bool(last) and datetime.fromisoformat(str(last)).timestamp() >= self._launched_at[component]


def _without_other_airflows(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's own Airflow settings and connections are about another Airflow; bytecode makes starts 5x faster."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("AIRFLOW_", "PROMO_REPORTS_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
