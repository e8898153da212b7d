"""`promo-reports stop`, `resume` and `delete`."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from promo_reports.cli.project import open_project
from tests.support.shell import CREATED, DAILY, NOW, Shell


def test_stop_and_resume(shell: Shell) -> None:
    stopped = shell("stop", "daily")
    assert stopped.exit_code == 0
    assert stopped.stdout.splitlines() == [
        "daily is stopped.",
        "No further run starts. A run that is open finishes; past runs can be retried and downloaded.",
        "To go on: promo-reports resume daily",
    ]
    again = shell("stop", "daily", "--by", "somebody")
    assert again.stdout == "daily is stopped already, by maria at 2026-11-23T12:00:00+00:00; nothing was changed.\n"
    resumed = shell("resume", "daily", "--by", "joão@example.com")
    assert "daily is active again." in resumed.stdout
    assert "Next delivery: Tue 2026-11-24 06:00 America/New_York, for 2026-11-23.\n" in resumed.stdout
    assert "daily is not stopped; nothing was changed." in shell("resume", "daily").stdout
    kept = yaml.safe_load((shell.home / ".data" / "created" / "state" / "daily.yaml").read_text())
    assert [(each["stopped_by"], each["resumed_by"]) for each in kept["stops"]] == [("maria", "joão@example.com")]


def test_delete(shell: Shell) -> None:
    made = open_project(shell.home).registry.create(CREATED, by="maria", at=NOW - timedelta(days=1))
    deleted = shell("delete", made.id)
    assert deleted.stdout.splitlines()[0] == f"{made.id} is deleted."
    assert "cannot be resumed" in deleted.stdout
    assert "is deleted already, deleted by maria at 2026-11-23" in shell("delete", made.id).stdout
    refused = shell("resume", made.id)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "was deleted and stays stopped" in refused.stderr


@pytest.mark.parametrize("command", ["stop", "resume", "delete"])
def test_what_is_not_registered(shell: Shell, command: str) -> None:
    result = shell(command, "nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nobody" in result.stderr
    assert shell(command, "../daily").exit_code == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["stop", "once"], "'once' is a one-time report: there is nothing to stop or resume"),
        (["delete", "daily"], "is not a created report; a definition in git is deleted in git"),
        (["stop", "daily", "--by", "two\nlines"], "stopped_by"),
    ],
)
def test_mistakes(shell: Shell, words: list[str], message: str) -> None:
    result = shell(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


def test_somebody_must_have_done_it(shell: Shell) -> None:
    result = shell("stop", "daily", USER=None)
    assert result.exit_code == 1
    assert "error: --by: is needed: $USER is not set" in result.stderr


def test_a_broken_definition_cannot_be_stopped(shell: Shell) -> None:
    shell.write("reports/daily.yaml", DAILY.replace("name:", "nom:"))
    result = shell("stop", "daily")
    assert result.exit_code == 1
    assert "error: reports/daily.yaml:2: nom:" in result.stderr


def test_a_store_that_is_away_may_come_back(shell: Shell, tmp_path: object) -> None:
    result = shell("stop", "daily", PROMO_REPORTS_STORE_DIR=f"{tmp_path}/mount")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "promo-reports prepare" in result.stderr
