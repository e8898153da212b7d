"""What exports of the demo's data must hold: each file byte for byte against what `psql` says of its window."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import json
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import yaml

from include.demo.exports import demo_exports
from tests.support.end_to_end import expected

PROJECT = Path(__file__).resolve().parents[3]
ZONE = ZoneInfo("America/New_York")
CHUNK = 1 << 20
SETTLES_AFTER = timedelta(minutes=15)
"""How long the window of an export counts as open after its end, unless PROMO_REPORTS_SETTLE_MINUTES says otherwise."""


class Psql:
    """The demo's own database, asked by a psql of its release: `command` connects to it; `ZONE` renders the times."""

    def __init__(self, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        self._command = [*command, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"]
        self._cwd = cwd
        self._env = env

    @contextlib.contextmanager
    def csv(self, sql: str) -> Iterator[IO[bytes]]:
        """The CSV with header of a SELECT, as it comes."""
        set_zone = f"SET TIME ZONE '{ZONE.key}'; SET work_mem = '256MB'; SET jit = off"
        words = ["-c", set_zone, "-c", f"COPY ({sql}) TO STDOUT WITH (FORMAT csv, HEADER)"]
        with subprocess.Popen(
            [*self._command, *words], stdout=subprocess.PIPE, cwd=self._cwd, env=self._env
        ) as process:
            assert process.stdout
            yield process.stdout
        assert process.returncode == 0

    @functools.cached_property
    def loaded_at(self) -> datetime:
        """When the data was loaded: `make demo` loads it anew when its week has passed, and older exports stay."""
        with self.csv("SELECT to_char(max(loaded_at), 'YYYY-MM-DD\"T\"HH24:MI:SS.USTZH:TZM') FROM demo_load") as stream:
            return datetime.fromisoformat(stream.read().decode().split()[-1])


def definitions() -> dict[str, Mapping[str, Any]]:
    """What was asked for, by report name: the demo's exports, and the definitions in git that are downloaded."""
    asked: dict[str, Mapping[str, Any]] = {export.conf["name"]: export.conf for export in demo_exports()}
    for path in sorted((PROJECT / "reports").glob("*.yaml")):
        definition = yaml.safe_load(path.read_text())
        if "download" in definition["delivery"]:
            asked[definition["name"]] = definition
    return asked


def manifests(downloads: Path, name: str, since: datetime) -> dict[Path, dict[str, Any]]:
    """The manifests of a report in a download area, as far as they are of the data that is there now."""
    found = {path: json.loads(path.read_bytes()) for path in sorted(downloads.glob("*/*/manifest.json"))}
    return {
        path: manifest
        for path, manifest in found.items()
        if manifest["report_name"] == name and datetime.fromisoformat(manifest["snapshot_at"]) > since
    }


def check_export(psql: Psql, path: Path, manifest: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Fail unless the export whose manifest lies at `path` is what was asked for, whole and what the database says."""
    assert manifest["report_type"] == asked["report_type"]
    assert manifest["cells_changed"] == (made_safe(psql, asked, manifest) if is_safe(manifest) else 0)
    check_window(manifest, asked)
    check_against_manifest(path, manifest)
    with psql.csv(select(asked, manifest)) as stream:
        header = stream.readline()
        check_same(rows(path, manifest, header), iter(partial(stream.read, CHUNK), b""))


def is_safe(manifest: Mapping[str, Any]) -> bool:
    """Whether its text cells are made safe for spreadsheets: those of what people download."""
    return bool(manifest["csv_safety"] == "spreadsheet")


def made_safe(psql: Psql, asked: Mapping[str, Any], manifest: Mapping[str, Any]) -> int:
    """How many cells a spreadsheet would run: descriptions alone may look like a formula in the demo's data."""
    rows = select(asked, {**manifest, "csv_safety": "raw"})
    if "AS description" not in rows:
        return 0
    with psql.csv(f"SELECT count(*) FROM ({rows}) AS report WHERE {expected.FORMULA}") as stream:
        return int(stream.read().split()[-1])


def select(asked: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The SQL of what a report must hold: of the window that its manifest names and the filters that were asked for."""
    filters = asked["filters"]
    window = manifest["window"] or {}
    between = (window.get("start", ""), window.get("end", ""))
    if asked["report_type"] == "wallet_transactions":
        description = expected.ESCAPED if is_safe(manifest) else "description"
        return expected.wallet_transactions(
            filters["wallet"], *between, filters["transaction_type"], description=description
        )
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
    read_at = datetime.fromisoformat(manifest["snapshot_at"])
    is_open = (
        read_at < datetime.combine(last, datetime.min.time(), ZONE) + SETTLES_AFTER
    )  # in a night, just after its end
    assert manifest["window"] == {"start": midnight(first), "end": midnight(last), "open": is_open}


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
