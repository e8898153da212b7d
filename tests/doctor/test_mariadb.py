"""What `promo-reports doctor` tells of MariaDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from devstack.mariadb import OWNER, PASSWORD, READER, MariaDbServer
from promo_reports.domain.check_result import CheckState
from promo_reports.pipeline.databases.mysql.inspection import indexes
from tests.support.databases.sql_cases import load_mariadb
from tests.support.doctor import look_at, one_problem, problems

NAME = "doctor"
CHOICES = (
    "INSERT INTO wallets VALUES ('w', 'Wallet', 'points', 'active', '2026-01-01')",
    "INSERT INTO campaigns VALUES ('c', 'Campaign', 'a', 'running', '2026-01-01', '2027-01-01')",
    "INSERT INTO voucher_lists VALUES ('v', 'p', 't', 'active', NULL)",
)
NARROW = "'narrow'@'127.0.0.1'"
LOGS = {
    "wallet_transactions": "wallet_transactions (wallet_id, occurred_at, transaction_id)",
    "voucher_assignment_logs": "voucher_assignments (voucher_list_id, assigned_at, assignment_id)",
    "reward_assignment": "reward_assignments (campaign_id, assigned_at, assignment_id)",
    "user_errors": "user_errors (campaign_id, occurred_at, error_id)",
}

Execute = Callable[..., None]


@pytest.fixture
def execute(mariadb: MariaDbServer) -> Iterator[Execute]:
    """Run statements as the owner in a database of the demo's schema, of which nothing is left."""
    load_mariadb(mariadb, NAME, {})
    mariadb.execute(*CHOICES, database=NAME)
    yield lambda *statements: mariadb.execute(*statements, database=NAME)
    mariadb.execute(f"DROP DATABASE {NAME}")


@pytest.fixture
def url(mariadb: MariaDbServer, execute: Execute) -> str:
    return mariadb.url(NAME)


@pytest.fixture
def narrow(mariadb: MariaDbServer, execute: Execute, url: str) -> Iterator[str]:
    """The address of a user who has no privilege yet."""
    execute(f"CREATE OR REPLACE USER {NARROW} IDENTIFIED BY '{PASSWORD}'")
    yield url.replace(READER, "narrow")
    execute(f"DROP USER {NARROW}")


def test_the_schema_of_the_demo_wants_nothing(url: str) -> None:
    found = look_at(url)
    assert {each.subject for each in found if each.state is not CheckState.OK} == {"connections"}, found  # no Airflow
    assert {each.subject for each in found} >= {"server", "table wallets", "index of wallet_transactions"}
    assert "MariaDB 1" in found[0].sentence


def test_everything_that_keeps_a_user_from_tables_is_told_at_once(execute: Execute, narrow: str) -> None:
    execute(
        "DROP TABLE reward_assignments",
        "CREATE TABLE copied LIKE wallet_transactions",  # without foreign keys, which MyISAM has not
        "DROP TABLE wallet_transactions",
        "ALTER TABLE copied DROP COLUMN sale_amount, ENGINE = MyISAM, RENAME TO wallet_transactions",
        "CREATE TABLE gone AS SELECT * FROM voucher_lists",
        "RENAME TABLE voucher_lists TO lists",
        "CREATE VIEW voucher_lists AS SELECT * FROM gone",
        "DROP TABLE gone",
        "RENAME TABLE wallets TO purses",
        "CREATE VIEW wallets AS SELECT * FROM purses",
        f"GRANT SELECT (campaign_id, name) ON campaigns TO {NARROW}",
        *(f"GRANT SELECT, SHOW VIEW ON {each} TO {NARROW}" for each in ("wallets", "voucher_lists")),
        *(f"GRANT SELECT ON {each} TO {NARROW}" for each in ("wallet_transactions", "voucher_assignments")),
    )
    said = problems(look_at(narrow))
    assert said["table user_errors"] == [
        f"{NARROW} sees no table or view user_errors: GRANT SELECT, SHOW VIEW ON user_errors TO {NARROW}, or create "
        "it, or a view of that name on what your ledger calls it (docs/your-schema.md)."
    ]
    assert said["table campaigns"] == [
        f"{NARROW} sees no column starts_at of doctor.campaigns: GRANT SELECT ON doctor.campaigns TO {NARROW}; if it "
        "is missing then, add it, or a view that has it (docs/your-schema.md)."
    ]
    assert said["table wallet_transactions"] == [
        "doctor.wallet_transactions has no column sale_amount: add it, or a view that has it (docs/your-schema.md says "
        "what it holds).",
        "doctor.wallet_transactions is a table of the storage engine MyISAM, which has no transactions, so that no "
        "snapshot covers it: ALTER TABLE doctor.wallet_transactions ENGINE = InnoDB.",
    ]
    assert "The server cannot open voucher_lists: create the view anew" in said["table voucher_lists"][0]
    assert f"{NARROW} sees no table or view reward_assignments" in said["table reward_assignments"][0]
    assert "report type voucher_assignment_logs" not in said, "more is known of it"
    execute(f"GRANT SELECT ON *.* TO {NARROW}")
    again = problems(look_at(narrow))
    assert "There is no table or view reward_assignments: create it" in again["table reward_assignments"][0]
    assert {"table user_errors", "table campaigns"}.isdisjoint(again)


