"""`promo-reports export`: the pipeline into a directory, once and again."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from devstack.databases import PromoDatabase
from devstack.postgres import PostgresServer
from promo_reports.cli.commands.export import _advance
from promo_reports.pipeline.formats.split import Splitter
from tests.support.shell import DAILY, Shell

COPY = """
COPY (
    SELECT t.transaction_id, t.occurred_at, t.user_id, t.wallet_id, 'Grocery Rewards' AS wallet_name,
        t.transaction_type, t.transaction_source, t.points, t.balance_after, t.campaign_id, t.coupon_code, t.order_id,
        t.sale_channel, t.location_id, t.sale_amount, t.related_transaction_id, t.expires_at, t.description,
        t.recorded_at
    FROM wallet_transactions AS t
    WHERE t.wallet_id = 'grocery-rewards' AND t.transaction_type <> 'expired'
        AND t.occurred_at >= '2026-11-22 00:00 America/New_York' AND t.occurred_at < '2026-11-23 00:00 America/New_York'
    ORDER BY 2, 1
) TO STDOUT (FORMAT csv, HEADER)
"""
WINDOW_KEY = "20261122T050000Z_20261123T050000Z"


def files(root: Path) -> dict[str, tuple[int, bytes]]:
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


def test_the_file_is_what_psql_copies(
    shell: Shell, database: PromoDatabase, postgres: PostgresServer, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = shell("export", "daily", "--to", out, "--database", database.reader_url)
    assert (result.exit_code, result.stderr) == (0, "")
    copied = subprocess.run(
        [postgres.psql, "-X", "-q", database.reader_url, "-c", COPY],
        env={"PGTZ": "America/New_York"},
        capture_output=True,
        check=True,
    ).stdout
    file = next(out.rglob("*.csv"))
    assert file.read_bytes() == copied
    assert copied.count(b"\n") == 5, "a header, three records, one of them of two lines"
    sha256 = hashlib.sha256(copied).hexdigest()
    assert result.stdout.splitlines() == [
        "Daily transactions: 3 rows, verified",
        "Window    Sunday 2026-11-22, America/New_York",
        f"File      {out}/daily/{WINDOW_KEY}/daily_2026-11-22-{sha256[:8]}.csv",
        f"          3 rows, {len(copied)} bytes",
        f"sha256    {sha256}",
        "Total     points  1106.60",
        f"Manifest  {out}/daily/{WINDOW_KEY}/manifest.json",
    ]
    manifest = json.loads((file.parent / "manifest.json").read_text())
    assert (manifest["rows"], manifest["dag_id"]) == (3, "daily")
    assert manifest["run_id"].startswith("cli__2026-11-23T12:00:00+00:00")
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_second_time_changes_nothing(shell: Shell, database: PromoDatabase, tmp_path: Path) -> None:
    words = ("export", "daily", "--to", tmp_path / "out", "--database", database.reader_url)
    assert shell(*words).exit_code == 0
    before = files(tmp_path / "out")
    result = shell(*words, "--window", "latest")
    assert result.exit_code == 0
    assert result.stdout.startswith("Daily transactions: 3 rows, verified, already there: nothing was changed\n")
    assert files(tmp_path / "out") == before
    assert len(before) == 2


def test_a_zip_of_parts(shell: Shell, database: PromoDatabase, tmp_path: Path) -> None:
    result = shell(
        *("export", "daily", "--start", "2026-11-21", "--end", "2026-11-23", "--to", tmp_path / "a b"),
        *("--database", database.reader_url),
        PROMO_REPORTS_ROWS_PER_FILE="2",
    )
    assert result.exit_code == 0, result.stderr
    archive = next((tmp_path / "a b").rglob("*.zip"))
    assert f"File      {archive}\n" in result.stdout
    assert f"4 rows, {archive.stat().st_size:,} bytes, 2 CSVs in it" in result.stdout


def test_a_snapshot_and_a_one_time_file(shell: Shell, database: PromoDatabase, tmp_path: Path) -> None:
    to = ("--to", tmp_path / "out", "--database", database.reader_url)
    assert "as of 2026-11-22 12:00-05:00" in shell("export", "members", "--as-of", "2026-11-22T17:00:00Z", *to).stdout
    once = shell("export", shell.home / "reports" / "once.yaml", *to)
    assert "One week: 3 rows, verified\nWindow    Monday 2026-11-16 to Sunday 2026-11-22 (7 days)" in once.stdout
    found = {path.parent.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.csv")}
    assert found == {"members/as_of_20261122T170000Z", "once/20261116T050000Z_20261123T050000Z"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["daily"], "Missing option '--to'"),
        (["daily", "--to", "out", "--window", "first"], "error: --window: must be LATEST, not 'first'"),
        (["once", "--to", "out", "--window", "LATEST"], "error: --window: 'once' is a one-time report"),
        (
            ["daily", "--to", "out", "--window", "LATEST", "--start", "2026-11-01", "--end", "2026-11-02"],
            "error: --window: cannot be given together with --start",
        ),
        (
            ["daily", "--to", "out", "--start", "2026-11-20", "--end", "2026-11-24"],
            "error: daily: date_range: the window",
        ),
        (["nobody", "--to", "out"], "no report 'nobody' is registered"),
    ],
)
def test_mistakes(shell: Shell, tmp_path: Path, words: list[str], message: str) -> None:
    result = shell("export", *[str(tmp_path / "out") if word == "out" else word for word in words])
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_broken_definition_names_its_lines(shell: Shell, tmp_path: Path) -> None:
    shell.write("reports/daily.yaml", DAILY.replace("filters:", "filtres:").replace("daily}", "dayly}"))
    result = shell("export", "daily", "--to", tmp_path / "out")
    assert result.exit_code == 1
    assert "error: reports/daily.yaml:5: filtres: " in result.stderr
    assert "error: reports/daily.yaml:6: frequency.interval: " in result.stderr


def test_a_directory_that_cannot_be(shell: Shell, database: PromoDatabase, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = shell("export", "daily", "--to", tmp_path / "file", "--database", database.reader_url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"error: The download area at {tmp_path}/file is not a directory" in result.stderr
    assert "name another directory with --to" in result.stderr


def test_nothing_is_published_when_the_file_is_not_what_was_counted(
    shell: Shell, database: PromoDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Splitter.write

    def dropping(self: Splitter, record: bytes) -> None:
        if not record.startswith(b"3,"):
            whole(self, record)

    monkeypatch.setattr(Splitter, "write", dropping)
    result = shell("export", "daily", "--to", tmp_path / "out", "--database", database.reader_url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        "error: Nothing is published, because the database counted 3 rows and sent 3, the file holds 2" in result.stderr
    )
    assert not (tmp_path / "out").exists()


def test_progress_is_rows_written_of_rows_counted(
    shell: Shell, database: PromoDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, object]] = []
    advance = _advance(1, lambda task, **changes: seen.append({"task": task, **changes}))
    advance(1_000, 4_000)
    advance(4_000, 4_000)
    assert seen == [
        {"task": 1, "completed": 1_000, "total": 4_000, "description": "Writing"},
        {"task": 1, "completed": 4_000, "total": 4_000, "description": "Verifying"},
    ]
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    monkeypatch.setenv("TERM", "xterm")  # a dumb terminal cannot redraw a line, so it gets no bar
    result = shell("export", "daily", "--to", tmp_path / "out", "--database", database.reader_url)
    assert result.exit_code == 0
    assert "3/3" in result.stderr
