"""The command as it is installed: its help, its start, its exit status, its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from devstack.databases import PromoDatabase
from devstack.postgres import PostgresServer
from devstack.tcp_proxy import TcpProxy
from promo_reports.cli.app import app
from tests.support.shell import DAILY, Shell

COMMAND = Path(sys.executable).with_name("promo-reports")
COMMANDS = sorted(vars(get_command(app))["commands"])
HEAVY = ("airflow", "pandas", "pyarrow", "boto3", "sqlalchemy", "psycopg2")

SLOW = """\
SELECT t.transaction_id, t.occurred_at, t.user_id, t.wallet_id, w.name AS wallet_name, t.transaction_type,
    t.transaction_source, t.points, t.balance_after, t.campaign_id, t.coupon_code, t.order_id, t.sale_channel,
    t.location_id, t.sale_amount, t.related_transaction_id, t.expires_at, t.description, t.recorded_at
FROM wallet_transactions t
JOIN wallets w ON w.wallet_id = t.wallet_id
CROSS JOIN (SELECT pg_sleep(60) AS slept) AS slow
WHERE t.wallet_id = {{ filters.wallet }} AND {{ window.covers("t.occurred_at") }}
    {% if filters.transaction_source %}AND t.transaction_source IN {{ filters.transaction_source }}{% endif %}
    AND t.transaction_type IN {{ filters.transaction_type }}
ORDER BY t.occurred_at, t.transaction_id
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "PROMO_REPORTS_"))}
    return {**kept, "AIRFLOW_HOME": str(home / "airflow"), "PROMO_REPORTS_HOME": str(home), **more}


def test_every_command_has_an_example() -> None:
    assert [
        *(
            "backfill-plan",
            "check-destination",
            "delete",
            "doctor",
            "export",
            "init",
            "list",
            "prepare",
            "preview",
            "resume",
            "schema",
            "stop",
            "validate",
            "verify",
        )
    ] == COMMANDS
    for command in COMMANDS:
        result = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
        assert result.exit_code == 0
        example = next(line for line in result.stdout.splitlines() if "Example: " in line)
        assert f"promo-reports {command}" in example


