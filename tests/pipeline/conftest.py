"""A small promo database on each dialect, and a project that reports on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from include.demo.stack.databases import PromoDatabase
from tests.pipeline.promo import CHOICES, TABLES, PostgresPromo, Project, Promo, SqlitePromo


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


@pytest.fixture(params=["on_postgres", "on_sqlite"])
def promo(request: pytest.FixtureRequest) -> Promo:
    """Each in turn."""
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
