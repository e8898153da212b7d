"""What `promo-reports doctor` tells of PostgreSQL: each thing that an export would fail by, in one sentence."""

from __future__ import annotations

import contextlib
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack.credentials import Credentials
from devstack.databases import PROMO_OWNER, PROMO_READER, PromoDatabase, create_promo_database
from devstack.postgres import PostgresServer
from promo_reports.domain.check_result import CheckState
from promo_reports.pipeline.databases.postgres.inspection import indexes
from tests.support.doctor import PROJECT, look_at, one_problem, problems

# 100,000 rows of one wallet, on a schema whose table has no index but its key.
ROWS = """
INSERT INTO wallets SELECT 'w' || i, 'Wallet', 'points', 'active', '2026-01-01Z' FROM generate_series(0, 3) i;
INSERT INTO wallet_transactions
    (transaction_id, occurred_at, recorded_at, user_id, wallet_id, transaction_type, transaction_source, points,
     balance_after)
    SELECT i, at, at, 'u' || i % 500, 'w' || i % 4, 'credit', 'api', 1, 1
    FROM generate_series(1, 100000) i, LATERAL (SELECT timestamptz '2026-01-01Z' + i * interval '30 s') AS each (at);
"""
CHOICES = """
INSERT INTO wallets VALUES ('w', 'Wallet', 'points', 'active', '2026-01-01Z');
INSERT INTO campaigns VALUES ('c', 'Campaign', 'a', 'running', '2026-01-01Z', '2027-01-01Z');
INSERT INTO voucher_lists VALUES ('v', 'p', 't', 'active');
"""
WINDOW_INDEX = "public.wallet_transactions (wallet_id, occurred_at, transaction_id)"

Make = Callable[..., PromoDatabase]


