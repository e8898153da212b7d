"""Real servers for every test that wants one: started once per test process, on free ports, gone at its end."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Airflow reads these when it is first imported: nothing of the tests may land in ~/airflow.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="promo-reports-airflow-home-"))
# By default in a directory of /tmp that all users of a machine share, and whoever comes first owns.
os.environ.setdefault("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH", os.environ["AIRFLOW_HOME"] + "/dag_bundles")
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
os.environ.setdefault("AIRFLOW__CORE__PLUGINS_FOLDER", str(Path(__file__).resolve().parent.parent / "plugins"))
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from devstack.azure import AzureServer
from devstack.credentials import Credentials
from devstack.databases import PromoDatabase, create_promo_database, create_roles
from devstack.mariadb import MariaDbServer
from devstack.postgres import PostgresServer
from devstack.s3 import S3Server
from devstack.sftp import SftpServer

if TYPE_CHECKING:
    from xdist.scheduler import LoadFileScheduling

pytest_plugins = ("tests.support.skips",)
pytest.register_assert_rewrite("tests.support")

PROJECT = Path(__file__).resolve().parent.parent
SCHEMA = PROJECT / "include" / "demo" / "schema.sql"
LOADED_TOGETHER = "tests/demo/test_"
"""All of the demo's rows are loaded for these files: 40 s of a processor."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make test-mariadb` and `make test-clouds` add."""
    parser.addoption(
        "--mariadb", action="store_true", help="test what every database owes on MariaDB (Debian's mariadb-server)"
    )
    parser.addoption("--clouds", action="store_true", help="test the destinations of requirements-{google,azure,sftp}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `clouds` runs with --clouds alone: it needs the libraries and servers of other destinations."""
    if not config.getoption("clouds"):
        left = [each for each in items if each.get_closest_marker("clouds")]
        items[:] = [each for each in items if not each.get_closest_marker("clouds")]
        config.hook.pytest_deselected(items=left)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """MariaDB's own tests run with --mariadb alone."""
    return True if collection_path.name.startswith("test_mariadb") and not config.getoption("mariadb") else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """Give files that share what takes long to load to one worker, as it is with the tests of one file."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = super()._split_scope(nodeid)
            return LOADED_TOGETHER if path.startswith(LOADED_TOGETHER) else path

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def credentials() -> Credentials:
    """Passwords of this session's servers."""
    return Credentials()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory, credentials: Credentials) -> Iterator[PostgresServer]:
    """A running PostgreSQL with the roles of the demo."""
    server = PostgresServer(
        tmp_path_factory.mktemp("postgres") / "postgres", password=credentials.postgres, port=0, durable=False
    )
    server.start()
    try:
        create_roles(server, credentials)
        yield server
    finally:
        server.destroy()


@pytest.fixture(scope="session")
def promo_database(postgres: PostgresServer, credentials: Credentials) -> Callable[[], PromoDatabase]:
    """Make a fresh promo database with the demo's schema and no rows: `promo_database()`, some 50 ms each."""
    template = create_promo_database(postgres, credentials, "promo_template")
    _load_schema(template.owner_url)
    numbers = itertools.count(1)

    def make() -> PromoDatabase:
        return create_promo_database(postgres, credentials, f"promo_{next(numbers)}", template=template.name)

    return make


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDbServer]:
    """A running MariaDB."""
    with MariaDbServer(tmp_path_factory.mktemp("mariadb") / "mariadb") as server:
        yield server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running S3 protocol server: `s3.endpoint_url`, `s3.client()`."""
    with S3Server(log=tmp_path_factory.mktemp("s3") / "s3.log", port=0) as server:
        yield server


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureServer]:
    """A running server of Azure Blob Storage's protocol, for tests that are marked `clouds`."""
    with AzureServer(project=PROJECT, log=tmp_path_factory.mktemp("azure") / "azure.log") as server:
        yield server


_bucket_numbers = itertools.count(1)


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """The name of a fresh, empty bucket on `s3`."""
    name = f"test-bucket-{next(_bucket_numbers)}"
    s3.client().create_bucket(Bucket=name)
    return name


@pytest.fixture
def container(azure_server: AzureServer) -> str:
    """The name of a fresh, empty container on `azure_server`."""
    name = f"test-container-{next(_bucket_numbers)}"
    with azure_server.client() as client:
        client.create_container(name)
    return name


@pytest.fixture(scope="session")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    """A running SFTP server (Debian's openssh-server)."""
    with SftpServer(tmp_path_factory.mktemp("sftp") / "sftp", port=0) as server:
        yield server


def _load_schema(owner_url: str) -> None:
    import psycopg2

    with contextlib.closing(psycopg2.connect(owner_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(SCHEMA.read_text(encoding="utf-8"))
