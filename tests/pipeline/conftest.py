"""A small promo database on each dialect, and a project that reports on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack.databases import PromoDatabase
from devstack.mariadb import MariaDbServer
from tests.support.databases.promo import CHOICES, TABLES, MariaDbPromo, PostgresPromo, Project, Promo, SqlitePromo


@pytest.fixture(scope="session")
def database(promo_database: Callable[[], PromoDatabase]) -> PostgresPromo:
    """One database of PostgreSQL for all tests here."""
    promo = PostgresPromo(promo_database())
    promo.execute(*TABLES)
    return promo


@pytest.fixture
def on_postgres(database: PostgresPromo) -> PostgresPromo:
    """That database without rows, the choices of filters aside."""
    database.execute("TRUNCATE moves, shops, shelves", *CHOICES)
    return database


@pytest.fixture
def on_sqlite(tmp_path: Path) -> SqlitePromo:
    """A fresh file of SQLite."""
    return SqlitePromo(tmp_path / "promo &#%é.sqlite")


@pytest.fixture(scope="session")
def mariadb_database(mariadb: MariaDbServer) -> MariaDbPromo:
    """One database of MariaDB for all tests here."""
    return MariaDbPromo(mariadb)


@pytest.fixture
def on_mariadb(mariadb_database: MariaDbPromo) -> MariaDbPromo:
    """That database without rows, the choices of filters aside."""
    mariadb_database.execute(*(f"TRUNCATE {table}" for table in ("moves", "shops", "shelves")), *CHOICES)
    return mariadb_database


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What every database owes is tested on those that come from PyPI, or with --mariadb on MariaDB."""
    if "promo" in metafunc.fixturenames:
        databases = ["on_mariadb"] if metafunc.config.getoption("mariadb") else ["on_postgres", "on_sqlite"]
        metafunc.parametrize("promo", databases, indirect=True)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """MariaDB cannot hold these numbers."""
    return True if collection_path.name == "test_infinite_numbers.py" and config.getoption("mariadb") else None


@pytest.fixture
def promo(request: pytest.FixtureRequest) -> Promo:
    """Each database in turn."""
    given: Promo = request.getfixturevalue(request.param)
    return given


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with the SQL of the moves."""
    return Project(tmp_path)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Whatever a test does, the threads of an export end with it."""
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("export-")]
    assert left == []
