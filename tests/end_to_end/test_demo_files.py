"""What `make demo` has delivered, byte for byte against what `psql` says of the same windows.

Not part of the quick suite: it needs the data of a demo that has run (see the skip's reason).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import json
import os
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from devstack.credentials import Credentials
from devstack.data_root_lock import running_state
from devstack.databases import PROMO_DATABASE
from devstack.postgres import PostgresServer
from include.demo.exports import demo_exports
from tests.support.end_to_end import expected

PROJECT = Path(__file__).resolve().parents[2]
ROOT = os.environ.get("PROMO_REPORTS_DEMO_ROOT", "")
ZONE = ZoneInfo("America/New_York")
ROWS_PER_FILE = 1_000_000
CHUNK = 1 << 20

pytestmark = [
    pytest.mark.skipif(
        not ROOT,
        reason="compares a finished demo: make demo KEEP=0, then set PROMO_REPORTS_DEMO_ROOT=.data/demo (.ci/run does)",
    ),
    pytest.mark.timeout(1200),
]


class Psql:
    """The demo's own database, asked by the psql of its release; `ZONE` renders the times."""

    def __init__(self, program: Path, url: str) -> None:
        self._command = [str(program), url, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"]

    @contextlib.contextmanager
    def csv(self, sql: str) -> Iterator[IO[bytes]]:
        """The CSV with header of a SELECT, as it comes."""
        set_zone = f"SET TIME ZONE '{ZONE.key}'; SET work_mem = '256MB'; SET jit = off"
        words = ["-c", set_zone, "-c", f"COPY ({sql}) TO STDOUT WITH (FORMAT csv, HEADER)"]
        with subprocess.Popen([*self._command, *words], stdout=subprocess.PIPE) as process:
            assert process.stdout
            yield process.stdout
        assert process.returncode == 0

    @functools.cached_property
    def loaded_at(self) -> datetime:
        """When the data was loaded: `make demo` loads it anew when its week has passed, and older exports stay."""
        with self.csv("SELECT to_char(max(loaded_at), 'YYYY-MM-DD\"T\"HH24:MI:SS.USTZH:TZM') FROM demo_load") as stream:
            return datetime.fromisoformat(stream.read().decode().split()[-1])


@pytest.fixture(scope="module")
def psql() -> Iterator[Psql]:
    """The demo's PostgreSQL: the running one, or one that is started on its data and stopped again."""
    root = Path(ROOT).absolute()
    password = Credentials.kept_in(existing(root / "credentials.json")).postgres
    server = PostgresServer(root / "postgres", password=password, port=0)
    running = running_state(root)
    if running is not None:
        server.port = running["ports"]["PostgreSQL"]
        yield Psql(server.psql, server.url(PROMO_DATABASE))
        return
    with server:
        yield Psql(server.psql, server.url(PROMO_DATABASE))


def existing(path: Path) -> Path:
    assert path.exists(), f"{path} is not there: PROMO_REPORTS_DEMO_ROOT must name the root of a finished demo"
    return path


def definitions() -> dict[str, Mapping[str, Any]]:
    """What was asked for, by report name: the demo's exports, and the definitions in git that are downloaded."""
    asked: dict[str, Mapping[str, Any]] = {export.conf["name"]: export.conf for export in demo_exports()}
    for path in sorted((PROJECT / "reports").glob("*.yaml")):
        definition = yaml.safe_load(path.read_text())
        if "download" in definition["delivery"]:
            asked[definition["name"]] = definition
    return asked


def manifests(name: str, since: datetime) -> dict[Path, dict[str, Any]]:
    """The manifests of a report in the demo's download area, as far as they are of the data that is there now."""
    downloads = existing(Path(ROOT).absolute() / "promo-reports" / "downloads")
    found = {path: json.loads(path.read_bytes()) for path in sorted(downloads.glob("*/*/manifest.json"))}
    return {
        path: manifest
        for path, manifest in found.items()
        if manifest["report_name"] == name and datetime.fromisoformat(manifest["snapshot_at"]) > since
    }


def test_every_report_type_is_among_the_demo_s_exports() -> None:
    shipped = {path.stem for path in (PROJECT / "report_types").glob("*.yaml")}
    assert {asked["report_type"] for asked in definitions().values()} == shipped


@pytest.mark.parametrize("name", definitions())
def test_is_what_psql_says(psql: Psql, name: str) -> None:
    asked, found = definitions()[name], manifests(name, psql.loaded_at)
    assert found, f"{name!r} has not been exported to the download area since the data was loaded"
    for path, manifest in found.items():
        assert manifest["report_type"] == asked["report_type"]
        assert manifest["cells_changed"] == 0  # nothing in the demo's ids looks like a formula
        check_window(manifest, asked)
        check_against_manifest(path, manifest)
        with psql.csv(select(asked, manifest)) as stream:
            header = stream.readline()
            check_same(rows(path, manifest, header), iter(partial(stream.read, CHUNK), b""))


def test_one_is_a_zip_of_more_than_a_million_rows(psql: Psql) -> None:
    found = manifests("Over a million generated rows", psql.loaded_at)
    assert found
    for manifest in found.values():
        (file,) = manifest["files"]
        assert file["name"].endswith(".zip")
        assert [member["rows"] for member in file["members"]] == [ROWS_PER_FILE, manifest["rows"] - ROWS_PER_FILE]
        assert manifest["rows"] > ROWS_PER_FILE


def select(asked: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The SQL of what a report must hold: of the window that its manifest names and the filters that were asked for."""
    filters = asked["filters"]
    window = manifest["window"] or {}
    between = (window.get("start", ""), window.get("end", ""))
    if asked["report_type"] == "wallet_transactions":
        return expected.wallet_transactions(filters["wallet"], *between, filters["transaction_type"])
    if asked["report_type"] == "wallet_summary":
        return expected.wallet_summary(filters["wallet"], *between)
    if asked["report_type"] == "user_ledger_summary":
        return expected.user_ledger_summary(filters["wallet"], manifest["as_of"])
    if asked["report_type"] == "points_expiry_liability":
        return expected.points_expiry_liability(manifest["as_of"], filters.get("wallet"))
    if asked["report_type"] == "voucher_assignment_logs":
        return expected.voucher_assignment_logs(filters["partner"], filters["list_tag"], *between)
    return {"reward_assignment": expected.reward_assignment, "user_errors": expected.user_errors}[asked["report_type"]](
        filters["campaign"], *between
    )


def check_window(manifest: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """The window is the one asked for, counted back from the local day on which the export was made."""
    made_at = datetime.fromisoformat(manifest["started_at"]).astimezone(ZONE)
    if manifest["window"] is None:
        assert "date_range" not in asked
        assert timedelta(0) <= made_at - datetime.fromisoformat(manifest["as_of"]) < timedelta(hours=1)
        return
    today = made_at.date()
    if asked["frequency"] != "one_time":
        assert asked["frequency"]["interval"] == "daily"
        last = datetime.fromisoformat(manifest["window"]["end"]).date()
        assert last in (today, today - timedelta(days=1))
        first = last - timedelta(days=1)
    elif asked["date_range"] in (weeks := {"past_week": 1, "past_2_weeks": 2, "past_3_weeks": 3}):
        last = today - timedelta(days=today.weekday())
        first = last - timedelta(weeks=weeks[asked["date_range"]])
    else:
        last = today.replace(day=1)
        first = last
        for _ in range({"past_month": 1, "past_2_months": 2, "past_3_months": 3}[asked["date_range"]]):
            first = (first - timedelta(days=1)).replace(day=1)
    assert manifest["timezone"] == ZONE.key
    assert manifest["window"] == {"start": midnight(first), "end": midnight(last), "open": False}


def midnight(day: date) -> str:
    return datetime.combine(day, datetime.min.time(), ZONE).isoformat()


def check_against_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Size and hash of each file, and nothing else beside the manifest."""
    assert sorted(each.name for each in path.parent.iterdir()) == sorted(
        ["manifest.json", *(file["name"] for file in manifest["files"])]
    )
    for file in manifest["files"]:
        delivered = path.with_name(file["name"])
        digest = hashlib.sha256()
        with delivered.open("rb") as content:
            while chunk := content.read(CHUNK):
                digest.update(chunk)
        assert (delivered.stat().st_size, digest.hexdigest()) == (file["bytes"], file["sha256"])


def rows(path: Path, manifest: Mapping[str, Any], header: bytes) -> Iterator[bytes]:
    """The bytes of all rows in their order; every CSV must begin with the header, which is left out."""
    for file in manifest["files"]:
        delivered = path.with_name(file["name"])
        if delivered.suffix == ".csv":
            with delivered.open("rb") as content:
                yield from after_header(content, header)
            continue
        with zipfile.ZipFile(delivered) as archive:
            assert archive.namelist() == [member["name"] for member in file["members"]]
            for member in archive.namelist():
                with archive.open(member) as content:
                    yield from after_header(content, header)


def after_header(content: IO[bytes], header: bytes) -> Iterator[bytes]:
    assert content.read(len(header)) == header
    yield from iter(lambda: content.read(CHUNK), b"")


def check_same(ours: Iterator[bytes], theirs: Iterator[bytes]) -> None:
    """Fail where two streams of bytes first differ, whatever the sizes of their chunks."""
    at, here, there = 0, b"", b""
    for more_here, more_there in itertools.zip_longest(ours, theirs, fillvalue=b""):
        here, there = here + more_here, there + more_there
        length = min(len(here), len(there))
        if here[:length] != there[:length]:
            break
        at, here, there = at + length, here[length:], there[length:]
    if here != there:
        place = next((n for n in range(min(len(here), len(there))) if here[n] != there[n]), min(len(here), len(there)))
        around = slice(max(place - 100, 0), place + 100)
        raise AssertionError(f"differ at byte {at + place}: {here[around]!r}, psql says {there[around]!r}")
