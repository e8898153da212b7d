"""What `read` and `batches` give: the rows of the manifest, of its types, from every place."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # noqa: TID253
import pytest

import promo_reports
from promo_reports.delivery import publish
from promo_reports.domain.file_format import FORMATS as KNOWN
from promo_reports.domain.file_format import FileFormat
from promo_reports.errors import DestinationRefused, NotPublished, ReadRefused
from promo_reports.reading.rows.column_types import METADATA
from promo_reports.reading.rows.file_formats import FORMATS
from tests.support.delivery.exports import LocalPlace
from tests.support.delivery.tables import staged_table

PROJECT = Path(__file__).resolve().parents[2]
ROWS = [
    ("1", "plain", "1.25", "2024-03-01 00:00:00-05", "2024-03-01", "t"),
    ("2", "", "-0.10", "2024-03-01 23:59:59.999999-05", "2024-02-29", "f"),
    ("3", None, None, None, None, None),
    ("4", 'a "quoted", text\nof two lines', "90071992547409.93", "2024-03-01 10:30:00+05:30", "9999-12-31", "t"),
]
EARLIER = sorted((PROJECT / "tests" / "fixtures").glob("**/manifest.json"))


def test_the_rows_of_several_parts_arrive_with_their_types(reached: Any, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS[:2], ROWS[2:], totals={"points": "90071992547411.08"}), reached.place.area)
    table = promo_reports.read(reached.manifest, **reached.options)
    assert table.schema.types == [
        pa.int64(),
        pa.string(),
        pa.decimal128(38, 2),
        pa.timestamp("us", "America/New_York"),
        pa.date32(),
        pa.bool_(),
    ]
    assert table.column("id").to_pylist() == [1, 2, 3, 4]
    assert table.column("note").to_pylist() == ["plain", "", None, 'a "quoted", text\nof two lines']
    points = [Decimal("1.25"), Decimal("-0.10"), None, Decimal("90071992547409.93")]
    assert table.column("points").to_pylist() == points
    assert table.column("at").to_pylist() == [
        datetime(2024, 3, 1, 5, tzinfo=UTC),
        datetime(2024, 3, 2, 4, 59, 59, 999999, tzinfo=UTC),
        None,
        datetime(2024, 3, 1, 5, tzinfo=UTC),
    ]
    assert table.column("day").to_pylist() == [date(2024, 3, 1), date(2024, 2, 29), None, date(9999, 12, 31)]
    assert table.column("active").to_pylist() == [True, False, None, True]
    assert json.loads(table.schema.metadata[METADATA])["rows"] == 4
    assert promo_reports.batches(reached.manifest, **reached.options).read_all() == table


def test_the_folder_of_an_export_is_an_address_too(reached: Any, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS), reached.place.area)
    folder = reached.manifest.rpartition("/")[0]
    assert promo_reports.read(folder, **reached.options).num_rows == 4
    assert promo_reports.read(f"{folder}/", **reached.options).num_rows == 4


def test_where_nothing_was_delivered_nothing_is_read(reached: Any, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS), reached.place.area)
    for address in (reached.manifest.replace("manifest.json", "other.json"), f"{reached.manifest[:-14]}_not_there"):
        with pytest.raises(NotPublished):
            promo_reports.read(address, **reached.options)


@pytest.mark.parametrize("manifest", EARLIER, ids=lambda path: path.parent.name)
def test_exports_of_earlier_releases_are_read(manifest: Path) -> None:
    said = json.loads(manifest.read_text())
    table = promo_reports.read(str(manifest))
    assert table.num_rows == said["rows"]
    sums = {name: sum(filter(None, table.column(name).to_pylist()), Decimal(0)) for name in said["totals"]}
    assert sums == {name: Decimal(total) for name, total in said["totals"].items()}


def test_an_export_without_rows_has_its_columns(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, []), local.area)
    table = promo_reports.read(local.address("manifest.json"))
    assert (table.num_rows, table.column_names) == (0, ["id", "note", "points", "at", "day", "active"])
    assert promo_reports.batches(local.address("manifest.json")).read_all() == table


def test_columns_are_chosen_and_ordered(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS), local.area)
    table = promo_reports.read(local.address("manifest.json"), columns=["day", "id"], types={"id": pa.string()})
    assert table.column_names == ["day", "id"]
    assert table.column("id").to_pylist() == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"columns": ["none"]}, "There is no column 'none'"),
        ({"columns": []}, "No column is asked for"),
        ({"types": {"none": pa.string()}}, "There is no column 'none'"),
        ({"types": {"id": 7}}, "types are to be Arrow types"),
        ({"types": {"note": pa.int8()}}, "column 'note' has a value that int8 does not hold"),
        ({"into": "excel"}, "There is no into='excel'"),
        ({"filesystem": object(), "connection": "any"}, "Give one of them"),
    ],
)
def test_what_cannot_be_given_is_refused_in_a_sentence(
    local: LocalPlace, tmp_path: Path, asked: dict[str, Any], said: str
) -> None:
    publish(staged_table(tmp_path, ROWS), local.area)
    with pytest.raises(ReadRefused) as refused:
        promo_reports.read(local.address("manifest.json"), **asked)
    assert said in str(refused.value)


@pytest.mark.parametrize("file_format", KNOWN.values(), ids=KNOWN)
def test_a_type_that_does_not_hold_a_value_is_no_damage(
    local: LocalPlace, tmp_path: Path, file_format: FileFormat
) -> None:
    publish(staged_table(tmp_path, [("1",), ("300",)], columns={"id": "integer"}, file_format=file_format), local.area)
    address = local.address("manifest.json")
    assert promo_reports.read(address, types={"id": pa.int16()}).column("id").to_pylist() == [1, 300]
    with pytest.raises(ReadRefused, match="column 'id' has a value that int8 does not hold"):
        promo_reports.read(address, types={"id": pa.int8()})


def test_an_address_of_another_scheme_is_refused() -> None:
    with pytest.raises(ReadRefused, match="is no address of an export"):
        promo_reports.read("https://example.com/manifest.json")
    with pytest.raises(ReadRefused, match="Give filesystem="):
        promo_reports.read("sftp://example.com/inbox/manifest.json")


def test_a_library_that_is_missing_is_named(local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(staged_table(tmp_path, ROWS), local.area)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ReadRefused, match="polars is not installed"):
        promo_reports.read(local.address("manifest.json"), "polars")


def test_pandas_has_exact_decimals_and_tells_null_from_the_empty_text(local: LocalPlace, tmp_path: Path) -> None:
    import pandas as pd

    publish(staged_table(tmp_path, ROWS, totals={"points": "0.00"}), local.area)
    frame = promo_reports.read(local.address("manifest.json"), "pandas")
    assert frame["points"].sum() == Decimal("90071992547411.08")
    assert frame["note"][1] == ""
    assert frame["note"][2] is pd.NA
    assert str(frame.dtypes["at"]) == "timestamp[us, tz=America/New_York][pyarrow]"


def test_polars_has_the_same_rows(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS[:2], ROWS[2:], totals={"points": "0.00"}), local.area)
    address = local.address("manifest.json")
    frame = promo_reports.read(address, "polars")
    assert frame.to_arrow().to_pylist() == promo_reports.read(address).to_pylist()
    assert frame["points"].sum() == Decimal("90071992547411.08")
    assert frame["note"].to_list()[1:3] == ["", None]


def test_duckdb_has_the_same_rows(local: LocalPlace, tmp_path: Path) -> None:
    import duckdb

    publish(staged_table(tmp_path, ROWS[:2], ROWS[2:], totals={"points": "0.00"}), local.area)
    address = local.address("manifest.json")
    relation = promo_reports.read(address, "duckdb")
    points = Decimal("90071992547411.08")
    assert relation.aggregate("sum(points), count(note), count(*)").fetchall() == [(points, 3, 4)]
    batches = promo_reports.batches(address)
    assert duckdb.sql("SELECT sum(points) FROM batches").fetchall() == [(points,)]
    assert batches is not None


def test_cells_that_were_made_safe_are_given_back_as_they_were(local: LocalPlace, tmp_path: Path) -> None:
    rows = [("'=1+1",), ("''=1+1",), ("plain",), ("'plain",), (None,), ("",), ("'\u00a0-x",), ("'",)]
    export = staged_table(tmp_path, rows, columns={"note": "text"}, csv_safety="spreadsheet", cells_changed=3)
    publish(export, local.area)
    address = local.address("manifest.json")
    restored = ["=1+1", "'=1+1", "plain", "'plain", None, "", "\u00a0-x", "'"]
    assert promo_reports.read(address).column("note").to_pylist() == restored
    assert promo_reports.read(address, original=False).column("note").to_pylist() == [cell for (cell,) in rows]


def test_cells_that_were_masked_are_left_as_they_are(local: LocalPlace, tmp_path: Path) -> None:
    export = staged_table(
        tmp_path,
        [("'=12", "'=12")],
        columns={"note": "text", "user": "text"},
        csv_safety="spreadsheet",
        cells_changed=1,
    )
    publish(export, local.area)
    said = json.loads(local.contents()["manifest.json"])
    said["columns"][1]["mask"] = "last_four"
    local.overwrite("manifest.json", json.dumps(said).encode())
    assert promo_reports.read(local.address("manifest.json")).to_pylist() == [{"note": "=12", "user": "'=12"}]


def test_a_cell_policy_of_a_later_release_is_refused(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS, csv_safety="rot13"), local.area)
    with pytest.raises(ReadRefused, match="rot13"):
        promo_reports.read(local.address("manifest.json"))
    assert promo_reports.read(local.address("manifest.json"), original=False).num_rows == 4


def test_a_manifest_of_another_name_is_found_in_its_folder(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS), local.area)
    manifest = local.folder / "manifest.json"
    for name in ("_manifest.json", "about_this_export.json"):
        manifest = manifest.rename(local.folder / name)
        (local.folder / "other.json").write_text('{"not": "ours"}')
        assert promo_reports.read(local.folder.as_uri()).num_rows == 4
    (local.folder / "second.json").write_bytes(manifest.read_bytes())
    with pytest.raises(ReadRefused, match="several manifests"):
        promo_reports.read(local.folder.as_uri())


def test_a_fifo_in_the_place_of_a_manifest_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "manifest.json")
    with pytest.raises(DestinationRefused, match="a FIFO"):
        promo_reports.read(str(tmp_path / "manifest.json"))


def test_the_parts_of_a_large_export_come_in_bounded_batches(local: LocalPlace, tmp_path: Path) -> None:
    part = [(str(number), "x" * 1000) for number in range(20_000)]
    publish(staged_table(tmp_path, part, part, columns={"id": "integer", "note": "text"}), local.area)
    before = pa.total_allocated_bytes()
    rows, most = 0, 0
    for batch in promo_reports.batches(local.address("manifest.json")):
        rows += batch.num_rows
        most = max(most, pa.total_allocated_bytes() - before)
    assert rows == 40_000
    assert most < 32 << 20


def test_leaving_a_reader_early_leaves_no_thread(local: LocalPlace, tmp_path: Path) -> None:
    import gc
    import threading

    part = [(str(number), "x" * 1000) for number in range(20_000)]
    publish(staged_table(tmp_path, part, columns={"id": "integer", "note": "text"}), local.area)
    reader = promo_reports.batches(local.address("manifest.json"))
    reader.read_next_batch()
    del reader
    gc.collect()
    assert not [each for each in threading.enumerate() if each.name.startswith("promo-reports-read")]


def test_every_format_that_is_delivered_can_be_read(local: LocalPlace, tmp_path: Path) -> None:
    assert KNOWN.keys() == FORMATS.keys()
    tables = []
    for file_format in KNOWN.values():
        publish(staged_table(tmp_path, ROWS, file_format=file_format), local.area)
        tables.append(promo_reports.read(local.address("manifest.json")).replace_schema_metadata())
    assert all(table == tables[0] and table.num_rows == 4 for table in tables)


def test_reading_needs_neither_airflow_nor_a_library_of_another_place(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS), local.area)
    program = (
        "import sys, promo_reports\n"
        "assert not {'pyarrow', 'numpy', 'pydantic'} & set(sys.modules)\n"
        f"assert promo_reports.read({local.address('manifest.json')!r}).num_rows == 4\n"
        "assert not {'airflow', 'pandas', 'boto3', 'polars', 'sqlalchemy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(PROJECT / "plugins")})


@pytest.mark.parametrize("name", promo_reports.__all__)
def test_public_names_are_functions(name: str) -> None:
    assert isinstance(getattr(promo_reports, name), Callable)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        promo_reports.nothing_of_that_name  # noqa: B018
