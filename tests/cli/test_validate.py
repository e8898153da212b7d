"""`promo-reports validate`: all mistakes at once, each with its file and line."""

from __future__ import annotations

import pytest

from tests.cli.shell import DAILY, ONCE, PROJECT, Shell

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
    assert "This may pass" in result.stderr
