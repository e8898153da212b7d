from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack.databases import PromoDatabase
from promo_reports.cli import project as cli_project
from tests.support.shell import DAILY, MEMBERS, NOW, ONCE, PROJECT, Shell, fill


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A project with the shipped report types; it is Monday 2026-11-23, 07:00 in New York."""
    home = tmp_path / "project"
    shutil.copytree(PROJECT / "report_types", home / "report_types")
    shutil.copytree(PROJECT / "include" / "sql", home / "include" / "sql")
    shutil.copy(PROJECT / "include" / "account.yaml", home / "include")
    monkeypatch.setattr(cli_project, "_now", lambda: NOW)
    shell = Shell(home)
    for name, text in {"daily": DAILY, "members": MEMBERS, "once": ONCE}.items():
        shell.write(f"reports/{name}.yaml", text)
    yield shell
    staged = home / ".data" / "staging"
    assert not staged.exists() or not list(staged.iterdir()), "a command leaves nothing in the staging area"


@pytest.fixture(scope="package")
def database(promo_database: Callable[[], PromoDatabase]) -> PromoDatabase:
    """A promo database with the seven rows; the tests only read it."""
    made = promo_database()
    fill(made.owner_url)
    return made
