"""An export that is replaced while it is read is read whole, as one or the other, or the reader is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa  # noqa: TID253
import pytest

import promo_reports
from promo_reports.delivery import publish
from promo_reports.errors import Damaged, DestinationUnavailable, Replaced
from promo_reports.reading.trees.local_tree import LocalTree
from tests.support.delivery.exports import LATE, LATER, LocalPlace
from tests.support.delivery.tables import staged_table

COLUMNS = {"id": "integer"}
OLD, NEW = ([(str(number),) for number in range(start, start + 3000)] for start in (0, 5000))


def before_each_file(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Have something happen between the manifest and the files that it names."""
    content = LocalTree.content

    def later(self: LocalTree, path: str, file: Any) -> Any:
        happens()
        return content(self, path, file)

    monkeypatch.setattr(LocalTree, "content", later)


@pytest.mark.parametrize("take", [promo_reports.read, lambda address: promo_reports.batches(address).read_all()])
def test_an_export_that_is_replaced_before_its_files_are_open_is_read_anew(
    local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, take: Callable[[str], Any]
) -> None:
    publish(staged_table(tmp_path, OLD, columns=COLUMNS), local.area)
    new = staged_table(tmp_path, NEW, columns=COLUMNS, snapshot_at=LATE)
    before_each_file(monkeypatch, lambda: publish(new, local.area))
    assert take(local.address("manifest.json")).column("id").to_pylist() == list(range(5000, 8000))


def test_an_export_that_is_replaced_again_and_again_is_told_so(
    local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = iter(f"2024-03-02T10:00:{second:02d}+00:00" for second in range(60))

    def replace() -> None:
        stamp = next(stamps)
        publish(staged_table(tmp_path, [(stamp[17:19],)], columns=COLUMNS, snapshot_at=stamp), local.area)

    replace()
    before_each_file(monkeypatch, replace)
    with pytest.raises(DestinationUnavailable, match="replaced again and again"):
        promo_reports.read(local.address("manifest.json"))


@pytest.mark.usefixtures("small_blocks")
def test_a_stream_that_has_begun_keeps_the_file_that_it_reads(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, OLD, columns=COLUMNS), local.area)
    reader = promo_reports.batches(local.address("manifest.json"))
    first = reader.read_next_batch()
    publish(staged_table(tmp_path, NEW, columns=COLUMNS, snapshot_at=LATE), local.area)
    rest = reader.read_all()
    assert pa.concat_tables([pa.Table.from_batches([first]), rest]).column("id").to_pylist() == list(range(3000))


@pytest.mark.usefixtures("small_blocks")
def test_a_stream_between_two_files_never_mixes_two_exports(
    local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    from promo_reports.domain.manifest import event_key
    from promo_reports.pipeline.staging.directory import StagedDirectory

    one, two = (staged_table(tmp_path, rows, columns=COLUMNS) for rows in (OLD, NEW))
    both = dataclasses.replace(one.manifest, files=(*one.manifest.files, *two.manifest.files), rows=6000)
    both = dataclasses.replace(both, event_key=event_key(both))
    second = two.manifest.files[0].name
    (one.directory / second).write_bytes((two.directory / second).read_bytes())
    publish(StagedDirectory(one.directory, both), local.area)
    reader = promo_reports.batches(local.address("manifest.json"))
    reader.read_next_batch()
    publish(staged_table(tmp_path, [("1",)], columns=COLUMNS, snapshot_at=LATER), local.area)
    with pytest.raises(Replaced, match="was replaced by a later export"):
        reader.read_all()


def test_a_file_that_is_damaged_in_place_is_not_taken_for_a_replacement(local: LocalPlace, tmp_path: Path) -> None:
    export = staged_table(tmp_path, OLD, columns=COLUMNS)
    publish(export, local.area)
    name = export.manifest.files[0].name
    local.overwrite(name, local.contents()[name].replace(b"2999", b"2998"))
    with pytest.raises(Damaged):
        promo_reports.read(local.address("manifest.json"))
