"""What PostgreSQL's errors mean, whichever language the server speaks and whoever stands before it."""

from __future__ import annotations

import os
import resource
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2  # noqa: TID253
import pytest

from devstack.postgres import PostgresServer
from promo_reports.errors import PromoReportsError, QueryTooSlow, SourceRefused, SourceUnavailable
from promo_reports.pipeline.databases.postgres import libpq
from promo_reports.pipeline.databases.postgres.errors import login_failed, query_failed
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from tests.support.databases.postgres_stub import ending_sessions, refusing_login, refusing_one_login
from tests.support.databases.promo import COLUMNS, ORDER, SELECT, WHERE, PostgresPromo, Project

SECRET = "hunter2"


def failure(port: int) -> PromoReportsError:
    source = Source("promo_db", f"postgresql://reader:{SECRET}@127.0.0.1:{port}/promo")
    with pytest.raises(PromoReportsError) as failed:
        PostgresSnapshot(source, ZoneInfo("UTC"), TimeLimits(60)).__enter__()
    assert SECRET not in str(failed.value)
    assert failed.value.fix
    return failed.value


@pytest.mark.parametrize(
    ("severity", "state", "said", "kind"),
    [
        ("FATAL", "28P01", "Passwort-Authentifizierung für Benutzer »reader« fehlgeschlagen", SourceRefused),
        ("ВАЖНО", "28000", "нет записи в pg_hba.conf", SourceRefused),
        ("FATAL", "3D000", "la base de données « promo » n'existe pas", SourceRefused),
        ("FATAL", "42704", 'パラメータ"bogus"は不明です', SourceRefused),
        ("FATAL", "53300", "désolé, trop de clients sont déjà connectés", SourceUnavailable),
        ("致命的エラー", "57P03", "データベースシステムは起動しています", SourceUnavailable),
        ("FATAL", "08P01", "query_wait_timeout", SourceUnavailable),
        ("FATAL", "08P01", "no such database: promo", SourceRefused),
        ("FATAL", "08P01", "no more connections allowed (max_client_conn)", SourceUnavailable),
        ("FATAL", "ZZ999", "nobody knows", SourceRefused),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_login_is_judged_by_its_sqlstate(
    severity: str, state: str, said: str, kind: type[PromoReportsError], encoding: str
) -> None:
    with refusing_login(S=severity.encode(), V=b"FATAL", C=state.encode(), M=said.encode(encoding, "replace")) as port:
        failed = failure(port)
    assert type(failed) is kind
    assert "PROMO_REPORTS_POOL" in failed.fix if state == "53300" else state in failed.reason
    if encoding == "utf-8":
        assert said in failed.reason


def test_a_login_without_a_text_is_judged_by_its_sqlstate() -> None:
    """Which some builds of psycopg2 make of a message that they cannot decode."""
    no_text = psycopg2.OperationalError()
    with refusing_login(S=b"FATAL", V=b"FATAL", C=b"3D000", M=b"f\xfcr") as port:
        source = Source("promo_db", f"postgresql://reader:{SECRET}@127.0.0.1:{port}/promo")
        refused = login_failed(source, no_text)
    assert type(refused) is SourceRefused
    assert "no answer that can be read (SQLSTATE 3D000)" in refused.reason
    assert type(login_failed(source, no_text)) is SourceUnavailable  # nobody listens any more


@pytest.mark.parametrize("then_lets_in", [True, False])
def test_a_refusal_that_the_next_login_does_not_meet_is_tried_again(then_lets_in: bool) -> None:
    """Such as that of a server that restarts, or has no connection left for a moment."""
    with refusing_one_login(then_lets_in=then_lets_in, S=b"FATAL", C=b"57P01", M=b"shutting down") as port:
        failed = failure(port)
    assert type(failed) is SourceUnavailable
    assert failed.reason.endswith("FATAL:  shutting down.")


@pytest.mark.parametrize("broken", [OSError("cannot be opened"), SimpleNamespace()])
def test_a_driver_that_does_not_show_its_libpq_is_no_reason_to_fail(
    broken: OSError | SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other builds of psycopg2 hide libpq's functions: its errors then say less."""

    def opened(path: str) -> SimpleNamespace:
        if isinstance(broken, OSError):
            raise broken
        return broken

    monkeypatch.setattr("ctypes.CDLL", opened)
    monkeypatch.setattr(libpq, "_libpq", libpq._libpq.__wrapped__)
    with refusing_login(S=b"FATAL", C=b"28P01", M=b"no such password") as port:
        failed = failure(port)
    assert type(failed) is SourceRefused
    assert failed.reason.endswith("FATAL:  no such password.")
    with ending_sessions(S=b"FATAL", C=b"08P01", M=b"query_wait_timeout") as port:
        failed = failure(port)
    assert type(failed) is SourceUnavailable
    assert "the connection was lost" in failed.reason


def test_a_closed_connection_has_no_message(postgres: PostgresServer) -> None:
    connection = psycopg2.connect(postgres.url())
    assert libpq.error_message(connection) == ""
    connection.close()
    assert libpq.error_message(connection) == ""


def test_a_login_is_judged_in_a_process_of_many_descriptors() -> None:
    """An api-server with downloads has them; `select` takes none of 1,024 and more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with refusing_login(S=b"FATAL", C=b"28P01", M=b"no such password") as port, ExitStack() as opened:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        while opened.enter_context(Path(os.devnull).open("rb")).fileno() < 1024:
            pass
        failed = failure(port)
    assert "(SQLSTATE 28P01)" in failed.reason


@pytest.mark.parametrize("said", ["query_wait_timeout", "server conn crashed?", "соединение закрыто"])
def test_the_last_words_of_a_pooler_are_kept(said: str) -> None:
    with ending_sessions(S=b"FATAL", V=b"FATAL", C=b"08P01", M=said.encode()) as port:
        failed = failure(port)
    assert type(failed) is SourceUnavailable
    assert failed.reason == f"Connection 'promo_db': the connection was lost: {said}."


def failed_query(error: Any, *, over: bool = False, reported: str = "") -> PromoReportsError:
    source = Source("promo_db", f"postgresql://reader:{SECRET}@host/promo")
    return query_failed(source, error, reported=reported, seconds=60, over=over, reads_rows=True)


@pytest.mark.parametrize(
    ("state", "kind", "fix"),
    [
        ("25P04", SourceRefused, "SET transaction_timeout"),
        ("25P03", SourceUnavailable, "idle_in_transaction_session_timeout"),
        ("57P01", SourceUnavailable, "tried again"),
        ("40001", SourceUnavailable, "On a standby, set hot_standby_feedback"),
    ],
)
def test_the_end_of_a_session_is_judged_by_its_sqlstate(state: str, kind: type[PromoReportsError], fix: str) -> None:
    """Which psycopg2 does not tell: it only knows that the connection is gone."""
    with ending_sessions(S="致命的エラー".encode(), V=b"FATAL", C=state.encode(), M="終了".encode()) as port:
        failed = failure(port)
    assert type(failed) is kind
    assert failed.reason == "Connection 'promo_db': the connection was lost: 終了."
    assert fix in failed.fix
    assert ("tried again" in failed.fix) == failed.retryable


@pytest.mark.parametrize(
    ("state", "kind", "fix"),
    [
        ("08006", SourceUnavailable, ""),
        ("25006", SourceRefused, "may only read"),
        ("40001", SourceUnavailable, "On a standby"),
        ("40P01", SourceUnavailable, ""),
        ("42P01", SourceRefused, "SQL template"),
        ("53100", SourceUnavailable, ""),
        ("53200", SourceUnavailable, ""),
        ("53400", SourceRefused, "temp_file_limit"),
        ("54001", SourceRefused, "SQL template"),
        ("55000", SourceRefused, "REFRESH MATERIALIZED VIEW"),
        ("55006", SourceUnavailable, ""),
        ("55P02", SourceRefused, "SQL template"),
        ("55P03", SourceUnavailable, ""),
        ("57P05", SourceUnavailable, ""),
        ("58030", SourceUnavailable, ""),
        ("58P01", SourceRefused, "ask its administrator"),
        ("72000", SourceUnavailable, "old_snapshot_threshold"),
        ("HV00N", SourceUnavailable, ""),
        ("XX001", SourceRefused, "damaged"),
    ],
)
def test_only_what_may_pass_is_tried_again(state: str, kind: type[PromoReportsError], fix: str) -> None:
    failed = failed_query(SimpleNamespace(pgcode=state, diag=SimpleNamespace(message_primary="x", source_function="y")))
    assert type(failed) is kind
    assert f"x (SQLSTATE {state})" in failed.reason
    assert fix in failed.fix
    assert ("tried again" in failed.fix) == failed.retryable


def test_a_limit_of_the_role_is_reached_again(
    on_postgres: PostgresPromo, project: Project, postgres: PostgresServer
) -> None:
    on_postgres.generate(20_000, note="repeat(md5(g::text), 3)")
    # No index has this order, whatever the planner knows of the table: it must be sorted on disk.
    sorted_on_disk = f"FROM (SELECT {COLUMNS} FROM moves ORDER BY md5(note) OFFSET 0) m"
    project.write((SELECT + WHERE + ORDER).replace("FROM moves m", sorted_on_disk))
    postgres.execute("ALTER ROLE promo_reader SET temp_file_limit = '64kB'")
    postgres.execute("ALTER ROLE promo_reader SET work_mem = '64kB'")
    try:
        with pytest.raises(SourceRefused, match=r"temp_file_limit.* \(SQLSTATE 53400\).* Have a superuser raise"):
            project.make(on_postgres.source)
    finally:
        postgres.execute("ALTER ROLE promo_reader RESET temp_file_limit")
        postgres.execute("ALTER ROLE promo_reader RESET work_mem")
    assert project.left == []


@pytest.mark.parametrize("said", ["canceling statement due to user request", "annulation de la requête"])
def test_a_cancelled_query_is_our_time_limit_when_the_time_is_over(said: str) -> None:
    error = SimpleNamespace(pgcode="57014", diag=SimpleNamespace(message_primary=said))
    assert type(failed_query(error, over=True)) is QueryTooSlow
    cancelled = failed_query(error)
    assert type(cancelled) is SourceUnavailable
    assert f"{said} (SQLSTATE 57014), which was somebody else's doing" in cancelled.reason


@pytest.mark.parametrize("error", [psycopg2.ProgrammingError, psycopg2.DataError, psycopg2.NotSupportedError])
def test_what_the_driver_cannot_do_is_no_lost_connection(error: type[psycopg2.Error]) -> None:
    failed = failed_query(error(f"can't adapt type 'X' {SECRET}"))
    assert type(failed) is SourceRefused
    assert "can't adapt type 'X' ***" in failed.reason


def test_what_follows_the_first_line_may_quote_a_row() -> None:
    reported = "FATAL:  the disk is gone\nDETAIL:  jane@example.com\nserver closed the connection unexpectedly\n"
    failed = failed_query(psycopg2.OperationalError("server closed the connection unexpectedly\n"), reported=reported)
    assert failed.reason == "Connection 'promo_db': the connection was lost: the disk is gone."
