"""`promo-reports validate`: all mistakes at once, each with its file and line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.shell import DAILY, ONCE, PROJECT, Shell

TYPES = len(list((PROJECT / "report_types").glob("*.yaml")))


def test_a_sound_project_is_one_line(shell: Shell) -> None:
    result = shell("validate")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"3 definitions, {TYPES} report types: all valid\n"


def test_the_mistakes_of_two_files_are_listed_together(shell: Shell) -> None:
    shell.write("reports/daily.yaml", DAILY.replace("{interval: daily}", "{interval: weakly}").replace("growth@", ""))
    shell.write("reports/once.yaml", ONCE.replace("past_week", "past_weke"))
    result = shell("validate")
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert [line.split(": ")[:2] for line in lines[:3]] == [
        ["reports/daily.yaml:4", "owner"],
        ["reports/daily.yaml:6", "frequency.interval"],
        ["reports/once.yaml:7", "date_range"],
    ]
    assert "did you mean 'past_week'?" in lines[2]
    assert lines[-1] == f"3 problems in 3 definitions, {TYPES} report types"


def test_templates_are_checked_with_their_line(shell: Shell) -> None:
    path = shell.home / "include" / "sql" / "wallet_summary.sql"
    path.write_text(path.read_text().replace("SELECT", "SELECT {{ undefined_name }},", 1))
    options = shell.write("include/sql/options/wallets.sql", "SELECT * FROM wallets")
    result = shell("validate")
    assert result.exit_code == 1
    assert f"{path}:" in result.stderr
    assert "undefined_name" in result.stderr
    problems = [line for line in result.stderr.splitlines() if str(options) in line]
    assert len(problems) == 1, "once, although several report types use it"
    assert "SELECT *" in problems[0]


def test_a_broken_account_is_named_once(shell: Shell) -> None:
    shell.write("include/account.yaml", "timezone: America/New_Yrok\n")
    result = shell("validate")
    assert result.exit_code == 1
    assert result.stderr.count("include/account.yaml:1: timezone:") == 1
    assert "did you mean 'America/New_York'?" in result.stderr


def test_a_broken_report_type_and_the_definitions_that_need_it(shell: Shell) -> None:
    path = shell.home / "report_types" / "user_ledger_summary.yaml"
    path.write_text(path.read_text().replace("date_range: none", "date_range: never"))
    result = shell("validate")
    assert result.exit_code == 1
    assert "report_types/user_ledger_summary.yaml:" in result.stderr
    assert "reports/members.yaml:3: report_type: user_ledger_summary cannot be used" in result.stderr


def test_dates_in_the_future_are_refused(shell: Shell) -> None:
    shell.write("reports/once.yaml", ONCE.replace("past_week", "{first: 2026-11-20, last: 2026-12-24}"))
    result = shell("validate")
    assert result.exit_code == 1
    assert "reports/once.yaml:7: date_range.last: 2026-12-24 is in the future" in result.stderr


def test_created_reports_and_stop_marks_are_checked_too(shell: Shell) -> None:
    assert shell("prepare").exit_code == 0
    shell.write(".data/created/definitions/cashback.yaml", "id: cashback\n")
    shell.write(".data/created/state/daily.yaml", "stops: yesterday\n")
    result = shell("validate")
    assert result.exit_code == 1
    assert ".data/created/definitions/cashback.yaml:1: created_by:" in result.stderr
    assert ".data/created/state/daily.yaml:1: stops:" in result.stderr
    assert "in 4 definitions" in result.stderr


def test_given_files_are_checked_alone(shell: Shell) -> None:
    shell.write("reports/daily.yaml", "id: [")
    home = shell.home
    result = shell("validate", home / "reports" / "once.yaml", home / "report_types" / "wallet_summary.yaml")
    assert (result.exit_code, result.stdout) == (0, "1 definition, 1 report type: all valid\n")
    result = shell("validate", home / "include" / "sql" / "wallet_summary.sql", home / "include" / "account.yaml")
    assert (result.exit_code, result.stdout) == (0, "1 SQL template, 1 account file: all valid\n")
    result = shell("validate", home / "include" / "sql" / "options" / "wallets.sql")
    assert (result.exit_code, result.stdout) == (0, "1 SQL template: all valid\n")


def test_a_given_directory_is_its_yaml_files(shell: Shell) -> None:
    shell.write("drafts/monthly.yaml", "id: monthly\n")
    shell.write("drafts/notes.txt", "not YAML")
    result = shell("validate", shell.home / "drafts")
    assert result.exit_code == 1
    assert f"{shell.home}/drafts/monthly.yaml:1: name: is required" in result.stderr
    assert result.stderr.splitlines()[-1].endswith("in 1 definition")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reports/none.yaml", "there is no such file"),
        ("report_types/none.yaml", "there is no such file"),
        ("include/sql/none.sql", "no sound report type uses this template"),
    ],
)
def test_a_file_that_is_not_there(shell: Shell, name: str, words: str) -> None:
    result = shell("validate", shell.home / name)
    assert result.exit_code == 1
    assert f"{shell.home / name}: {words}" in result.stderr or f"{name}: {words}" in result.stderr


def test_a_directory_that_cannot_be_read_may_come_back(shell: Shell) -> None:
    (shell.home / "reports").rename(shell.home / "elsewhere")
    result = shell("validate")
    assert result.exit_code == 2
    assert "reports cannot be read" in result.stderr
    assert "run the command again" in result.stderr


def test_a_store_that_was_never_made_is_not_said_to_pass(shell: Shell, tmp_path: Path) -> None:
    result = shell("validate", PROMO_REPORTS_STORE_DIR=str(tmp_path / "none"))
    assert result.exit_code == 2
    assert "promo-reports prepare" in result.stderr
    assert "This may pass" not in result.stderr
    assert result.stderr.rstrip().endswith("Then run the command again.")


@pytest.fixture
def committed(shell: Shell) -> Shell:
    """The project, as somebody has committed it."""
    as_somebody = ["-c", "user.name=Maria", "-c", "user.email=maria@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "--all"], [*as_somebody, "commit", "--quiet", "-m", "All of it"]):
        subprocess.run(["git", "-C", str(shell.home), *command], check=True)
    return shell


WEEKLY = "{interval: weekly, delivery_day: monday}"
GAPS = {
    "daily to weekly": (
        DAILY.replace("{interval: daily}", WEEKLY),
        "Monday 2026-11-23 to Sunday 2026-11-29 (7 days)",
        None,
    ),
    "another timezone": (
        DAILY + "timezone: Europe/Berlin\n",
        "Tuesday 2026-11-24",
        "2026-11-23 06:00+01:00 up to 2026-11-24 00:00+01:00, Europe/Berlin",
    ),
    "a later start": (
        DAILY.replace("{interval: daily}", WEEKLY) + "starts_on: 2026-12-07\n",
        "Monday 2026-11-30",
        "Monday 2026-11-23 to Sunday 2026-11-29 (7 days)",
    ),
}


@pytest.mark.parametrize("name", GAPS)
def test_days_that_no_window_covers_after_a_change_are_named(committed: Shell, name: str) -> None:
    """The last daily window ended on Sunday the 22nd."""
    text, following, gap = GAPS[name]
    committed.write("reports/daily.yaml", text)
    said = " ".join(committed("validate", "--since", "HEAD").stdout.split())
    assert (
        "reports/daily.yaml: its schedule changes from 'Every day at 06:00 America/New_York, the day before' to" in said
    )
    assert f", for {following}" in said
    if gap is None:
        assert said.endswith("Nothing is left out, and nothing delivered twice.")
    else:
        assert f"No window covers {gap}" in said
    assert "members" not in said


def test_a_week_that_was_begun_day_by_day_is_not_delivered_again(committed: Shell) -> None:
    committed.write("reports/daily.yaml", DAILY.replace("{interval: daily}", WEEKLY))
    account = (committed.home / "include/account.yaml").read_text()
    committed.write("include/account.yaml", account.replace("week_starts_on: monday", "week_starts_on: friday"))
    said = " ".join(committed("validate", "--since", "HEAD").stdout.split())
    assert "No window covers Monday 2026-11-23 to Thursday 2026-11-26 (4 days)" in said


def test_nothing_is_said_where_no_schedule_has_changed(committed: Shell) -> None:
    committed.write("reports/daily.yaml", DAILY.replace("Daily transactions", "Transactions"))
    committed.write("reports/another.yaml", DAILY.replace("id: daily", "id: another"))
    assert committed("validate", "--since", "HEAD").stdout == f"4 definitions, {TYPES} report types: all valid\n"


@pytest.mark.parametrize("revision", ["nowhere", "--output=/tmp/anything", ""])
def test_a_revision_that_git_does_not_know_is_a_mistake(committed: Shell, revision: str) -> None:
    result = committed("validate", f"--since={revision}")
    assert result.exit_code == 1
    assert "--since" in result.stderr
