"""`follow` gives each new export: at least once whatever happens, exactly once to whoever stores its cursor with it."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import promo_reports
from promo_reports.delivery import publish
from promo_reports.errors import Damaged, ReadRefused, Replaced
from promo_reports.pipeline.staging.directory import StagedDirectory
from tests.support.delivery.exports import LocalPlace
from tests.support.delivery.tables import staged_table

PROJECT = Path(__file__).resolve().parents[2]
COLUMNS = {"id": "integer"}


def window(day: int) -> str:
    return f"202403{day:02d}T050000Z_202403{day + 1:02d}T050000Z"


def export(directory: Path, number: int, *, day: int = 1, minute: int = 0, **changes: Any) -> StagedDirectory:
    """An export whose one row is a number, of a snapshot at a minute."""
    stamp = f"2024-03-09T{minute // 60:02d}:{minute % 60:02d}:00+00:00"
    return staged_table(
        directory, [(str(number),)], columns=COLUMNS, snapshot_at=stamp, window_key=window(day), **changes
    )


def numbers(found: list[Any]) -> list[int]:
    return [each.read().column("id")[0].as_py() for each in found]


def test_each_export_is_given_once_and_in_order(reached: Any, tmp_path: Path) -> None:
    root = reached.manifest.rpartition("/daily_wallets/")[0]
    if "S3 by" in str(reached):
        root = root.rstrip("/")
    for number, day in ((3, 1), (1, 3), (2, 2)):
        publish(export(tmp_path, number, day=day, minute=number), reached.place.area)
    found = list(promo_reports.follow(root, **reached.options))
    assert numbers(found) == [1, 2, 3]
    assert [each.manifest.event_key for each in found] == [each.key for each in found]
    assert found[2].address == reached.manifest
    assert found[0].batches().read_all() == found[0].read()
    assert list(promo_reports.follow(root, found[-1].cursor, **reached.options)) == []
    assert numbers(list(promo_reports.follow(root, found[0].cursor, **reached.options))) == [2, 3]
    publish(export(tmp_path, 4, day=3, minute=9), reached.place.area)
    assert numbers(list(promo_reports.follow(root, found[-1].cursor, **reached.options))) == [4]


def test_equal_data_in_several_places_is_given_once(local: LocalPlace, tmp_path: Path) -> None:
    one = export(tmp_path, 1)
    publish(one, local.area)
    (found,) = promo_reports.follow(str(local.root))
    (local.root / "shape").mkdir()
    for each in local.folder.iterdir():
        (local.root / "shape" / each.name).write_bytes(each.read_bytes())
    assert list(promo_reports.follow(str(local.root), found.cursor)) == []
    assert len(list(promo_reports.follow(str(local.root)))) == 1


def test_what_is_late_in_its_second_place_is_not_given_again(local: LocalPlace, tmp_path: Path) -> None:
    """Two shapes of an export, of which the second is filled after the first one was replaced."""
    first, second = LocalPlace(local.root / "a"), LocalPlace(local.root / "b")
    exports = [export(tmp_path, number, minute=number) for number in range(4)]
    cursor, given = None, []
    for place, each in ((first, 0), (second, 0), (first, 1), (first, 2), (second, 1), (second, 2), (first, 3)):
        publish(exports[each], place.area)
        for found in promo_reports.follow(str(local.root), cursor):
            given += numbers([found])
            cursor = found.cursor
    assert given == [0, 1, 2, 3]


def test_data_that_is_back_is_given_again(local: LocalPlace, tmp_path: Path) -> None:
    cursor, given = None, []
    for minute, number in enumerate((1, 2, 1)):
        publish(export(tmp_path, number, minute=minute), local.area)
        for found in promo_reports.follow(str(local.root), cursor):
            given += numbers([found])
            cursor = found.cursor
    assert given == [1, 2, 1]


def test_an_export_that_is_replaced_before_it_is_read_is_told_and_given_next_time(
    local: LocalPlace, tmp_path: Path
) -> None:
    publish(export(tmp_path, 1), local.area)
    (found,) = promo_reports.follow(str(local.root))
    publish(export(tmp_path, 2, minute=1), local.area)
    with pytest.raises(Replaced):
        found.read()
    assert numbers(list(promo_reports.follow(str(local.root), found.cursor))) == [2]


def test_an_unreadable_manifest_keeps_no_other_export_back(local: LocalPlace, tmp_path: Path) -> None:
    publish(export(tmp_path, 1), local.area)
    publish(export(tmp_path, 2, day=2, minute=1), local.area)
    local.overwrite("manifest.json", b"{")
    found: list[Any] = []
    with pytest.raises(Damaged, match="no manifest that this release can read"):
        found.extend(promo_reports.follow(str(local.root)))  # extend keeps what came before
    assert len(found) in (0, 1)
    iterator = promo_reports.follow(str(local.root))
    assert numbers([next(iterator)]) == [2]


def test_the_key_of_shapes_is_their_export_key(local: LocalPlace, tmp_path: Path) -> None:
    publish(export(tmp_path, 1), local.area)
    said = json.loads(local.contents()["manifest.json"])
    local.overwrite("manifest.json", json.dumps({**said, "event_key": ""}).encode())
    (found,) = promo_reports.follow(str(local.root))
    assert len(found.key) == 64


@pytest.mark.parametrize(
    "cursor", ["x", "{}", "[]", "null", '{"version":1,"places":{"a":"b"},"keys":{}}', '{"version":2}', "[" * 99_999]
)
def test_what_is_no_cursor_is_refused(local: LocalPlace, cursor: str) -> None:
    with pytest.raises(ReadRefused, match="none that follow gave"):
        next(promo_reports.follow(str(local.root), cursor))


def test_nothing_is_given_where_nothing_is(tmp_path: Path) -> None:
    assert list(promo_reports.follow(str(tmp_path / "none"))) == []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 3), st.integers(0, 5)),
        st.tuples(st.just("follow"), st.integers(0, 3), st.booleans()),
    ),
    max_size=14,
)


@settings(deadline=None)
@given(steps)
def test_interleavings_of_publishing_following_and_dying(steps: list[Any]) -> None:
    """A consumer takes some exports and dies, with the last one stored or not; what lies there is always given."""
    with tempfile.TemporaryDirectory() as directory:
        place = LocalPlace(Path(directory) / "downloads")
        stored: list[tuple[str, int]] = []
        tried: Counter[str] = Counter()
        cursor: str | None = None
        minute = 0

        def consume(most: int | None, *, dies: bool) -> str | None:
            new = cursor
            for count, found in enumerate(promo_reports.follow(str(place.root), cursor)):
                if most is not None and count > most:
                    break
                tried[found.key] += 1
                if count == most and dies:
                    break
                stored.append((found.key, found.read().column("id")[0].as_py()))
                new = found.cursor
            return new

        for kind, first, second in steps:
            if kind == "publish":
                minute += 1
                # Each number is published once in a place, as nothing comes back here.
                if not (place.root / "daily_wallets" / window(first)).exists() or minute:
                    publish(export(Path(directory), minute * 10 + second, day=first, minute=minute), place.area)
            else:
                cursor = consume(first, dies=second)
        cursor = consume(None, dies=False)
        keys = [key for key, _ in stored]
        assert len(keys) == len(set(keys))
        there = [json.loads(each.read_text())["event_key"] for each in place.root.rglob("manifest.json")]
        assert set(there) <= set(keys)
        assert all(tried[key] >= 1 for key in keys)
        assert list(promo_reports.follow(str(place.root), cursor)) == []


CONSUMER = """
import sqlite3, sys
import promo_reports