def test_types_zones_and_views_whose_tables_are_hidden(execute: Execute, narrow: str) -> None:
    execute(
        "ALTER TABLE wallet_transactions MODIFY points longtext",
        "ALTER TABLE reward_assignments MODIFY reward_value double",
        "CREATE SCHEMA ledger",
        "RENAME TABLE user_errors TO ledger.failures",
        "CREATE VIEW user_errors AS SELECT * FROM ledger.failures",
        "RENAME TABLE voucher_assignments TO ledger.issues",
        "CREATE VIEW voucher_assignments AS SELECT assignment_id, user_id, voucher_list_id, voucher_code, source, "
        "campaign_id, redeemed_at, CONVERT_TZ(assigned_at, 'Europe/Nowhere', 'UTC') AS assigned_at FROM ledger.issues",
        f"GRANT SELECT, SHOW VIEW ON doctor.* TO {NARROW}",
    )
    try:
        found = problems(look_at(narrow))
        assert "GRANT SHOW VIEW ON ledger.*" in found["report type user_errors"][0]
        execute(f"GRANT SHOW VIEW ON ledger.* TO {NARROW}")
        found = problems(look_at(narrow))
    finally:
        execute("DROP SCHEMA ledger")
    assert "'points' is text, and declared decimal" in found.pop("report type wallet_transactions")[0]
    assert "'reward_value' is DOUBLE" in found.pop("report type reward_assignment")[0]
    assert "does not know the timezone 'Europe/Nowhere'" in found.pop("report type voucher_assignment_logs")[0]
    assert "report type user_errors" not in found


def test_big_logs_want_an_index(execute: Execute, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for wanted in LOGS.values():
        execute(f"DROP INDEX {wanted.partition(' ')[0]}_window ON {wanted.partition(' ')[0]}")
    execute("CREATE INDEX elsewhere ON user_errors (attempt, occurred_at)")
    assert problems(look_at(url)) == {}, "small tables are read as fast without one"
    monkeypatch.setattr(indexes, "BIG", 1)
    found = problems(look_at(url))
    assert set(found) == {f"index of {name}" for name in LOGS}
    for name, wanted in LOGS.items():
        table, _, columns = wanted.partition(" ")
        (said,) = found[f"index of {name}"]
        create = said[said.index("CREATE INDEX") :].rstrip(".")
        assert create == f"CREATE INDEX {table}_window ON doctor.{table} {columns}"
        execute(create)
    assert problems(look_at(url)) == {}
    execute("ALTER TABLE user_errors ALTER INDEX user_errors_window IGNORED")
    assert "cannot use index user_errors_window" in one_problem(look_at(url), "index of user_errors")


def test_the_log_may_be_a_view(execute: Execute, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "BIG", 1)
    execute(
        "SET foreign_key_checks = 0",
        "ALTER TABLE user_errors DROP INDEX user_errors_window, MODIFY campaign_id text, RENAME TO failures",
        "CREATE INDEX failures_window ON failures (campaign_id(64), occurred_at, error_id)",
        "INSERT INTO failures SELECT seq, '2026-01-01', '2026-01-01', 'c', 'u', 'coupon', '', '', 1 FROM seq_1_to_200",
        "CREATE VIEW user_errors AS SELECT * FROM failures WHERE attempt > 0",
    )
    left = {each.subject: each.state for each in look_at(url)}
    assert left["index of user_errors"] is CheckState.NOT_CHECKED
    execute("DROP INDEX failures_window ON failures")
    said = one_problem(look_at(url), "index of user_errors")
    assert "The view doctor.user_errors is read from end to end for each window (failures)" in said
    execute("DROP VIEW user_errors", "RENAME TABLE failures TO user_errors")
    said = one_problem(look_at(url), "index of user_errors")
    assert "ON doctor.user_errors (campaign_id(64), occurred_at, error_id)" in said
    execute(said[said.index("CREATE INDEX") :].rstrip("."))
    assert problems(look_at(url)) == {}


class TestServer:
    def test_a_user_that_may_write(self, url: str, execute: Execute, narrow: str) -> None:
        owner = one_problem(look_at(url.replace(READER, OWNER)), "role")
        assert f"'{OWNER}'@'127.0.0.1' may write: REVOKE ALL PRIVILEGES ON *.* FROM `{OWNER}`@`127.0.0.1`" in owner
        execute(f"GRANT SELECT ON *.* TO {NARROW}", f"GRANT INSERT (name), DELETE ON wallets TO {NARROW}")
        said = one_problem(look_at(narrow), "role")
        assert " ON `doctor`.`wallets` FROM `narrow`@`127.0.0.1`, or give exports another user." in said
        execute(said[said.index("REVOKE") : said.index(", or give")])
        assert problems(look_at(narrow)) == {}

    def test_limits_and_timeouts(self, execute: Execute, narrow: str) -> None:
        execute(
            f"GRANT SELECT ON *.* TO {NARROW} WITH MAX_USER_CONNECTIONS 2",
            "SET GLOBAL wait_timeout = 5, GLOBAL idle_readonly_transaction_timeout = 7",
        )
        try:
            found = problems(look_at(narrow))
        finally:
            execute("SET GLOBAL wait_timeout = 28800, GLOBAL idle_readonly_transaction_timeout = 0")
        assert f"ALTER USER {NARROW} WITH MAX_USER_CONNECTIONS" in found["connections"][0]
        assert [each.partition(",")[0] for each in found["timeouts"]] == [
            "wait_timeout is 5 s",
            "idle_readonly_transaction_timeout is 7 s",
        ]

    def test_a_database_in_latin1(self, execute: Execute, url: str) -> None:
        execute("ALTER DATABASE doctor CHARACTER SET latin1")
        found = [each for each in look_at(url) if each.subject == "encoding"]
        assert "doctor is in latin1" in found[0].sentence

    def test_an_address_without_a_database_and_a_wrong_password(self, url: str) -> None:
        assert "names no database" in problems(look_at(url.removesuffix(NAME)))["server"][0]
        said = one_problem(look_at(url.replace("p%3A", "hunter2secret")), "connection promo_db")
        assert "hunter2secret" not in said
