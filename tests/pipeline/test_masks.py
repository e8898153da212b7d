"""Masks of personal data on every database: what leaves it, what the file holds, and what is found if a mask fails."""

from __future__ import annotations

import csv
import hmac
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.databases import PROMO_READER
from devstack.postgres import PostgresServer
from promo_reports.domain.cell_policy import SPREADSHEET
from promo_reports.domain.mask import DROPPED, HASHED, LAST_FOUR, MASKS, Mask
from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.errors import ReconciliationError, SourceRefused
from promo_reports.pipeline.databases.generic import GenericSnapshot
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.preview import preview
from promo_reports.sql.cell_policies.formulas import is_formula
from promo_reports.sql.cell_policies.hashed import HashKey, hashing
from promo_reports.sql.cell_policies.last_four import LastFour
from promo_reports.sql.cell_policies.masking import MASKINGS, masking_of
from tests.support.databases.promo import MOVES, SELECT, WHERE, Move, Project, Promo, content, export

SECRET = "a key of the tests, which nobody uses"
TEXTS = [
    "member-1234",
    "1234",
    "12345",
    "",
    None,
    "=cmd",
    "=cmd|x!1",
    "né",
    'a\n"b",c\r',
    "e\u0301\u0302a\u0301b",
    "😀" * 5,
    "\\.",
]


def hashed(text: str | None) -> str | None:
    if text is None:
        return None
    digest = hmac.new(SECRET.encode(), text.encode(), "sha256").digest()
    return "hmac_" + b32encode(digest[:20]).decode().lower()


def last_four(text: str | None) -> str | None:
    return text and (f"****{text[-4:]}" if len(text) > 4 else "****") if text != "" else "****"


EXPECTED = {HASHED: hashed, LAST_FOUR: last_four}


def masked(masks: Mapping[str, Mask], *, spreadsheet: bool = True, **changes: Any) -> Export:
    """An export of `MOVES`, whose notes identify a person, with masks."""
    report_type = replace(MOVES.masked(masks), **changes)
    return replace(export(report_type=report_type, spreadsheet=spreadsheet), hash_key=HashKey(SECRET))


def cells_of(project: Project, promo: Promo, report: Export, name: str = "note") -> list[str]:
    rows = csv.DictReader(content(project.make(promo.source, report)).decode().splitlines(keepends=True))
    return [row[name] for row in rows]


def test_each_mask_has_its_data_and_its_code() -> None:
    changing = [each for each in MASKS.values() if each.changes_cells]
    assert {each.key for each in changing} == MASKINGS.keys() == {each.key for each in EXPECTED}
    assert all(key == mask.key for key, mask in MASKS.items())


@pytest.mark.parametrize("mask", EXPECTED, ids=lambda each: each.key)
@given(text=st.text())
def test_a_masked_cell_is_recognised_and_no_formula(mask: Mask, text: str) -> None:
    cell = EXPECTED[mask](text) or ""
    assert masking_of(mask).is_masked(cell)
    assert not is_formula(cell)
    assert not masking_of(mask).is_masked("")
    assert masking_of(mask).is_masked(text) == (text == cell if mask is LAST_FOUR else text.startswith("hmac_"))


@pytest.mark.parametrize("spreadsheet", [False, True])
@pytest.mark.parametrize("mask", EXPECTED, ids=lambda each: each.key)
def test_the_same_cells_from_each_database(promo: Promo, project: Project, mask: Mask, spreadsheet: bool) -> None:
    promo.load(*(Move(number, note=text) for number, text in enumerate(TEXTS, 1)))
    staged = project.make(promo.source, masked({"note": mask}, spreadsheet=spreadsheet))
    rows = list(csv.DictReader(content(staged).decode().splitlines(keepends=True)))
    assert [row["note"] for row in rows] == [EXPECTED[mask](text) or "" for text in TEXTS]
    assert ("mask", mask.key) in next(each for each in staged.manifest.columns if each["name"] == "note").items()
    assert [each["name"] for each in staged.manifest.columns if "mask" in each] == ["note"]
    assert staged.manifest.cells_changed == 0


def test_a_dropped_column_is_not_asked_for(promo: Promo, project: Project) -> None:
    promo.load(Move(1, note="member-1234"))
    staged = project.make(promo.source, masked({"note": DROPPED}))
    assert "note" not in [each["name"] for each in staged.manifest.columns]
    assert b"note" not in content(staged)
    assert b"1234" not in content(staged)


def test_formulas_beside_a_mask_are_made_safe(promo: Promo, project: Project) -> None:
    promo.load(Move(1, kind="=x", note="=member"))
    staged = project.make(promo.source, masked({"note": HASHED}))
    (row,) = csv.DictReader(content(staged).decode().splitlines(keepends=True))
    assert (row["kind"], row["note"]) == ("'=x", hashed("=member"))
    assert (staged.manifest.csv_safety, staged.manifest.cells_changed) == (SPREADSHEET.key, 1)


def test_rows_are_told_apart_by_hashes(promo: Promo, project: Project) -> None:
    project.write(SELECT + WHERE + "ORDER BY m.moved_at, m.note")
    promo.load(*(Move(number, note=note) for number, note in enumerate(["b", "a", "c"], 1)))
    assert cells_of(project, promo, masked({"note": HASHED}, order=("moved_at", "note"))) == list(map(hashed, "abc"))


