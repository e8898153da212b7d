"""Tests that did not run: the summary names each with its reason, and in CI the run fails if the list grows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

ALLOWED = Path(__file__).parents[1] / "may_skip.txt"


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Name what did not run and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section("tests that did not run")
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.line(f"{report.nodeid}: {str(reason).removeprefix('Skipped: ')}")
    for nodeid in unexpected(terminalreporter):
        terminalreporter.line(f"NOT IN {ALLOWED.name}: {nodeid}", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail in CI where a test was skipped that may not be."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and isinstance(reporter, TerminalReporter) and unexpected(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def unexpected(reporter: TerminalReporter) -> list[str]:
    """Skipped tests that tests/may_skip.txt does not name by the start of their node id."""
    lines = [line.split("#")[0].strip() for line in ALLOWED.read_text().splitlines()]
    allowed = tuple(line for line in lines if line)
    return [each.nodeid for each in reporter.stats.get("skipped", []) if not each.nodeid.startswith(allowed)]