prefix, path = sys.argv[1:]

def reached(point):
    print(point, flush=True)
    sys.stdin.readline()

database = sqlite3.connect(path, isolation_level=None)
database.execute("CREATE TABLE IF NOT EXISTS loaded (key TEXT, number INTEGER)")
database.execute("CREATE TABLE IF NOT EXISTS place (cursor TEXT)")
(cursor,) = database.execute("SELECT max(cursor) FROM place").fetchone()
reached("begun")
for export in promo_reports.follow(prefix, cursor):
    reached("given")
    rows = export.read().column("id").to_pylist()
    reached("read")
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO loaded VALUES (?, ?)", [(export.key, row) for row in rows])
    reached("written")
    database.execute("DELETE FROM place")
    database.execute("INSERT INTO place VALUES (?)", (export.cursor,))
    reached("cursor")
    database.execute("COMMIT")
    reached("stored")
print("end", flush=True)
"""


@pytest.mark.parametrize("point", ["begun", "given", "read", "written", "cursor", "stored"])
@pytest.mark.parametrize("time", [1, 2])
def test_a_consumer_that_is_killed_anywhere_has_each_export_exactly_once(
    local: LocalPlace, tmp_path: Path, point: str, time: int
) -> None:
    for number in (1, 2, 3):
        publish(export(tmp_path, number, day=number, minute=number), local.area)
    path = tmp_path / "warehouse.sqlite"

    def consume(kill_at: int | None) -> None:
        command = [sys.executable, "-c", CONSUMER, str(local.root), str(path)]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(PROJECT / "plugins")},
        ) as child:
            assert child.stdin
            assert child.stdout
            seen = 0
            for line in child.stdout:
                seen += line.strip() == point
                if seen == kill_at:
                    child.send_signal(signal.SIGKILL)
                    break
                if line.strip() != "end":
                    child.stdin.write("\n")
                    child.stdin.flush()

    consume(1 if point == "begun" else time)
    publish(export(tmp_path, 4, day=4, minute=4), local.area)
    consume(None)
    with sqlite3.connect(path) as database:
        loaded = database.execute("SELECT number FROM loaded ORDER BY number").fetchall()
    database.close()
    assert loaded == [(1,), (2,), (3,), (4,)]