def test_members_that_are_copied_at_once_are_hashed(on_postgres: Promo, project: Project) -> None:
    on_postgres.load(*(Move(number, note=f"member {number}") for number in range(1, 8)))
    whole = project.make(on_postgres.source, masked({"note": HASHED}), rows_per_file=3, connections_per_export=1)
    several = project.make(on_postgres.source, masked({"note": HASHED}), rows_per_file=3, connections_per_export=2)
    assert several.manifest.files == whole.manifest.files
    assert b"member" not in content(several)


def test_a_hashed_order_is_no_border_of_a_statement(
    on_postgres: Promo, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.write(SELECT + WHERE + "ORDER BY m.moved_at, m.note")
    on_postgres.load(*(Move(number, note=f"member {number}") for number in range(1, 8)))
    report = masked({"note": HASHED}, order=("moved_at", "note"))
    with caplog.at_level("INFO"):
        project.make(on_postgres.source, report, rows_per_file=3, connections_per_export=2)
    assert "One connection" in caplog.text


def test_no_clear_text_leaves_the_database(promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    for snapshot in (PostgresSnapshot, GenericSnapshot):
        copy = snapshot.copy

        def copying(self: Any, query: Any, report_type: Any, sink: Any, *, transform: Any, copy: Any = copy) -> int:
            def seen(record: bytes) -> None:
                sent.append(record)
                sink(record)

            count: int = copy(self, query, report_type, seen, transform=transform)
            return count

        monkeypatch.setattr(snapshot, "copy", copying)
    promo.load(Move(1, note="member-1234"), Move(2, note="1234"))
    assert cells_of(project, promo, masked({"note": LAST_FOUR})) == ["****1234", "****"]
    assert len(sent) == 2
    assert not [record for record in sent if b"member" in record]
    assert b"1234" not in sent[1]


def test_no_statement_has_a_clear_text_or_the_key(
    on_postgres: Promo, project: Project, postgres: PostgresServer
) -> None:
    on_postgres.load(Move(1, note="member-1234", kind="in"))
    before = postgres.log.stat().st_size
    postgres.execute(f"ALTER ROLE {PROMO_READER} SET log_statement = 'all'")
    try:
        for mask in EXPECTED:
            project.make(on_postgres.source, masked({"note": mask}))
    finally:
        postgres.execute(f"ALTER ROLE {PROMO_READER} RESET log_statement")
    logged = postgres.log.read_bytes()[before:].decode()
    assert logged.count("COPY (") == 2
    assert "member-1234" not in logged
    assert SECRET not in logged
    assert "hmac" not in logged


@pytest.mark.parametrize("mask", EXPECTED, ids=lambda each: each.key)
def test_a_clear_text_in_the_file_is_found(
    promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch, mask: Mask
) -> None:
    promo.load(Move(1, note="member-1234"), Move(2, note=None), Move(3, note=""))
    monkeypatch.setattr(LastFour, "sql", lambda self, column, of: None)
    monkeypatch.setattr(HashKey, "hashed", lambda self, text: text if text else b"hmac_" + b"a" * 32)
    found = 1 if mask is HASHED else 0
    with pytest.raises(
        ReconciliationError, match=f"cells of note to mask: 2 in the database, {found} masked in the file"
    ) as refused:
        project.make(promo.source, masked({"note": mask}))
    assert "member" not in str(refused.value)
    assert project.left == []


def test_without_a_key_nothing_is_delivered(promo: Promo, project: Project) -> None:
    promo.load(Move(1, note="member-1234"))
    with pytest.raises(SourceRefused, match="no key for the hashed columns"):
        project.make(promo.source, replace(masked({"note": HASHED}), hash_key=None))
    assert project.left == []


@pytest.mark.parametrize("mask", EXPECTED, ids=lambda each: each.key)
def test_a_preview_is_masked_too(promo: Promo, project: Project, mask: Mask) -> None:
    promo.load(*(Move(number, note=text) for number, text in enumerate(TEXTS, 1)))
    seen = preview(masked({"note": mask}), promo.source, project.settings, len(TEXTS))
    place = seen.header.index("note")
    assert [row[place] for row in seen.rows] == [EXPECTED[mask](text) for text in TEXTS]


def test_a_key_is_long_and_never_shown() -> None:
    key = HashKey(SECRET)
    assert SECRET not in f"{key!r} {key}"
    assert SECRET not in repr(replace(export(), hash_key=key))
    with pytest.raises(ValueError, match=r"^has 5 bytes; a key for hashes has at least 32$"):
        HashKey("short")


CELLS = (
    st.none()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
    | st.text(',"\n\ra', max_size=5)
)


def record(cells: list[str | None]) -> bytes:
    """A record as COPY writes it."""
    quoted = (
        "" if each is None else '"' + each.replace('"', '""') + '"' if needs_quotes(each) else each for each in cells
    )
    return (",".join(quoted) + "\n").encode()


def needs_quotes(text: str) -> bool:
    return not text or any(letter in text for letter in ',"\r\n')


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=4), places=st.sets(st.integers(0, 2), min_size=1)
)
def test_only_the_cells_of_hashed_columns_change(rows: list[list[str | None]], places: set[int]) -> None:
    columns = [Column(f"c{n}", ColumnType.TEXT, "", mask=HASHED if n in places else None) for n in range(3)]
    written: list[bytes] = []
    write: Callable[[bytes], None] = hashing(columns, HashKey(SECRET), written.append)
    for row in rows:
        write(record(row))
    assert written == [
        record([hashed(cell) if place in places else cell for place, cell in enumerate(row)]) for row in rows
    ]
