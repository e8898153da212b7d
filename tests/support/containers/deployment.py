"""docker-compose.yaml as whoever deploys it has it: a clone with an .env, and the commands of the documentation."""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import yaml

from devstack.airflow_client import AirflowClient
from devstack.processes import free_port
from tests.support.containers.docker import environment, run
from tests.support.end_to_end.demo_files import Psql
from tests.support.end_to_end.live import ROWS, SCHEMA, until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PROJECT = Path(__file__).resolve().parents[3]
PATIENCE = 300.0
"""Seconds that services may take to be well, on a machine that others use too."""

WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE application_name = 'promo-reports' AND wait_event_type = 'Lock'"""


class Deployment:
    """A clone of what is committed here, at one revision, and what runs from its compose file.

    `docker-compose.override.yaml` in it lets builds share the host's network; `told` are further variables by service.
    `overlay` is a compose file of the clone that goes on top of docker-compose.yaml.
    """

    def __init__(
        self,
        directory: Path,
        revision: str = "HEAD",
        *,
        told: Mapping[str, Mapping[str, str]] | None = None,
        overlay: str | None = None,
    ) -> None:
        self.directory = directory
        directory.mkdir()
        self._clone(revision)
        self._override(told or {})
        self.sh("python3 deploy/new_env.py")
        port = free_port()
        if overlay is not None:
            self.set(COMPOSE_FILE=f"docker-compose.yaml:{overlay}:docker-compose.override.yaml")
        self.set(PUBLISH_ADDRESS=f"127.0.0.1:{port}", PUBLIC_URL=f"http://127.0.0.1:{port}")

    # Its clone

    def set(self, **variables: str) -> None:
        """Change variables of .env."""
        path = self.directory / ".env"
        kept = [line for line in path.read_text().splitlines() if line.partition("=")[0] not in variables]
        path.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in variables.items()), ""]))

    @property
    def env(self) -> dict[str, str]:
        """What .env holds."""
        lines = (line.partition("=") for line in (self.directory / ".env").read_text().splitlines())
        return {name: value.strip("'") for name, sign, value in lines if sign and not name.startswith("#")}

    def sh(self, script: str) -> str:
        """Run commands in the clone as a person would, up to the first that fails; what they printed."""
        return run("bash", "-euo", "pipefail", "-c", script, cwd=self.directory)

    # What runs

    def compose(self, *words: str) -> str:
        """`docker compose ...` in the clone."""
        return run("docker", "compose", *words, cwd=self.directory)

    def build(self, *more: str) -> None:
        """Build each image once: the classic builder would build that of many services many times at the same time."""
        for service in ("init", "postgres", *more):
            self.compose("build", service)

    def containers(self) -> dict[str, dict[str, Any]]:
        """What `docker compose ps --all` says, by service."""
        listed = self.compose("ps", "--all", "--format", "json").splitlines()
        return {each["Service"]: each for each in map(json.loads, listed)}

    def wait_healthy(self, services: Iterable[str], *, timeout: float = PATIENCE) -> None:
        """Wait until each of these is healthy."""

        def healthy() -> bool:
            found = self.containers()
            return all(found.get(service, {}).get("Health") == "healthy" for service in services)

        try:
            until(healthy, "health", timeout=timeout)
        except AssertionError as error:
            states = {name: f"{each['State']} {each['Health']}".strip() for name, each in self.containers().items()}
            raise AssertionError(f"{error}: {states}\n{self.compose('logs', '--tail', '40')}") from None

    def wait_answer(self) -> None:
        """Wait until the api-server answers and says that the scheduler and the dag-processor are alive."""

        def alive() -> bool:
            with self.api() as api:
                health = api.health() or {}
            return all(health.get(name, {}).get("status") == "healthy" for name in ("scheduler", "dag_processor"))

        until(alive, f"Airflow at {self.url}", timeout=PATIENCE)

    @property
    def url(self) -> str:
        """Airflow's root."""
        return self.env["PUBLIC_URL"]

    def password(self, user: str) -> str:
        return self.env[f"{user.upper()}_PASSWORD"]

    def api(self, user: str = "admin") -> AirflowClient:
        """A client of Airflow's API."""
        return AirflowClient(self.url, user, self.password(user))

    def request(self, method: str, path: str, body: Any = None, *, user: str = "user") -> httpx.Response:
        """The answer of the Reports page's API to one call, which must be a success."""
        with self.api(user) as caller:
            headers = {"Authorization": f"Bearer {caller.token()}", "Idempotency-Key": uuid.uuid4().hex}
        url = f"{self.url}/promo-reports/api/{path}"
        answer = httpx.request(method, url, json=body, headers=headers, timeout=60, trust_env=False)
        assert answer.is_success, f"{method} {url}: {answer.status_code} {answer.text[:2000]}"
        return answer

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The JSON of such an answer."""
        return cast(dict[str, Any], self.request(method, path, body).json())

    def s3(self) -> S3Client:
        """A client of the S3 server, by its address in Docker's network."""
        import boto3
        from botocore.config import Config

        env = self.env
        return boto3.client(
            "s3",
            endpoint_url=f"http://{self.address('s3')}:8333",
            region_name="us-east-1",
            aws_access_key_id=env["S3_ACCESS_KEY"],
            aws_secret_access_key=env["S3_SECRET_KEY"],
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, proxies={}),
        )

    def address(self, service: str) -> str:
        """The address of a service's container."""
        found = json.loads(run("docker", "inspect", self.containers()[service]["ID"]))
        networks = found[0]["NetworkSettings"]["Networks"].values()
        return next(str(each["IPAddress"]) for each in networks)

    def image(self, service: str) -> str:
        """The tag of the image that a service runs."""
        return str(self.containers()[service]["Image"])

    def volume(self, name: str) -> Path:
        """Where a named volume lies on this machine."""
        project = yaml.safe_load(self.compose("config"))["name"]
        return Path(run("docker", "volume", "inspect", f"{project}_{name}", "--format", "{{.Mountpoint}}").strip())

    def psql(self, database: str = "promo") -> Psql:
        """The psql of the server's container."""
        return Psql(*self.psql_command(database), cwd=self.directory, env=environment())

    def ask(self, sql: str, database: str = "promo") -> str:
        """The one value that a query has."""
        return run(*self.psql_command(database), "-XAtc", sql, cwd=self.directory).strip()

    def load_rows(self) -> None:
        """Fill the promo database with the rows of the end-to-end tests, in a second."""
        self.wait_healthy(["postgres"])
        sql = b"SET ROLE promo_owner;" + SCHEMA.read_bytes() + ROWS.read_bytes()
        run(*self.psql_command("promo"), "-Xq", "--set", "ON_ERROR_STOP=1", cwd=self.directory, stdin=sql)

    @contextlib.contextmanager
    def locked(self, table: str = "wallet_transactions") -> Iterator[Callable[[], bool]]:
        """Let nobody read a table of the promo database; what is given says whether an export waits for it by now."""
        session = subprocess.Popen(
            [*self.psql_command("promo"), "-XAtq"],
            cwd=self.directory,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert session.stdin
        assert session.stdout
        try:
            session.stdin.write(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n".encode())
            session.stdin.flush()
            assert session.stdout.readline() == b"held\n"
            yield lambda: self.ask(WAITING) != "0"
        finally:
            session.communicate(b"COMMIT;\n", timeout=PATIENCE)

    def psql_command(self, database: str) -> list[str]:
        """How psql is called in the server's container."""
        words = shlex.split("docker compose exec -T postgres psql --username postgres --dbname")
        return [*words, database]

    # How it is made

    def _clone(self, revision: str) -> None:
        """Clone this checkout, so that `git pull` leads from any revision to what is committed here."""
        for words in (
            ("init", "--quiet", "--initial-branch", "main"),
            ("config", "remote.origin.url", str(PROJECT)),
            ("config", "branch.main.remote", "origin"),
            ("config", "branch.main.merge", "HEAD"),
            ("pull", "--quiet", "--ff-only"),
            ("reset", "--quiet", "--hard", revision),
        ):
            run("git", *words, cwd=self.directory)
        self.sh("chmod -R a+rX reports report_types include")

    def _override(self, told: Mapping[str, Mapping[str, str]]) -> None:
        services = yaml.safe_load((self.directory / "docker-compose.yaml").read_text())["services"]
        override: dict[str, dict[str, Any]] = {name: {"environment": dict(each)} for name, each in told.items()}
        for name in (name for name, service in services.items() if "build" in service):
            override.setdefault(name, {})["build"] = {"network": "host"}
        (self.directory / "docker-compose.override.yaml").write_text(yaml.safe_dump({"services": override}))