def test_without_a_command_there_is_help() -> None:
    bare = CliRunner().invoke(app, [], env={"PROMO_REPORTS_HOME": None})
    asked = CliRunner().invoke(app, ["--help"], env={"PROMO_REPORTS_HOME": None})
    assert (bare.exit_code, asked.exit_code) == (0, 0)
    for command in COMMANDS:
        assert f" {command} " in bare.stdout
        assert f" {command} " in asked.stdout
    assert "PROMO_REPORTS_HOME" in asked.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["prewiev", "x"], "error: No such command 'prewiev'. Did you mean 'preview'?"),
        (["list", "--jsno"], "No such option: --jsno"),
        (["validate", "--home", "x"], "No such option: --home"),
        (["--home", "/nowhere", "list"], "error: --home, PROMO_REPORTS_HOME: /nowhere is no Promo Reports project"),
    ],
)
def test_mistakes_on_the_command_line(shell: Shell, words: list[str], message: str) -> None:
    result = shell(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


def test_a_setting_that_is_none(shell: Shell) -> None:
    result = shell("list", PROMO_REPORTS_RETRIES="often", PROMO_REPORTS_COLOUR="blue")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error: PROMO_REPORTS_RETRIES: " in result.stderr
    assert "error: PROMO_REPORTS_COLOUR: " in result.stderr


def test_the_data_of_another_project_is_its_own(shell: Shell) -> None:
    shell("stop", "daily")
    assert (shell.home / ".data" / "created" / "state" / "daily.yaml").exists()


def test_directories_that_airflow_alone_knows_are_refused(shell: Shell, tmp_path: Path) -> None:
    """A report would be stopped in another store than the one that Airflow goes by."""
    config = tmp_path / "airflow.cfg"
    config.write_text("[core]\nfernet_key = 50%\n[promo_reports]\ndata_dir = /srv/data\nretries = 1\n")
    known = {"AIRFLOW_CONFIG": str(config), "AIRFLOW__PROMO_REPORTS__STORE_DIR": "/srv/store"}
    refused = shell("stop", "daily", **known)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"error: [promo_reports] data_dir in {config}: " in refused.stderr
    assert "error: AIRFLOW__PROMO_REPORTS__STORE_DIR: " in refused.stderr
    assert "set PROMO_REPORTS_STORE_DIR" in refused.stderr
    data = str(shell.home / "data")
    told = shell("stop", "daily", **known, PROMO_REPORTS_DATA_DIR=data, PROMO_REPORTS_STORE_DIR=f"{data}/created")
    assert told.exit_code == 0, told.stderr
    config.write_text("no section\n")
    assert shell("list", AIRFLOW_CONFIG=str(config)).exit_code == 0


def test_it_starts_without_what_it_does_not_need(shell: Shell) -> None:
    program = f"""
import sys
from promo_reports.cli.app import app
started = [name for name in {(*HEAVY, "pydantic", "yaml", "jinja2")!r} if name in sys.modules]
for words in (["validate"], ["list"], ["backfill-plan", "daily", "--from", "2026-01-01", "--to", "2026-01-02"]):
    try:
        app(words)
    except SystemExit as end:
        assert end.code == 0, words
print(started, [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(shell.home), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[] []"


def test_the_installed_command(shell: Shell, database: PromoDatabase) -> None:
    known = environment(shell.home, AIRFLOW_CONN_PROMO_DB=database.reader_url)
    day = ("--start", "2026-11-22", "--end", "2026-11-23")
    done = subprocess.run([COMMAND, "preview", "daily", *day, "--csv"], env=known, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"transaction_id,"), "not even Airflow writes to standard output"
    assert done.stdout.count(b"\n") == 5
    told = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"promo-reports {version('promo-reports')}\n"


def test_the_installed_command_fails_without_a_traceback(shell: Shell) -> None:
    shell.write("reports/daily.yaml", DAILY.replace("owner", "onwer"))
    done = subprocess.run(
        [COMMAND, "validate"], env=environment(shell.home), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "reports/daily.yaml:4: onwer: unknown key; did you mean 'owner'?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def proxy(postgres: PostgresServer) -> Iterator[TcpProxy]:
    with TcpProxy(postgres.port) as proxy:
        yield proxy


@contextlib.contextmanager
def heard(number: signal.Signals) -> Iterator[None]:
    """What is started here hears a signal, which a shell makes everything ignore that it starts in the background."""
    before = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(
    ("command", "hangs", "number", "status"),
    [
        ("export", False, signal.SIGINT, 130),
        ("export", False, signal.SIGTERM, 143),
        ("export", True, signal.SIGTERM, 143),
        ("preview", True, signal.SIGTERM, 143),
    ],
)
def test_a_signal_ends_it_in_the_middle_of_a_query(
    shell: Shell,
    database: PromoDatabase,
    postgres: PostgresServer,
    proxy: TcpProxy,
    tmp_path: Path,
    command: str,
    hangs: bool,
    number: int,
    status: int,
) -> None:
    """Also where the database hangs: the connection stays, and nothing passes it any more."""
    shell.write("include/sql/wallet_transactions.sql", SLOW)
    if hangs:
        proxy.stall_at(b"pg_sleep")
    to = ("--to", tmp_path / "out") if command == "export" else ()
    day = ("--start", "2026-11-22", "--end", "2026-11-23", "--database", proxy.address(database.reader_url))
    with heard(signal.SIGINT):
        process = subprocess.Popen(
            [COMMAND, command, "daily", *to, *day],
            env=environment(shell.home),
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        busy = "FROM pg_stat_activity WHERE application_name = 'promo-reports' AND query LIKE '%%pg_sleep%%'"
        while process.poll() is None and not postgres.execute(f"SELECT pid {busy}"):
            time.sleep(0.05)
        process.send_signal(number)
        process.wait(timeout=10)
        assert process.returncode == status
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        assert not (tmp_path / "out").exists()
    finally:
        process.kill()
        process.wait()
        with process.stderr or contextlib.nullcontext():
            postgres.execute(f"SELECT pg_terminate_backend(pid) {busy}")
