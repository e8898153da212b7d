"""`promo-reports preview`: the beginning of the file that an export would make, and what all of it adds up to."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from devstack.databases import PromoDatabase
from promo_reports.cli.console import printable
from promo_reports.domain.estimate import size_words
from tests.support.shell import DAILY, PROJECT, Shell

HEADER = "transaction_id,occurred_at,user_id,"


def test_a_recurring_report_shows_its_latest_window(shell: Shell, database: PromoDatabase) -> None:
    result = shell("preview", "daily", "--database", database.reader_url)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines[:4] == [
        "Daily transactions (Wallet Transactions)",
        "Window  Sunday 2026-11-22, America/New_York",
        "Rows    3",
        "File    one CSV file",
    ]
    assert lines[4] == "Total   points  1,106.60"
    assert [line.split() for line in lines[8:10]] == [["credit", "2", "1,110.10"], ["debit", "1", "-3.50"]]
    rows = [line for line in lines if "grocery-rewards" in line]
    assert [line.split()[0] for line in rows] == ["2", "3", "4"]
    assert '=a "quoted", two-line\\nnote' in rows[1], "one line a row, control characters escaped"
    assert lines[-1] == "3 of 3 rows"


def test_rows_limits_what_is_shown_and_not_what_is_counted(shell: Shell, database: PromoDatabase) -> None:
    result = shell("preview", "daily", "--rows", "1", "--database", database.reader_url)
    assert "Rows    3" in result.stdout
    assert result.stdout.rstrip().endswith("1 of 3 rows")


def test_csv_is_the_beginning_of_the_file(shell: Shell, database: PromoDatabase, tmp_path: Path) -> None:
    result = shell("preview", "daily", "--rows", "2", "--csv", "--database", database.reader_url)
    assert result.exit_code == 0
    assert "Window  Sunday 2026-11-22" in result.stderr, "facts do not disturb what is piped"
    shell("export", "daily", "--to", tmp_path / "out", "--database", database.reader_url)
    file = next((tmp_path / "out").rglob("*.csv")).read_bytes()
    assert result.stdout_bytes.startswith(HEADER.encode())
    assert file.startswith(result.stdout_bytes)
    assert len(file) > len(result.stdout_bytes)


def test_the_window_by_days_and_by_instants(shell: Shell, database: PromoDatabase) -> None:
    by_days = shell(
        "preview", "daily", "--start", "2026-11-21", "--end", "2026-11-23", "--database", database.reader_url
    )
    assert "Window  Saturday 2026-11-21 to Sunday 2026-11-22 (2 days), America/New_York" in by_days.stdout
    assert "Rows    4" in by_days.stdout
    start, end = "2026-11-22T05:00:00Z", "2026-11-22T07:00:00.250-05:00"
    by_instants = shell("preview", "daily", "--start", start, "--end", end, "--database", database.reader_url)
    assert "2026-11-22 00:00-05:00 up to 2026-11-22 07:00:00.250000-05:00" in by_instants.stdout
    assert "Rows    1" in by_instants.stdout, "the end is excluded"


def test_a_one_time_report_shows_its_own_dates(shell: Shell, database: PromoDatabase) -> None:
    result = shell("preview", "once", "--database", database.reader_url)
    assert "Window  Monday 2026-11-16 to Sunday 2026-11-22 (7 days)" in result.stdout
    assert "'=a" in result.stdout, "it is only downloaded, so text cells are safe for spreadsheets"


def test_a_snapshot(shell: Shell, database: PromoDatabase) -> None:
    latest = shell("preview", "members", "--database", database.reader_url)
    assert "Window  as of 2026-11-23 00:00-05:00, America/New_York" in latest.stdout
    earlier = shell("preview", "members", "--as-of", "2026-11-22", "--database", database.reader_url)
    assert "Window  as of 2026-11-22 00:00-05:00" in earlier.stdout
    assert "Rows    1" in earlier.stdout


def test_a_file_that_is_not_registered(shell: Shell, database: PromoDatabase) -> None:
    draft = shell.write(
        "drafts/other.yaml", DAILY.replace("id: daily", "id: other").replace("grocery-rewards", "other")
    )
    result = shell("preview", draft, "--database", database.reader_url)
    assert "Rows    1" in result.stdout


def test_no_rows(shell: Shell, database: PromoDatabase) -> None:
    day = ("--start", "2026-10-01", "--end", "2026-10-02", "--database", database.reader_url)
    assert "Rows    0\nFile    one CSV file\nTotal   points  0\n" in shell("preview", "daily", *day).stdout
    assert shell("preview", "daily", "--csv", *day).stdout.count("\n") == 1


def test_the_size_is_that_of_the_last_exports_in_the_download_area(shell: Shell, database: PromoDatabase) -> None:
    ask = ("preview", "daily", "--database", database.reader_url)
    assert "about" not in shell(*ask).stdout
    downloads = shell.home / ".data" / "downloads"
    days = ("--start", "2026-11-21", "--end", "2026-11-23")
    made = shell("export", "daily", "--to", downloads, *days, "--database", database.reader_url)
    assert made.exit_code == 0
    (file,) = downloads.rglob("*.csv")
    a_row = file.stat().st_size / 4
    lines = shell(*ask).stdout.splitlines()
    assert lines[3].strip() == f"File    one CSV file of about {size_words(round(3 * a_row))}"
    assert lines[4].strip() == f"Estimated from the last export of this report type, {a_row:,.0f} bytes a row."
    assert "about" not in shell("preview", "members", "--database", database.reader_url).stdout, "of another type"
    (downloads / "other" / "window").mkdir(parents=True)
    (downloads / "other" / "window" / "manifest.json").write_text("{}")
    assert shell(*ask).stdout.splitlines()[4] == lines[4], "what is no manifest of ours is passed over"


def test_a_narrow_terminal_gets_a_block_for_each_row(
    shell: Shell, database: PromoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promo_reports.cli.console._UNLIMITED", 80)
    result = shell("preview", "daily", "--rows", "1", "--database", database.reader_url)
    assert "row 1\n" in result.stdout
    assert "  transaction_type        credit\n" in result.stdout


def test_sqlite(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "promo.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript((PROJECT / "include" / "demo" / "schema.sql").read_text())
        connection.execute("INSERT INTO wallets VALUES ('grocery-rewards', 'Grocery', 'points', 'active', '2020')")
        for number in (1, 2):
            times = ["2026-11-22 12:00:00.000000"] * 2
            connection.execute(
                "INSERT INTO wallet_transactions (transaction_id, occurred_at, recorded_at, user_id, wallet_id,"
                " transaction_type, transaction_source, points, balance_after)"
                " VALUES (?, ?, ?, 'u1', 'grocery-rewards', 'credit', 'api', 1.25, 0)",
                [number, *times],
            )
    result = shell("preview", "daily", "--rows", "1", "--database", f"sqlite:///{path}")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Total   points  2.50" in result.stdout
    assert "2026-11-22 07:00:00-05" in result.stdout
    assert result.stdout.endswith("1 of 2 rows\n")


def test_what_a_terminal_would_obey_is_escaped() -> None:
    assert printable("a\x1b[2Jb\u202e") == "a\\x1b[2Jb\\u202e"
    assert printable("Zürich, 東京") == "Zürich, 東京"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["weekly"], "error: ID: no report 'weekly' is registered; see promo-reports list"),
        (["dayly"], "no report 'dayly' is registered; did you mean 'daily'?"),
        (["reports/none.yaml"], "error: reports/none.yaml: there is no such file"),
        (["daily", "--start", "2026-11-01"], "error: --end: is missing: a window needs --start and --end"),
        (["daily", "--end", "2026-11-01"], "error: --start: is missing"),
        (["daily", "--start", "2026-11-02", "--end", "2026-11-02"], "2026-11-02 00:00-05:00 is not after --start"),
        (
            ["daily", "--start", "2026-11-31", "--end", "2026-12-01"],
            "--start: 2026-11-31 is not in the calendar",
        ),
        (["daily", "--start", "2026-11-22", "--end", "2026-11-24"], "the window ends at 2026-11-24 00:00 EST, in the"),
        (["daily", "--start", "2026-08-01", "--end", "2026-11-02"], "the window is longer than 3 months"),
        (["daily", "--as-of", "2026-11-01"], "error: --as-of: Wallet Transactions covers a window"),
        (["members", "--start", "2026-11-01", "--end", "2026-11-02"], "User Ledger Summary is a snapshot"),
        (["members", "--as-of", "2026-11-24"], "error: --as-of: 2026-11-24 00:00-05:00 is in the future"),
        (["daily", "--rows", "0"], "'--rows'"),
        (["daily", "--rows", "many"], "'--rows'"),
        ([], "Missing argument 'ID_OR_FILE'"),
        (["daily", "--database", "localhost"], "error: --database: must be a URL like postgresql://"),
        (["daily", "--database", "oracle://u:secret-word@h/d"], "error: --database: 'oracle' is no database of these"),
        (["daily", "--database", "postgresql://u:secret-word@x@h/d"], "special characters escaped as %40"),
        (["daily", "--database", "postgresql://u:secret-word@h:port/d"], "error: --database: must be a URL like"),
    ],
)
def test_mistakes(shell: Shell, words: list[str], message: str) -> None:
    result = shell("preview", *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert "secret-word" not in result.stderr


def test_a_value_that_the_database_does_not_know(shell: Shell, database: PromoDatabase) -> None:
    shell.write("reports/daily.yaml", DAILY.replace("grocery-rewards", "grocery-reward"))
    result = shell("preview", "daily", "--database", database.reader_url)
    assert result.exit_code == 1
    assert "'grocery-reward' is not in the promo database" in result.stderr
    assert "Did you mean grocery-rewards?" in result.stderr


def test_a_broken_template(shell: Shell, database: PromoDatabase) -> None:
    path = shell.write("include/sql/wallet_transactions.sql", "SELECT 1 AS one;\nSELECT 2 AS two")
    result = shell("preview", "daily", "--database", database.reader_url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {path}")


def test_a_wrong_password_is_a_mistake(shell: Shell, database: PromoDatabase) -> None:
    result = shell("preview", "daily", "--database", database.reader_url.replace("promo_reader:", "promo_reader:x"))
    assert result.exit_code == 1
    assert "password authentication failed" in result.stderr
    assert database.reader_url.split(":")[2].split("@")[0] not in result.stderr


def test_a_database_that_is_away_may_come_back(shell: Shell) -> None:
    result = shell("preview", "daily", "--database", "postgresql://u:secret-word@127.0.0.1:1/promo")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Connection refused" in result.stderr
    assert result.stderr.rstrip().endswith("This may pass: run the command again.")
    assert "is tried again" not in result.stderr, "nobody tries again for a command"
    assert "secret-word" not in result.stderr
