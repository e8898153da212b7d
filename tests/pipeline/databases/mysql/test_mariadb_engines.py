"""Tables that a consistent snapshot of MariaDB does not cover, behind views too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devstack.mariadb import PASSWORD, READER
from promo_reports.errors import DataRefused
from promo_reports.pipeline.databases.source import Source
from tests.support.databases.promo import ORDER, SELECT, WHERE, MariaDbPromo, Move, Project, refusal


@pytest.mark.parametrize("engine", ["MyISAM", "Aria", "MEMORY", "MyISAM PARTITION BY HASH(acct) PARTITIONS 2"])
@pytest.mark.parametrize("balances", ["t", "v"])
def test_a_table_without_transactions_is_refused_behind_a_merged_view_too(
    balances: str, engine: str, table: MariaDbPromo, project: Project
) -> None:
    table.load(Move(1), Move(2, points="9.00"))
    table.execute(
        f"CREATE TABLE t (acct bigint, points decimal(30, 2)) ENGINE={engine}",
        "INSERT INTO t VALUES (1, 1), (2, 9)",
        "CREATE OR REPLACE VIEW v AS SELECT acct, points FROM t",
    )
    project.write((SELECT.replace("m.points", "b.points") + f"JOIN {balances} b ON b.acct = m.id\n") + WHERE + ORDER)
    refused = refusal(project, table.source)
    assert type(refused) is DataRefused
    kind = engine.split(maxsplit=1)[0]
    assert f"promo.t is a table of the storage engine {kind}, which has no transactions" in str(refused)
    assert "ALTER TABLE promo.t ENGINE = InnoDB" in str(refused)
    table.execute("ALTER TABLE t ENGINE=InnoDB")
    assert project.make(table.source).manifest.rows == 2


VIEWS = {
    "merged": ("VIEW", "SELECT t.acct, t.points FROM t"),
    "materialized": ("ALGORITHM = TEMPTABLE VIEW", "SELECT t.acct, t.points FROM t"),
    "distinct": ("VIEW", "SELECT DISTINCT t.acct, t.points FROM t"),
    "of a view": ("VIEW", "SELECT i.acct, i.points FROM inner_v i JOIN shops s WHERE s.shop = 'main'"),
    "with functions": (
        "VIEW",
        "SELECT u.acct, u.points + 0 * extract(YEAR FROM u.at) + length(TRIM(LEADING 'x' FROM u.note)) AS points "
        "FROM (SELECT t.acct, t.points, '2026-03-01' AS at, '' AS note FROM t) AS u, seq_1_to_1 s",
    ),
    "with a query of its own": ("VIEW", "WITH w AS (SELECT t.acct, t.points FROM t) SELECT w.acct, w.points FROM w"),
}


READABLE = ("v", "inner_v", "one", "moves", "shops", "shelves")


@pytest.fixture
def narrow(table: MariaDbPromo) -> Iterator[Source]:
    """The source of a user who may read those and nothing else."""
    table.execute(
        "CREATE OR REPLACE TABLE one (acct bigint, points decimal(30, 2)) ENGINE=MyISAM",
        "INSERT INTO one VALUES (1, 1)",
        *(f"CREATE OR REPLACE VIEW {name} AS SELECT 1 AS acct, 1 AS points" for name in ("v", "inner_v")),
        f"CREATE OR REPLACE USER 'narrow'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
        *(f"GRANT SELECT ON promo.{name} TO 'narrow'@'127.0.0.1'" for name in READABLE),
    )
    yield Source("promo_db", table.source.url.replace(READER, "narrow"))
    table.execute("DROP USER 'narrow'@'127.0.0.1'", "DROP VIEW v, inner_v", "DROP TABLE one")


@pytest.mark.parametrize("kind", VIEWS)
def test_tables_without_transactions_are_refused_behind_any_view(
    kind: str, narrow: Source, table: MariaDbPromo, project: Project
) -> None:
    """A user who may not read the tables of a view cannot have it explained, but may be told its tables."""
    table.load(Move(1), Move(2, points="9.00"))
    how, query = VIEWS[kind]
    table.execute(
        "CREATE TABLE t (acct bigint, points decimal(30, 2)) ENGINE=MyISAM",
        "INSERT INTO t VALUES (1, 1), (2, 9)",
        "CREATE OR REPLACE ALGORITHM = TEMPTABLE VIEW inner_v AS SELECT t.acct, t.points FROM t",
        f"CREATE OR REPLACE {how} v AS {query}",
    )
    project.write((SELECT.replace("m.points", "b.points") + "JOIN v b ON b.acct = m.id\n") + WHERE + ORDER)
    assert "promo.t is a table of the storage engine MyISAM" in str(refusal(project, table.source))
    hidden = str(refusal(project, narrow))
    assert "its user may not see which tables the view promo.v reads" in hidden
    assert "GRANT SHOW VIEW ON promo.* TO the user, which shows" in hidden
    table.execute("GRANT SHOW VIEW ON promo.* TO 'narrow'@'127.0.0.1'")
    told = refusal(project, narrow)
    assert type(told) is DataRefused
    assert "promo.t is a table of the storage engine MyISAM, which has no transactions" in str(told)
    table.execute("ALTER TABLE t ENGINE=InnoDB")
    assert project.make(narrow).manifest.rows == 2


@pytest.mark.parametrize("join", ["JOIN one o ON o.acct = 1", "JOIN (one o, shops s) ON s.shop = 'main'"])
def test_a_table_of_one_row_without_transactions_is_refused(
    join: str, narrow: Source, table: MariaDbPromo, project: Project
) -> None:
    """The server reads it before it plans, and leaves it out of its note."""
    table.load(Move(1))
    project.write(SELECT.replace("m.points", "o.points") + f"{join}\n" + WHERE + ORDER)
    for source in (narrow, table.source):
        assert "promo.one is a table of the storage engine MyISAM" in str(refusal(project, source))


@pytest.mark.parametrize("columns", ["", " (id, at)"])
def test_a_table_that_is_named_like_a_query_of_with_is_not_read(
    columns: str, table: MariaDbPromo, project: Project
) -> None:
    table.load(Move(1), Move(2))
    table.execute("CREATE TABLE t (id bigint) ENGINE=MyISAM")
    recent = f"WITH t{columns} AS (SELECT n.id, n.moved_at FROM moves n GROUP BY n.id)\n"
    project.write(recent + SELECT + "JOIN t ON t.id = m.id\n" + WHERE + ORDER)
    assert project.make(table.source).manifest.rows == 2


def test_a_table_that_a_query_of_with_reads_is_refused(table: MariaDbPromo, project: Project) -> None:
    """MariaDB's note names the query, and not what it reads."""
    table.load(Move(1))
    table.execute("CREATE TABLE t (id bigint) ENGINE=MyISAM", "INSERT INTO t VALUES (1), (1)")
    recent = "WITH recent AS (SELECT n.id, count(*) AS c FROM t n GROUP BY n.id)\n"
    project.write(recent + SELECT + "JOIN recent r ON r.id = m.id\n" + WHERE + ORDER)
    assert "promo.t is a table of the storage engine MyISAM" in str(refusal(project, table.source))


def test_a_table_on_another_server_is_refused(table: MariaDbPromo, project: Project) -> None:
    """FEDERATED says that it has transactions, and a snapshot here does not begin one there."""
    table.load(Move(1))
    table.execute(
        "INSTALL SONAME 'ha_federatedx'",
        f"CREATE SERVER other FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1', DATABASE 'promo', USER '{READER}', "
        f"PASSWORD '{PASSWORD}', PORT {table.server.port})",
        "CREATE TABLE t (shop varchar(100) NOT NULL, title longtext) ENGINE=FEDERATED CONNECTION='other/shops'",
    )
    project.write(SELECT + "JOIN t ON t.shop = m.shop\n" + WHERE + ORDER)
    try:
        refused = str(refusal(project, table.source))
    finally:
        table.execute("DROP TABLE t", "DROP SERVER other", "UNINSTALL SONAME 'ha_federatedx'")
    assert "promo.t is a table of the storage engine FEDERATED, which has no transactions of this server" in refused
