"""Exports around the row limit: one CSV up to it, above it a ZIP of CSVs in chronological order."""

from __future__ import annotations

import csv
import io
import itertools
from decimal import Decimal

import pytest

from tests.support.end_to_end import expected
from tests.support.end_to_end.delivered import check
from tests.support.end_to_end.live import ALL_TYPES, BUCKET, ROWS_PER_FILE, Live, Run, midnight, to


class TestRowLimit:
    @pytest.fixture(scope="class")
    @classmethod
    def exports(cls, live: Live) -> dict[str, Run]:
        """An export of exactly three months with 2,576 rows, and such of 1,000, of 1,001 and of no rows."""
        started = {
            "2576": live.transactions(
                "Three months", "grocery-rewards", "2026-08-01", "2026-10-31", delivery=[to(BUCKET)]
            ),
            "1000": live.transactions("At the limit", "at-the-limit", "2026-09-01", "2026-09-30"),
            "1001": live.transactions("One above", "at-the-limit", "2026-10-01", "2026-10-31"),
            "0": live.transactions("Nothing", "empty", "2026-10-01", "2026-10-31"),
        }
        return {rows: run.succeed() for rows, run in started.items()}

    def test_above_it_there_is_a_zip_of_csvs(self, live: Live, exports: dict[str, Run]) -> None:
        found = exports["2576"].delivered()["s3"]
        sql = expected.wallet_transactions("grocery-rewards", midnight("2026-08-01"), midnight("2026-11-01"), ALL_TYPES)
        manifest = check(found, live.csv(sql), totals=["points"], time="occurred_at")

        (file,) = manifest["files"]
        assert file["name"].endswith(".zip")
        assert [member["rows"] for member in file["members"]] == [ROWS_PER_FILE, ROWS_PER_FILE, 576]
        parts = [list(csv.DictReader(io.StringIO(part.decode(), newline=""))) for part in found.csvs.values()]
        assert [len(part) for part in parts] == [ROWS_PER_FILE, ROWS_PER_FILE, 576]
        for member, part in zip(file["members"], parts, strict=True):
            assert (member["first"], member["last"]) == (part[0]["occurred_at"], part[-1]["occurred_at"])
        for before, after in itertools.pairwise(parts):
            assert before[-1]["occurred_at"] == after[0]["occurred_at"]  # the data puts equal times on both sides
        ids = [row["transaction_id"] for part in parts for row in part]
        assert len(set(ids)) == len(ids) == 2576
        assert Decimal(manifest["totals"]["points"]) == sum(Decimal(row["points"]) for part in parts for row in part)

    def test_at_it_there_is_one_csv(self, live: Live, exports: dict[str, Run]) -> None:
        found = exports["1000"].delivered()["file"]
        sql = expected.wallet_transactions("at-the-limit", midnight("2026-09-01"), midnight("2026-10-01"), ALL_TYPES)
        manifest = check(found, live.csv(sql), totals=["points"], time="occurred_at")
        (file,) = manifest["files"]
        assert file["name"].endswith(".csv")
        assert file["rows"] == ROWS_PER_FILE
        assert file["members"] == []

    def test_one_row_above_it_the_second_csv_has_one_row(self, live: Live, exports: dict[str, Run]) -> None:
        found = exports["1001"].delivered()["file"]
        sql = expected.wallet_transactions("at-the-limit", midnight("2026-10-01"), midnight("2026-11-01"), ALL_TYPES)
        manifest = check(found, live.csv(sql), totals=["points"], time="occurred_at")
        assert [member["rows"] for member in manifest["files"][0]["members"]] == [ROWS_PER_FILE, 1]
        assert len({row["occurred_at"] for row in found.rows}) == 1

    def test_without_rows_there_is_a_csv_with_its_header(self, live: Live, exports: dict[str, Run]) -> None:
        found = exports["0"].delivered()["file"]
        sql = expected.wallet_transactions("empty", midnight("2026-10-01"), midnight("2026-11-01"), ALL_TYPES)
        manifest = check(found, live.csv(sql), totals=["points"], time="occurred_at")
        assert manifest["rows"] == 0
        assert [content.count(b"\n") for content in found.csvs.values()] == [1]