@pytest.fixture
def changed(promo_database: Callable[[], PromoDatabase], postgres: PostgresServer) -> Make:
    """Make a promo database, in which a superuser has run statements."""

    def make(*statements: str) -> PromoDatabase:
        database = promo_database()
        for statement in statements:
            postgres.execute(statement, database=database.name)
        return database

    return make


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose report types a test may change."""
    for name in ("report_types", "include/sql"):
        shutil.copytree(PROJECT / name, tmp_path / "project" / name)
    shutil.copy(PROJECT / "include" / "account.yaml", tmp_path / "project" / "include")
    (tmp_path / "project" / "reports").mkdir()
    return tmp_path / "project"


@pytest.fixture
def as_reader(postgres: PostgresServer) -> Iterator[Callable[[str], None]]:
    """Change the role of exports, until the test ends: `as_reader("CONNECTION LIMIT 2")`."""
    undone = {
        "CONNECTION LIMIT": "CONNECTION LIMIT -1",
        "SET transaction_timeout": "RESET transaction_timeout",
        "SET idle_in_transaction_session_timeout": "RESET idle_in_transaction_session_timeout",
        "SET search_path": "RESET search_path",
        "SUPERUSER": "NOSUPERUSER",
    }
    undo: list[str] = []

    def change(how: str) -> None:
        undo.append(next(reset for begin, reset in undone.items() if how.startswith(begin)))
        postgres.execute(f"ALTER ROLE {PROMO_READER} {how}")

    yield change
    for each in undo:
        postgres.execute(f"ALTER ROLE {PROMO_READER} {each}")


def test_the_schema_of_the_demo_wants_nothing(changed: Make) -> None:
    found = look_at(changed(CHOICES).reader_url)
    assert {each.subject for each in found if each.state is not CheckState.OK} == {"connections"}, found  # no Airflow
    assert {each.subject for each in found} >= {"server", "table wallets", "report type wallet_summary"}


def test_everything_that_keeps_a_role_from_tables_is_told_at_once(changed: Make) -> None:
    database = changed(
        "DROP TABLE user_errors",
        "ALTER TABLE wallet_transactions DROP COLUMN sale_amount, DROP COLUMN order_id",
        f"REVOKE SELECT ON campaigns FROM {PROMO_READER}",
        f"REVOKE SELECT ON voucher_lists FROM {PROMO_READER}",
        f"GRANT SELECT (voucher_list_id, partner, list_tag, status) ON voucher_lists TO {PROMO_READER}",
        f"CREATE SCHEMA closed; CREATE SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO {PROMO_READER}",
        "ALTER TABLE voucher_assignments SET SCHEMA closed",
        "ALTER TABLE reward_assignments SET SCHEMA elsewhere",
        "ALTER TABLE wallets SET SCHEMA closed",
        "CREATE VIEW wallets AS SELECT * FROM closed.wallets",
        f"GRANT SELECT ON wallets TO {PROMO_READER}",
        f"ALTER VIEW wallets OWNER TO {PROMO_OWNER}",
        f"ALTER TABLE closed.wallets OWNER TO CURRENT_USER; REVOKE ALL ON closed.wallets FROM {PROMO_OWNER}",
    )
    found = look_at(database.reader_url)
    view = "(docs/your-schema.md"
    assert problems(found) == {
        "table user_errors": [
            f"There is no table or view user_errors: create it, or a view of that name on what your ledger calls it "
            f"{view})."
        ],
        "table wallet_transactions": [
            f"public.wallet_transactions has no column {column}: add it, or a view that has it {view} says what it "
            "holds)."
            for column in ("order_id", "sale_amount")
        ],
        "table campaigns": [
            f"{PROMO_READER} may not read public.campaigns: GRANT SELECT ON public.campaigns TO {PROMO_READER}."
        ],
        "table voucher_lists": [
            f"{PROMO_READER} may not read all columns of public.voucher_lists: GRANT SELECT (expires_at) ON "
            f"public.voucher_lists TO {PROMO_READER}."
        ],
        "table voucher_assignments": [
            f"closed.voucher_assignments is in a schema that {PROMO_READER} may not use: GRANT USAGE ON SCHEMA closed "
            f"TO {PROMO_READER}."
        ],
        "table reward_assignments": [
            f"elsewhere.reward_assignments is not in the search path of {PROMO_READER}: ALTER ROLE {PROMO_READER} SET "
            "search_path = elsewhere."
        ],
        "table wallets": [
            f"View wallets reads closed.wallets, which {PROMO_OWNER}, with whose rights it reads, may not: GRANT "
            f"SELECT ON closed.wallets TO {PROMO_OWNER}."
        ],
    }
    left_out = {each.subject: each.sentence for each in found if each.state is CheckState.NOT_CHECKED}
    assert left_out["report type wallet_transactions"] == "Wants wallet_transactions, wallets first."


def test_row_level_security(changed: Make, project: Path) -> None:
    database = changed(
        "CREATE SCHEMA raw",
        "ALTER TABLE campaigns SET SCHEMA raw",
        "ALTER TABLE raw.campaigns ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE raw.campaigns FORCE ROW LEVEL SECURITY",
        f"GRANT USAGE ON SCHEMA raw TO {PROMO_OWNER}",
        "CREATE VIEW campaigns AS SELECT * FROM raw.campaigns",
        f"ALTER VIEW campaigns OWNER TO {PROMO_OWNER}; GRANT SELECT ON campaigns TO {PROMO_READER}",
        "ALTER TABLE wallets ENABLE ROW LEVEL SECURITY",
    )
    found = problems(look_at(database.reader_url))
    assert f"ALTER ROLE {PROMO_READER} BYPASSRLS" in found.pop("table wallets")[0]
    assert list(found) == ["report type reward_assignment", "report type user_errors"]
    assert "Row-level security would leave rows out" in found["report type user_errors"][0], "it is behind a view"
    for path in (project / "report_types").glob("*.yaml"):
        path.write_text(path.read_text() + "\nallow_row_security: true\n")
    assert problems(look_at(database.reader_url, project)) == {}, "it is meant"


def test_types_and_a_table_that_comes_first(changed: Make, as_reader: Callable[[str], None]) -> None:
    database = changed(
        "CREATE SCHEMA shadow",
        "CREATE TABLE shadow.wallets AS SELECT wallet_id, name, points_name FROM wallets",
        f"GRANT USAGE ON SCHEMA shadow TO {PROMO_READER}",
        f"GRANT SELECT ON shadow.wallets TO {PROMO_READER}",
        "ALTER TABLE wallet_transactions ALTER recorded_at TYPE timestamp, ALTER wallet_id TYPE varchar(50)",
        "ALTER TABLE voucher_assignments ALTER assigned_at TYPE timestamp, ALTER user_id TYPE char(20)",
        "ALTER TABLE reward_assignments ALTER reward_value TYPE text",
        "ALTER TABLE user_errors DROP CONSTRAINT user_errors_campaign_id_fkey, ALTER campaign_id TYPE integer USING 1",
    )
    as_reader("SET search_path = shadow, public")
    found = problems(look_at(database.reader_url))
    assert found.pop("search path") == [
        f"shadow.wallets is read, and public.wallets has the same name: say which is meant by ALTER ROLE "
        f"{PROMO_READER} SET search_path = shadow."
    ]
    words = {
        "wallet_transactions": "Column 'recorded_at' of report type 'wallet_transactions' is not of type timestamptz",
        "voucher_assignment_logs": "timestamp without time zone",
        "reward_assignment": "text",
        "user_errors": "operator does not exist",
    }
    assert set(found) == {f"report type {name}" for name in words}
    for name, word in words.items():
        assert word in found[f"report type {name}"][0]


@pytest.mark.parametrize("rows", [100_000, 1000], ids=["big", "small"])
def test_a_big_table_wants_an_index(changed: Make, postgres: PostgresServer, rows: int) -> None:
    database = changed("DROP INDEX wallet_transactions_window", ROWS.replace("100000", str(rows)))
    found = look_at(database.reader_url)
    if rows == 1000:
        assert problems(found) == {}, "a small table is read as fast without one"
        return
    said = one_problem(found, "index of wallet_transactions")
    begin = "public.wallet_transactions is read from end to end for each window: "
    assert said == f"{begin}CREATE INDEX CONCURRENTLY ON {WINDOW_INDEX}."
    proposed = said.removeprefix(begin).rstrip(".").replace(" CONCURRENTLY", "")
    postgres.execute(proposed, database=database.name)
    assert problems(look_at(database.reader_url)) == {}


def test_indexes_of_other_shapes(changed: Make, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "BIG", 0)
    database = changed(
        CHOICES,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'wallet_transactions_window'::regclass",
        "DROP INDEX user_errors_window; CREATE INDEX ON user_errors (occurred_at)",
        f"""ALTER TABLE reward_assignments RENAME TO whole;
        CREATE TABLE reward_assignments (LIKE whole) PARTITION BY RANGE (assigned_at);
        CREATE TABLE first PARTITION OF reward_assignments FOR VALUES FROM (MINVALUE) TO ('2026-01-20Z');
        CREATE TABLE second PARTITION OF reward_assignments FOR VALUES FROM ('2026-01-20Z') TO ('2027-01-01Z');
        CREATE INDEX ON second (campaign_id, assigned_at);
        GRANT SELECT ON reward_assignments TO {PROMO_READER}""",
        f"""CREATE SCHEMA raw;
        ALTER TABLE voucher_assignments SET SCHEMA raw;
        ALTER TABLE raw.voucher_assignments ALTER assigned_at TYPE timestamp USING assigned_at AT TIME ZONE 'UTC';
        CREATE VIEW voucher_assignments AS
            SELECT assignment_id, assigned_at AT TIME ZONE 'UTC' AS assigned_at, user_id, voucher_list_id,
                voucher_code, source, campaign_id, redeemed_at
            FROM raw.voucher_assignments WHERE voucher_code <> '';
        GRANT SELECT ON voucher_assignments TO {PROMO_READER}""",
    )
    found = problems(look_at(database.reader_url))
    keys = "(voucher_list_id, (assigned_at AT TIME ZONE 'UTC'::text), assignment_id)"
    begin = "is read from end to end for each window"
    assert found == {
        "index of wallet_transactions": [
            f"public.wallet_transactions {begin} (a CREATE INDEX CONCURRENTLY that failed has left one that is "
            "invalid): DROP INDEX CONCURRENTLY wallet_transactions_window; CREATE INDEX CONCURRENTLY ON "
            f"{WINDOW_INDEX}."
        ],
        "index of reward_assignment": [
            f"public.first {begin}: CREATE INDEX CONCURRENTLY ON public.first (campaign_id, assigned_at, "
            "assignment_id)."
        ],
        "index of voucher_assignment_logs": [
            f"raw.voucher_assignments {begin}: CREATE INDEX CONCURRENTLY ON raw.voucher_assignments {keys}."
        ],
    }
    postgres.execute(f"CREATE INDEX ON raw.voucher_assignments {keys}", database=database.name)
    assert "index of voucher_assignment_logs" not in problems(look_at(database.reader_url)), "it serves"


def test_views_that_keep_an_index_from_being_used(changed: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "BIG", 0)
    database = changed(
        CHOICES,
        "DROP INDEX reward_assignments_window, user_errors_window",
        f"""CREATE SCHEMA raw;
        ALTER TABLE user_errors SET SCHEMA raw;
        CREATE INDEX ON raw.user_errors (campaign_id, occurred_at, error_id);
        CREATE VIEW user_errors AS SELECT * FROM raw.user_errors OFFSET 0;
        GRANT SELECT ON user_errors TO {PROMO_READER}""",
        f"""ALTER TABLE reward_assignments SET SCHEMA raw;
        ALTER TABLE raw.reward_assignments ALTER assigned_at TYPE float8 USING EXTRACT(EPOCH FROM assigned_at);
        CREATE INDEX ON raw.reward_assignments (campaign_id, to_timestamp(assigned_at), assignment_id);
        CREATE VIEW reward_assignments WITH (security_barrier) AS
            SELECT assignment_id, to_timestamp(assigned_at) AS assigned_at, campaign_id, user_id, reward_type,
                reward_value, wallet_id, coupon_code, voucher_code, transaction_id
            FROM raw.reward_assignments WHERE user_id <> '';
        GRANT SELECT ON reward_assignments TO {PROMO_READER}""",
    )
    found = problems(look_at(database.reader_url))
    assert "LIMIT, OFFSET" in found.pop("index of user_errors")[0]
    assert found == {}, "comparisons of times may use an index below a security_barrier"


class TestServer:
    def test_a_role_that_may_write(self, changed: Make) -> None:
        said = one_problem(look_at(changed().owner_url), "role")
        assert said.startswith(f"{PROMO_OWNER} may write to public.wallet_transactions")

    def test_a_superuser(self, changed: Make, as_reader: Callable[[str], None]) -> None:
        as_reader("SUPERUSER")
        assert "superuser" in problems(look_at(changed().reader_url))["role"][0]

    def test_limits_and_timeouts_of_the_role(self, changed: Make, as_reader: Callable[[str], None]) -> None:
        as_reader("CONNECTION LIMIT 2")
        as_reader("SET idle_in_transaction_session_timeout = '5s'")
        as_reader("SET transaction_timeout = '1h'")
        found = problems(look_at(changed().reader_url))
        assert f"ALTER ROLE {PROMO_READER} CONNECTION LIMIT" in found["connections"][0]
        assert "transaction_timeout is 3600 s" in found["timeouts"][0]
        assert "5 s" in found["timeouts"][1]

    @pytest.mark.parametrize(("encoding", "state"), [("SQL_ASCII", CheckState.PROBLEM), ("LATIN1", CheckState.OK)])
    def test_encodings(
        self, postgres: PostgresServer, credentials: Credentials, encoding: str, state: CheckState
    ) -> None:
        name = f"doctor_{encoding.lower()}"
        postgres.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C' OWNER {PROMO_OWNER}"
        )
        database = create_promo_database(postgres, credentials, name)
        found = [each for each in look_at(database.reader_url) if each.subject == "encoding"]
        assert [each.state for each in found] == [state]


class TestUnreachable:
    def test_a_wrong_password_is_not_repeated(self, changed: Make) -> None:
        url = changed().reader_url
        scheme, _, rest = url.partition("://")
        wrong = f"{scheme}://{PROMO_READER}:hunter2secret@{rest.rpartition('@')[2]}"
        said = one_problem(look_at(wrong), "connection promo_db")
        assert "password" in said
        assert "hunter2secret" not in said

    def test_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        said = one_problem(look_at(f"postgresql://me:hunter2secret@127.0.0.1:{port}/promo"), "connection promo_db")
        assert "Connection refused" in said
        assert "tried again" not in said, "nothing tries again"

    def test_a_host_that_accepts_and_never_answers(self) -> None:
        with contextlib.closing(socket.create_server(("127.0.0.1", 0), backlog=8)) as silent:
            port = silent.getsockname()[1]
            begun = time.monotonic()
            said = one_problem(look_at(f"postgresql://me:hunter2secret@127.0.0.1:{port}/promo"), "connection promo_db")
        assert "hunter2secret" not in said
        assert time.monotonic() - begun < 60

    def test_a_table_that_is_locked(self, changed: Make) -> None:
        import psycopg2

        database = changed()
        with contextlib.closing(psycopg2.connect(database.owner_url)) as holder, holder.cursor() as cursor:
            cursor.execute("LOCK TABLE user_errors IN ACCESS EXCLUSIVE MODE")
            found = problems(look_at(database.reader_url))
        assert list(found) == ["report type user_errors"]
