"""Which promo database is read, without a running Airflow."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from devstack.databases import PromoDatabase
from promo_reports.cli.database import keyed, source_for
from promo_reports.domain.mask import HASHED
from promo_reports.errors import SourceRefused
from tests.support.databases.promo import MOVES, export
from tests.support.shell import Shell

VARIABLE = "AIRFLOW_CONN_PROMO_DB"


def test_the_connection_of_the_environment_as_uri(shell: Shell, database: PromoDatabase) -> None:
    result = shell("preview", "daily", AIRFLOW_CONN_PROMO_DB=database.reader_url)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Daily transactions"), "Airflow's log lines are no results"


def test_the_connection_of_the_environment_as_json(shell: Shell, database: PromoDatabase) -> None:
    parts = urlsplit(database.reader_url)
    connection = {
        "conn_type": "postgres",
        "login": parts.username,
        "password": parts.password,
        "host": parts.hostname,
        "port": parts.port,
        "schema": database.name,
    }
    result = shell("preview", "daily", AIRFLOW_CONN_PROMO_DB=json.dumps(connection))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Rows    3" in result.stdout


def test_a_missing_connection_names_the_variable(shell: Shell) -> None:
    result = shell("preview", "daily")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "error: There is no Airflow connection 'promo_db'.",
        "  Add it under Admin > Connections, or set "
        "AIRFLOW_CONN_PROMO_DB=postgresql://user:password@host:5432/database. Or give the address with --database.",
    ]


@pytest.mark.parametrize("value", ['{"conn_type": "postgres", "password": "secret-word"', "secret-word"])
def test_a_variable_that_is_no_connection(shell: Shell, value: str) -> None:
    result = shell("preview", "daily", AIRFLOW_CONN_PROMO_DB=value)
    assert (result.exit_code, result.stdout) == (1, "")
    assert VARIABLE in result.stderr or "Connection 'promo_db' is of type" in result.stderr
    assert "secret-word" not in result.stderr


def test_a_connection_of_another_kind(shell: Shell) -> None:
    result = shell("preview", "daily", AIRFLOW_CONN_PROMO_DB="aws://key:secret-word@/")
    assert result.exit_code == 1
    assert "Connection 'promo_db' is of type 'aws'" in result.stderr


def test_the_url_is_not_shown() -> None:
    source = source_for("promo_db", "postgresql://u:secret-word@h/d")
    assert "secret-word" not in repr(source)
    assert source_for("promo_db", "mysql://u@h/d").dialect == "mysql"
    assert source_for("promo_db", "mariadb://u@h/d").dialect == "mysql"
    assert source_for("promo_db", "postgres://u@h/d").dialect == "postgresql"


def test_the_key_for_hashed_columns_is_asked_for_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, hashed = export(), export(report_type=MOVES.masked({"note": HASHED}))
    assert keyed(plain) is plain
    with pytest.raises(SourceRefused, match="no Airflow connection 'promo_reports_hash_key'"):
        keyed(hashed)
    monkeypatch.setenv(
        "AIRFLOW_CONN_PROMO_REPORTS_HASH_KEY", json.dumps({"conn_type": "generic", "password": 40 * "x"})
    )
    assert keyed(hashed).hash_key is not None
