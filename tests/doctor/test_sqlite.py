"""What `promo-reports doctor` tells of a SQLite file."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from promo_reports.domain.check_result import CheckState
from promo_reports.pipeline.databases.sqlite import inspection
from tests.support.databases.sql_cases import load_sqlite
from tests.support.doctor import look_at, one_problem, problems

CHOICES = (
    "INSERT INTO wallets VALUES ('w', 'Wallet', 'points', 'active', '2026-01-01 00:00:00')",
    "INSERT INTO campaigns VALUES ('c', 'Campaign', 'a', 'running', '2026-01-01 00:00:00', '2027-01-01 00:00:00')",
    "INSERT INTO voucher_lists VALUES ('v', 'p', 't', 'active', NULL)",
)


class Database:
    """A file that a test may change."""

    def __init__(self, path: Path) -> None:
        self.path, self.url = path, f"sqlite:///{path}"

    def execute(self, *statements: str) -> None:
        """Run statements one by one."""
        with contextlib.closing(sqlite3.connect(self.path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the demo's schema and a choice for each filter."""
    path = tmp_path_factory.mktemp("sqlite") / "promo.db"
    load_sqlite(path, {})
    Database(path).execute(*CHOICES)
    return path


@pytest.fixture
def database(made: Path, tmp_path: Path) -> Database:
    return Database(Path(shutil.copy(made, tmp_path / "promo.db")))


def test_the_schema_of_the_demo_wants_nothing(database: Database) -> None:
    before = database.path.read_bytes()
    found = look_at(database.url)
    assert {each.subject for each in found if each.state is not CheckState.OK} == {"connections"}, found  # no Airflow
    assert {each.subject for each in found} >= {"server", "table wallets", "index of wallet_transactions"}
    assert str(database.path) in found[0].sentence
    assert database.path.read_bytes() == before


def test_tables_and_columns_that_are_missing_are_told_at_once(database: Database) -> None:
    database.execute(
        "DROP TABLE user_errors",
        "ALTER TABLE wallet_transactions DROP COLUMN sale_amount",
        "ALTER TABLE campaigns RENAME TO promotions",
        "CREATE VIEW Campaigns AS SELECT campaign_id, name FROM promotions",
        "CREATE TABLE gone (a)",
        "DROP TABLE voucher_lists",
        "CREATE VIEW voucher_lists AS SELECT * FROM gone",
        "DROP TABLE gone",
    )
    found = look_at(database.url)
    said = problems(found)
    assert "There is no table or view user_errors: create it" in said["table user_errors"][0]
    assert "wallet_transactions has no column sale_amount" in said["table wallet_transactions"][0]
    assert "Campaigns has no column starts_at" in said["table campaigns"][0]
    assert "The view voucher_lists cannot be read" in said["table voucher_lists"][0]
    left_out = {each.subject: each.sentence for each in found if each.state is CheckState.NOT_CHECKED}
    assert left_out["report type user_errors"] == "Wants campaigns, user_errors first."


LOGS = {
    "wallet_transactions": "wallet_transactions (wallet_id, occurred_at, transaction_id)",
    "voucher_assignment_logs": "voucher_assignments (voucher_list_id, assigned_at, assignment_id)",
    "reward_assignment": "reward_assignments (campaign_id, assigned_at, assignment_id)",
    "user_errors": "user_errors (campaign_id, occurred_at, error_id)",
}


def test_big_logs_want_an_index(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for wanted in LOGS.values():
        database.execute(f"DROP INDEX {wanted.partition(' ')[0]}_window")
    database.execute("CREATE INDEX elsewhere ON user_errors (reward_type, occurred_at)")
    assert problems(look_at(database.url)) == {}, "small tables are read as fast without one"
    monkeypatch.setattr(inspection, "BIG", 1)
    found = problems(look_at(database.url))
    assert set(found) == {f"index of {name}" for name in LOGS}
    for name, wanted in LOGS.items():
        (said,) = found[f"index of {name}"]
        create = said[said.index("CREATE INDEX") :].rstrip(".")
        assert create == f"CREATE INDEX {wanted.partition(' ')[0]}_window ON {wanted}"
        database.execute(create)
    assert problems(look_at(database.url)) == {}
    database.execute("DROP INDEX user_errors_window")
    monkeypatch.setattr(inspection, "_COUNTS_PAGES", "SELECT 0")
    assert "CREATE INDEX" in one_problem(look_at(database.url), "index of user_errors"), "of any build of SQLite"


def test_the_log_may_be_a_view(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "BIG", 1)
    database.execute(
        "ALTER TABLE user_errors RENAME TO failures",
        "CREATE VIEW user_errors AS SELECT * FROM failures WHERE attempt > 0",
    )
    assert problems(look_at(database.url)) == {}, "its table has the index"
    database.execute("DROP INDEX user_errors_window")
    said = one_problem(look_at(database.url), "index of user_errors")
    assert "The view user_errors is read from end to end for each window (" in said
    assert "SCAN failures" in said
    assert "CREATE INDEX on what its columns campaign_id, occurred_at, error_id are" in said


class TestFile:
    def test_wal_in_a_directory_that_may_not_be_written(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Root may write anywhere: what the system says of the directory is told by a stand-in."""
        database.execute("PRAGMA journal_mode = WAL")
        assert problems(look_at(database.url)) == {}
        monkeypatch.setattr(os, "access", lambda path, mode: path != database.path.parent)
        said = one_problem(look_at(database.url), "server")
        assert f"{database.path} is in WAL mode, and {database.path.parent} may not be written" in said
        database.execute("PRAGMA journal_mode = DELETE")
        assert problems(look_at(database.url)) == {}

    def test_one_that_is_missing_and_one_of_another_kind(self, tmp_path: Path) -> None:
        assert "there is no SQLite file" in one_problem(look_at(f"sqlite:///{tmp_path / 'no'}"), "connection promo_db")
        (tmp_path / "text").write_text("no database, and long enough to be read as one" * 50)
        said = one_problem(look_at(f"sqlite:///{tmp_path / 'text'}"), "connection promo_db")
        assert "another kind of file" in said
