"""A MariaDB database in which a test may make a table of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases.promo import MariaDbPromo


@pytest.fixture
def table(on_mariadb: MariaDbPromo) -> Iterator[MariaDbPromo]:
    """A database in which a test may make the table `t`."""
    on_mariadb.execute("DROP TABLE IF EXISTS t")
    yield on_mariadb
    on_mariadb.execute("DROP TABLE IF EXISTS t")
