"""What `make demo` has delivered, byte for byte against what `psql` says of the same windows.

Not part of the quick suite: it needs the data of a demo that has run (see the skip's reason).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.credentials import Credentials
from devstack.data_root_lock import running_state
from devstack.databases import PROMO_DATABASE
from devstack.postgres import PostgresServer
from tests.support.end_to_end.demo_files import PROJECT, Psql, check_export, definitions, manifests

ROOT = os.environ.get("PROMO_REPORTS_DEMO_ROOT", "")
ROWS_PER_FILE = 1_000_000

pytestmark = [
    pytest.mark.skipif(
        not ROOT,
        reason="compares a finished demo: make demo KEEP=0, then set PROMO_REPORTS_DEMO_ROOT=.data/demo (.ci/run does)",
    ),
    pytest.mark.timeout(1200),
]


@pytest.fixture(scope="module")
def psql() -> Iterator[Psql]:
    """The demo's PostgreSQL: the running one, or one that is started on its data and stopped again."""
    root = Path(ROOT).absolute()
    password = Credentials.kept_in(existing(root / "credentials.json")).postgres
    server = PostgresServer(root / "postgres", password=password, port=0)
    running = running_state(root)
    if running is not None:
        server.port = running["ports"]["PostgreSQL"]
        yield Psql(str(server.psql), server.url(PROMO_DATABASE))
        return
    with server:
        yield Psql(str(server.psql), server.url(PROMO_DATABASE))


def existing(path: Path) -> Path:
    assert path.exists(), f"{path} is not there: PROMO_REPORTS_DEMO_ROOT must name the root of a finished demo"
    return path


def downloads() -> Path:
    return existing(Path(ROOT).absolute() / "promo-reports" / "downloads")


def test_every_report_type_is_among_the_demo_s_exports() -> None:
    shipped = {path.stem for path in (PROJECT / "report_types").glob("*.yaml")}
    assert {asked["report_type"] for asked in definitions().values()} == shipped


@pytest.mark.parametrize("name", definitions())
def test_is_what_psql_says(psql: Psql, name: str) -> None:
    found = manifests(downloads(), name, psql.loaded_at)
    assert found, f"{name!r} has not been exported to the download area since the data was loaded"
    for path, manifest in found.items():
        check_export(psql, path, manifest, definitions()[name])


def test_one_is_a_zip_of_more_than_a_million_rows(psql: Psql) -> None:
    found = manifests(downloads(), "Over a million generated rows", psql.loaded_at)
    assert found
    for manifest in found.values():
        (file,) = manifest["files"]
        assert file["name"].endswith(".zip")
        assert [member["rows"] for member in file["members"]] == [ROWS_PER_FILE, manifest["rows"] - ROWS_PER_FILE]
        assert manifest["rows"] > ROWS_PER_FILE
