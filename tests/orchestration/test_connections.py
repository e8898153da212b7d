"""Airflow connections as addresses: special characters survive, and what is wrong is named without its secrets."""

from __future__ import annotations

import json

import pytest

from promo_reports.domain.mask import HASHED, LAST_FOUR, Mask
from promo_reports.errors import SourceRefused
from promo_reports.orchestration.connections import promo_source, with_hash_key
from promo_reports.pipeline.export import Export
from tests.support.databases.promo import MOVES, export

VARIABLE = "AIRFLOW_CONN_PROMO_TEST"


def connection(monkeypatch: pytest.MonkeyPatch, **fields: object) -> None:
    monkeypatch.setenv(VARIABLE, json.dumps(fields))


def test_special_characters_of_login_and_password_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    connection(monkeypatch, conn_type="postgres", host="db", port=6432, login="a@b", password="p:/?#%", schema="promo")
    source = promo_source("promo_test")
    assert source.url == "postgresql://a%40b:p%3A%2F%3F%23%25@db:6432/promo"
    assert source.dialect == "postgresql"
    assert "%3A" not in repr(source), "an address is never printed"


def test_libpq_options_are_passed_on_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"sslmode": "verify-full", "cursor": "dictcursor"}
    connection(monkeypatch, conn_type="postgres", host="db", schema="promo", extra=extra)
    assert promo_source("promo_test").url == "postgresql://db/promo?sslmode=verify-full"


def test_sqlite_and_mysql(monkeypatch: pytest.MonkeyPatch) -> None:
    connection(monkeypatch, conn_type="sqlite", host="/data/promo.db")
    assert promo_source("promo_test").url == "sqlite:////data/promo.db"
    extra = {"ssl_ca": "/etc/ca.pem", "ssl_verify_identity": "true", "local_infile": "1", "charset": "latin1"}
    connection(monkeypatch, conn_type="mysql", host="db", login="reader", schema="promo", extra=extra)
    source = promo_source("promo_test")
    assert source.url == "mysql://reader@db/promo?ssl_ca=%2Fetc%2Fca.pem&ssl_verify_identity=true"
    assert source.dialect == "mysql"


def test_a_connection_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceRefused, match=r"no Airflow connection 'promo_test'.*AIRFLOW_CONN_PROMO_TEST="):
        promo_source("promo_test")


def test_a_connection_that_cannot_be_parsed_is_not_called_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, '{"conn_type": "postgres", "password": "secret-word"')
    with pytest.raises(SourceRefused, match="neither a connection URI nor JSON") as refused:
        promo_source("promo_test")
    assert "secret-word" not in str(refused.value)


def test_another_kind_of_connection_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    connection(monkeypatch, conn_type="aws", password="secret-word")
    with pytest.raises(SourceRefused, match="is of type 'aws'"):
        promo_source("promo_test")


def test_any_other_dialect_is_named_in_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"sqlalchemy_scheme": "mssql+pyodbc", "sslmode": "require"}
    connection(monkeypatch, conn_type="mssql", host="db", port=1433, login="reader", schema="promo", extra=extra)
    assert promo_source("promo_test").url == "mssql+pyodbc://reader@db:1433/promo"


KEY = "AIRFLOW_CONN_PROMO_REPORTS_HASH_KEY"
SECRET = "a key of the tests, which nobody uses"


def masked(mask: Mask) -> Export:
    return export(report_type=MOVES.masked({"note": mask}))


def test_the_key_of_hashes_is_the_password_of_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, json.dumps({"conn_type": "generic", "password": SECRET}))
    keyed = with_hash_key(masked(HASHED))
    assert keyed.hash_key is not None
    assert keyed.hash_key.hashed(b"member").startswith(b"hmac_")
    assert SECRET not in repr(keyed)


def test_no_key_is_read_where_nothing_is_hashed() -> None:
    for each in (export(), masked(LAST_FOUR)):
        assert with_hash_key(each) == each


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (None, "There is no Airflow connection 'promo_reports_hash_key' with the key for hashed columns."),
        ({"conn_type": "generic"}, "The password of connection 'promo_reports_hash_key' has 0 bytes; a key for hashes"
         " has at least 32."),
        ({"conn_type": "generic", "password": "secret-word"}, "The password of connection 'promo_reports_hash_key' has"
         " 11 bytes; a key for hashes has at least 32."),
    ],
)  # fmt: skip
def test_a_key_that_is_missing_or_short_is_refused(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, str] | None, reason: str
) -> None:
    if fields is not None:
        monkeypatch.setenv(KEY, json.dumps(fields))
    with pytest.raises(SourceRefused) as refused:
        with_hash_key(masked(HASHED))
    assert refused.value.reason == reason
    assert "at least 32 bytes" in refused.value.fix
    assert "secret-word" not in str(refused.value)
