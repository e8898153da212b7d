"""No caller ends up with the rows of a file that is not the one of its manifest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import promo_reports
from promo_reports.delivery import publish
from promo_reports.domain.file_format import CSV, FORMATS, FileFormat
from promo_reports.errors import Damaged, Expired, PromoReportsError
from promo_reports.pipeline.staging.directory import StagedDirectory
from tests.support.delivery.exports import LocalPlace, Place
from tests.support.delivery.tables import staged_table

COLUMNS = {"id": "integer", "note": "text"}
ROWS = [(str(number), f"note {number}") for number in range(2000)]
OTHER = [(str(number), f"Note {number}") for number in range(2000)]


def _flip(place: int) -> Callable[[bytes], bytes]:
    def flipped(content: bytes) -> bytes:
        at = place % len(content)
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return flipped


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the header": _flip(1),
    "a bit of a cell": _flip(5000),
    "a bit of the last cell": _flip(-4),
    "cut": lambda content: content[:-100],
    "longer": lambda content: content + b"1,2\n",
    "empty": lambda content: b"",
    "bytes that are no text": lambda content: content[:-100] + b"\xff" * 100,
    "a quote that does not end": lambda content: content[:-100] + b'"' + content[-99:],
    "zeros": lambda content: bytes(len(content)),
}


def deliver(tmp_path: Path, place: Place, *, file_format: FileFormat) -> StagedDirectory:
    parts = (ROWS[:1000], ROWS[1000:]) if file_format.member_suffix else (ROWS,)
    export = staged_table(tmp_path, *parts, columns=COLUMNS, file_format=file_format)
    publish(export, place.area)
    return export


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_gives_no_table(
    reached: Any, tmp_path: Path, damage: Callable[[bytes], bytes], file_format: FileFormat
) -> None:
    name = deliver(tmp_path, reached.place, file_format=file_format).manifest.files[0].name
    reached.place.overwrite(name, damage(reached.place.contents()[name]))
    for into in ("arrow", "pandas"):
        with pytest.raises(Damaged, match=f"{reached.place.address(name)} is damaged"):
            promo_reports.read(reached.manifest, into, **reached.options)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_stream_of_a_damaged_file_does_not_come_to_its_end(
    local: LocalPlace, tmp_path: Path, damage: Callable[[bytes], bytes], file_format: FileFormat
) -> None:
    name = deliver(tmp_path, local, file_format=file_format).manifest.files[0].name
    local.overwrite(name, damage(local.contents()[name]))
    given: list[int] = []
    with pytest.raises(Damaged):
        given.extend(batch.num_rows for batch in promo_reports.batches(local.address("manifest.json")))
    assert sum(given) < len(ROWS)


def test_a_file_in_the_place_of_another_gives_no_table(reached: Any, tmp_path: Path) -> None:
    name = deliver(tmp_path, reached.place, file_format=CSV).manifest.files[0].name
    other = staged_table(tmp_path, OTHER, columns=COLUMNS)
    reached.place.overwrite(name, (other.directory / other.manifest.files[0].name).read_bytes())
    with pytest.raises(Damaged, match="with the sha256"):
        promo_reports.read(reached.manifest, **reached.options)


def test_a_file_that_is_gone_is_named(reached: Any, tmp_path: Path) -> None:
    name = deliver(tmp_path, reached.place, file_format=CSV).manifest.files[0].name
    reached.place.delete(name)
    with pytest.raises(Expired, match=f"{name} is gone"):
        promo_reports.read(reached.manifest, **reached.options)


LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "fewer rows": lambda said: said["files"][0].update(rows=1999),
    "more rows in all": lambda said: said.update(rows=2001),
    "another column": lambda said: said["columns"][0].update(name="identity"),
    "columns in another order": lambda said: said["columns"].reverse(),
    "one column less": lambda said: said["columns"].pop(),
    "another hash": lambda said: said["files"][0].update(sha256="0" * 64),
    "fewer bytes": lambda said: said["files"][0].update(bytes=100),
    "more bytes": lambda said: said["files"][0].update(bytes=1 << 40),
    "a name that leads elsewhere": lambda said: said["files"][0].update(name="../x-00000000.csv"),
    "no files": lambda said: said.pop("files"),
    "another version": lambda said: said.update(format_version=99),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_manifest_that_lies_gives_no_table(
    reached: Any, tmp_path: Path, lie: Callable[[dict[str, Any]], Any]
) -> None:
    deliver(tmp_path, reached.place, file_format=CSV)
    said = json.loads(reached.place.contents()["manifest.json"])
    lie(said)
    reached.place.overwrite("manifest.json", json.dumps(said).encode())
    with pytest.raises(Damaged):
        promo_reports.read(reached.manifest, **reached.options)


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (lambda members: members.pop(), "which its manifest does not name"),
        (lambda members: members.append(dict(members[0], name="Wallets_0003.csv")), "in the place of Wallets_0003.csv"),
        (lambda members: members[0].update(name="other.csv"), "in the place of other.csv"),
        (lambda members: members[0].update(rows=999), "has 1,000 rows, its manifest says 999"),
    ],
)
def test_members_are_those_of_the_manifest(
    local: LocalPlace, tmp_path: Path, lie: Callable[[list[Any]], Any], said: str
) -> None:
    publish(staged_table(tmp_path, ROWS[:1000], ROWS[1000:], columns=COLUMNS), local.area)
    manifest = json.loads(local.contents()["manifest.json"])
    lie(manifest["files"][0]["members"])
    local.overwrite("manifest.json", json.dumps(manifest).encode())
    with pytest.raises(Damaged, match=said):
        promo_reports.read(local.address("manifest.json"))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff", b"{}" + b" " * (17 << 20)])
def test_what_is_no_manifest_is_told_so(local: LocalPlace, tmp_path: Path, content: bytes) -> None:
    publish(staged_table(tmp_path, ROWS, columns=COLUMNS), local.area)
    local.overwrite("manifest.json", content)
    with pytest.raises(PromoReportsError, match="no manifest that this release can read"):
        promo_reports.read(local.address("manifest.json"))
