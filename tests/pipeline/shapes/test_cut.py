"""Files of several shapes come from one copy, and each is what a copy of its own would be."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from promo_reports.domain.cell_policy import RAW, SPREADSHEET
from promo_reports.domain.file_format import CSV, CSV_GZ, PARQUET
from promo_reports.domain.manifest import Manifest
from promo_reports.domain.shape import Shape
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.formats import records
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.row_copier import RowCopier
from promo_reports.pipeline.shapes import cut
from promo_reports.pipeline.staging.directory import StagedDirectory
from promo_reports.sql.cell_policies.formulas import EscapedFormulas
from tests.support import masked_cells
from tests.support.databases.promo import MOVES, SCALED, Move, PostgresPromo, Project, Promo, export, numbered, shaped

SHAPES = (Shape(CSV, RAW), Shape(CSV, SPREADSHEET), Shape(CSV_GZ, RAW), Shape(CSV_GZ, SPREADSHEET))
TEXTS = (
    *(None, "", "=1+1", "'=1", "''", "-", "\ufeff@x", "\r\n=", 'a"b', "a,b", "a\nb", "\\.", "é", "\uff1d1", " "),
    "=" * 70_000,
)


def moves() -> list[Move]:
    return [replace(move, note=note) for move, note in zip(numbered(len(TEXTS)), TEXTS, strict=True)]


def files(staged: StagedDirectory) -> list[tuple[Manifest, bytes]]:
    manifests = [each.manifest for each in staged.deliveries]
    return [(each, (staged.directory / each.files[0].name).read_bytes()) for each in manifests]


def alone(project: Project, source: Source, shape: Shape, **changes: Any) -> tuple[Manifest, bytes]:
    """What an export makes that has this shape alone, which is copied directly."""
    (found,) = files(project.make(source, shaped(export(run_id=f"{shape} alone"), shape), **changes))
    return found


def content(manifest: Manifest) -> dict[str, Any]:
    """What the manifest says of the file and its rows."""
    values: dict[str, Any] = json.loads(manifest.to_json())
    return {key: value for key, value in values.items() if key not in ("run_id", "snapshot_at")}


@pytest.mark.parametrize(
    "shapes", [*itertools.permutations(SHAPES, 2), SHAPES], ids=lambda shapes: " + ".join(map(str, shapes))
)
def test_each_shape_is_what_it_is_alone(promo: Promo, project: Project, shapes: tuple[Shape, ...]) -> None:
    promo.load(*moves())
    staged = project.make(promo.source, shaped(export(), *shapes))
    expected = [alone(project, promo.source, shape) for shape in shapes]
    assert [each for _, each in files(staged)] == [each for _, each in expected]
    assert [content(each) for each, _ in files(staged)] == [content(each) for each, _ in expected]
    # The master is not among them unless it is one of the shapes.
    beside = {f"manifest-{number}.json" for number in range(2, len(shapes) + 1)}
    names = {each.files[0].name for each, _ in files(staged)}
    assert {each.name for each in staged.directory.iterdir()} == {*names, *beside, "manifest.json", "destinations.json"}


@pytest.mark.parametrize("rows", [0, 1, 6, 7, 13])
def test_parts_are_those_of_the_master(promo: Promo, project: Project, rows: int) -> None:
    promo.load(*numbered(rows, note="=a"))
    shapes = (Shape(CSV, SPREADSHEET), Shape(CSV, RAW))
    staged = project.make(promo.source, shaped(export(), *shapes), rows_per_file=6)
    expected = [alone(project, promo.source, shape, rows_per_file=6) for shape in shapes]
    assert [(content(each), bytes_of) for each, bytes_of in files(staged)] == [
        (content(each), bytes_of) for each, bytes_of in expected
    ]
    assert [each.cells_changed for each, _ in files(staged)] == [rows, 0]


def test_the_same_bytes_are_copied_once_and_named_by_both(promo: Promo, project: Project) -> None:
    promo.load(*numbered(3, note="plain"))
    staged = project.make(promo.source, shaped(export(), Shape(CSV, SPREADSHEET), Shape(CSV, RAW)))
    (first, _), (second, _) = files(staged)
    assert first.files == second.files
    assert (first.csv_safety, second.csv_safety) == ("spreadsheet", "raw")
    assert len(list(staged.directory.glob("*.csv"))) == 1


def test_blocks_have_no_say(on_postgres: PostgresPromo, project: Project) -> None:
    """Rows of many blocks, of which some have cells to change and others pass through as they are."""
    on_postgres.generate(60_000, "CASE WHEN g % 9000 < 3 THEN '=' || g ELSE repeat('x', 150) END")
    shapes = (Shape(CSV, RAW), Shape(CSV, SPREADSHEET))
    (raw, _), (safe, found) = files(project.make(on_postgres.source, shaped(export(), *shapes)))
    manifest, expected = alone(project, on_postgres.source, shapes[1])
    assert found == expected
    assert (raw.cells_changed, safe.cells_changed, manifest.cells_changed) == (0, 20, 20)


def test_what_hides_for_good_has_a_copy_of_its_own(
    promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked_cells.register(monkeypatch)
    columns = tuple(replace(each, pii=True) if each.name == "note" else each for each in MOVES.columns)
    promo.load(*numbered(2, note="=member-1234"))
    of = export(report_type=replace(MOVES, columns=columns))
    told: list[tuple[int, int]] = []
    shapes = (Shape(cells=masked_cells.MASKED), Shape(CSV, RAW), Shape(CSV, SPREADSHEET))
    staged = project.make(promo.source, shaped(of, *shapes), progress=lambda *each: told.append(each))
    masked, raw, safe = (text.decode() for _, text in files(staged))
    assert (masked.count("****1234"), masked.count("member")) == (2, 0)
    assert (raw.count(",=member-1234"), safe.count(",'=member-1234")) == (2, 2)
    assert (told[0], told[-1]) == ((0, 2), (2, 2))
    assert told == sorted(told)


def test_a_shape_that_cannot_hold_the_rows_is_refused_before_they_are_copied(
    promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(RowCopier, "whole")
    promo.load(*numbered(3))
    with pytest.raises(DataRefused, match="has 3 rows, and a file of the format CSV compressed by gzip has at most 2"):
        project.make(promo.source, shaped(export(), Shape(CSV), Shape(CSV_GZ)), rows_per_file=2)
    assert project.left == []


def only_one(_: EscapedFormulas, block: object, column: int) -> dict[int, str]:
    return {0: "'=1"} if MOVES.columns[column].name == "note" else {}


def damaged(written: Callable[..., bytes]) -> Callable[..., bytes]:
    return lambda columns: written(columns).replace(b"b7", b"B7")


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (
            lambda patch: patch.setattr(cut, "records", damaged(records.records)),
            "note is not that of the master",
        ),
        (lambda patch: patch.setattr(cut, "quoted", lambda cells: cells), "."),
        (lambda patch: patch.setattr(EscapedFormulas, "rewritten", only_one), "note is not that of the master"),
        (lambda patch: patch.setattr(Artifact, "write", skipping(Artifact.write)), "counted 30 rows and sent 30"),
    ],
)
def test_a_cut_with_a_defect_is_not_published(
    promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch, plant: Callable[..., None], said: str
) -> None:
    promo.load(*(replace(move, note=f'="b{move.id}"') for move in numbered(30)))
    plant(monkeypatch)
    with pytest.raises(ReconciliationError, match=said):
        project.make(promo.source, shaped(export(), Shape(CSV, RAW), Shape(CSV, SPREADSHEET)))
    assert project.left == []


def skipping(write: Callable[..., None]) -> Callable[..., None]:
    """Leave out the records of every second call: the first copies, the second cuts."""
    calls = itertools.count()

    def written(self: Artifact, content: bytes, rows: int) -> None:
        if next(calls) % 2 == 0:
            write(self, content, rows)
        else:
            cutoff = content.index(b"\n") + 1
            write(self, content[cutoff:], rows - 1)

    return written


def test_a_master_that_changes_after_it_was_verified(
    promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    promo.load(*numbered(3, note="=a"))
    cut_one = cut.Cutting.file_of

    def flipped(self: cut.Cutting, shape: Shape, attempt: Any) -> Any:
        text = self.master.path.read_bytes()
        self.master.path.write_bytes(text.replace(b"=a", b"=b"))
        return cut_one(self, shape, attempt)

    monkeypatch.setattr(cut.Cutting, "file_of", flipped)
    with pytest.raises(ReconciliationError, match="is not what was read before"):
        project.make(promo.source, shaped(export(), Shape(CSV_GZ, RAW), Shape(CSV, SPREADSHEET)))
    assert project.left == []


@pytest.mark.parametrize("shapes", [*itertools.permutations((Shape(PARQUET), Shape(CSV), Shape(CSV, SPREADSHEET)))])
def test_a_parquet_beside_csv(promo: Promo, project: Project, shapes: tuple[Shape, ...]) -> None:
    """Of more rows than a CSV may have: one file of Parquet, cut from several members."""
    promo.load(*(replace(move, note=note) for move, note in zip(numbered(7), TEXTS[1:8], strict=True)))
    of = export(report_type=SCALED)
    found = files(project.make(promo.source, shaped(of, *shapes), rows_per_file=3))
    for shape, (manifest, content_of) in zip(shapes, found, strict=True):
        own = replace(of, run_id=f"{shape} alone")
        ((alone_manifest, alone_content),) = files(project.make(promo.source, shaped(own, shape), rows_per_file=3))
        assert (content(manifest), content_of) == (content(alone_manifest), alone_content)
