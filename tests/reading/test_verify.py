"""`verify` names every difference between what lies somewhere and its manifests, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import promo_reports
from promo_reports.delivery import publish
from promo_reports.domain.places.export_place import Placement
from promo_reports.domain.places.pattern import Pattern
from promo_reports.errors import DestinationRefused, ReadRefused
from promo_reports.reading.manifests import Named
from promo_reports.reading.trees.local_tree import LocalTree
from promo_reports.reading.verify import Verified, verify
from tests.support.delivery.exports import CONNECTION, LATE, LATER, REPORT, WINDOW, LocalPlace, Place
from tests.support.delivery.tables import staged_table

COLUMNS = {"id": "integer"}
ROWS = [(str(number),) for number in range(1000)]
OTHER_WINDOW = "20240302T050000Z_20240303T050000Z"


def found(reached: Any, address: str | None = None) -> Verified:
    return verify(Named(address or reached.manifest, **reached.options))


def root_of(reached: Any) -> str:
    return str(reached.manifest).rpartition(f"/{REPORT}/")[0]


def test_what_was_delivered_has_no_difference(reached: Any, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS, ROWS, columns=COLUMNS), reached.place.area)
    second = staged_table(tmp_path, ROWS, columns=COLUMNS, window_key=OTHER_WINDOW)
    publish(second, reached.place.area)
    reached.place.lay("README.txt", b"of somebody else")
    reached.place.lay("other.json", b'{"of": "somebody else"}')
    size = second.manifest.files[0].bytes
    one = found(reached, reached.manifest.replace(WINDOW, OTHER_WINDOW))
    assert (one.differences, one.exports, one.files, one.bytes) == ([], 1, 1, size)
    assert found(reached, reached.manifest.rpartition("/")[0]).differences == []
    both = found(reached, root_of(reached))
    assert (both.differences, both.exports, both.files) == ([], 2, 2)


def _flip(content: bytes) -> bytes:
    return content[:-2] + bytes([content[-2] ^ 1]) + content[-1:]


def _rewrite(place: Place, change: Callable[[dict[str, Any]], Any]) -> None:
    said = json.loads(place.contents()["manifest.json"])
    change(said)
    place.overwrite("manifest.json", json.dumps(said).encode())


DIFFERENCES: dict[str, tuple[Callable[[Place, str], Any], str]] = {
    "missing": (lambda place, name: place.delete(name), "{file} is missing, which {manifest} names."),
    "other size": (lambda place, name: place.overwrite(name, b"id\n"), "3 bytes"),
    "other hash": (
        lambda place, name: place.overwrite(name, _flip(place.contents()[name])),
        "{file} is damaged: it has 3,893 bytes with the sha256",
    ),
    "additional": (
        lambda place, name: place.overwrite("Wallets-0a1b2c3d.csv", b"id\n"),
        "{folder}/Wallets-0a1b2c3d.csv is named by no manifest.",
    ),
    "left by a killed attempt": (
        lambda place, name: place.overwrite(".part-0a1b2c3d", b"id\n"),
        "{folder}/.part-0a1b2c3d was left by a delivery that did not come to its end.",
    ),
    "no manifest beside a file": (
        lambda place, name: place.lay("elsewhere/Wallets-0a1b2c3d.zip", b"PK"),
        "{root}/elsewhere/Wallets-0a1b2c3d.zip is named by no manifest.",
    ),
    "cut manifest": (
        lambda place, name: place.overwrite("manifest.json", place.contents()["manifest.json"][:100]),
        "{manifest} is damaged: it is no manifest",
    ),
    "manifest of another name": (
        lambda place, name: _rewrite(place, lambda said: said["files"][0].update(name="Wallets-00000000.csv")),
        "{folder}/Wallets-00000000.csv is missing, which {manifest} names.",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_a_difference_is_named(
    reached: Any, tmp_path: Path, change: Callable[[Place, str], Any], sentence: str
) -> None:
    export = staged_table(tmp_path, ROWS, columns=COLUMNS)
    publish(export, reached.place.area)
    name = export.manifest.files[0].name
    change(reached.place, name)
    folder = reached.manifest.rpartition("/")[0]
    expected = sentence.format(file=f"{folder}/{name}", manifest=reached.manifest, folder=folder, root=root_of(reached))
    differences = found(reached, root_of(reached)).differences
    assert expected in " ".join(differences)
    assert differences[0].startswith(f"{folder}/") or "elsewhere" in sentence
    assert len(differences) == (2 if "00000000" in sentence else 1)


def test_an_address_without_an_export_is_a_difference(local: LocalPlace, tmp_path: Path) -> None:
    publish(staged_table(tmp_path, ROWS, columns=COLUMNS), local.area)
    for address, said in (
        (f"{local.root}/nothing", "There is no manifest at"),
        (f"{local.folder}/other.json", "other.json is missing."),
    ):
        (difference,) = verify(Named(address)).differences
        assert said in difference
    with pytest.raises(ReadRefused):
        verify(Named("ftp://example.com/x"))


def test_an_export_that_is_replaced_twice_meanwhile_is_no_difference(
    local: LocalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(staged_table(tmp_path, ROWS, columns=COLUMNS), local.area)
    new = [staged_table(tmp_path, ROWS[n:], columns=COLUMNS, snapshot_at=at) for n, at in ((1, LATE), (2, LATER))]
    waiting = list(new)
    content = LocalTree.content

    def later(self: LocalTree, path: str, file: Any) -> Any:
        if waiting:
            publish(waiting.pop(0), local.area)
        return content(self, path, file)

    monkeypatch.setattr(LocalTree, "content", later)
    seen = verify(Named(str(local.root)))
    assert (seen.differences, seen.exports, seen.bytes) == ([], 1, new[-1].manifest.files[0].bytes)


def test_exports_in_places_of_patterns_are_found(local: LocalPlace, tmp_path: Path) -> None:
    from promo_reports.delivery.stored_exports import StoredExports
    from promo_reports.object_stores.directory.store import DirectoryStore

    placement = Placement(
        Pattern.of_folder("{report_id}/dt={start:%Y-%m-%d}"), Pattern.of_file("{name}"), "_manifest.json"
    )
    area = StoredExports(DirectoryStore(local.root), placement)
    local.root.mkdir()
    publish(staged_table(tmp_path, ROWS, columns=COLUMNS), area)
    assert (local.root / REPORT / "dt=2024-03-01" / "_manifest.json").exists()
    seen = verify(Named(str(local.root)))
    assert (seen.differences, seen.exports) == ([], 1)


@pytest.mark.usefixtures("aws_environment", "in_bucket")
@pytest.mark.parametrize("connection", [None, CONNECTION])
def test_a_bucket_that_is_not_there_is_no_difference(connection: str | None) -> None:
    missing = "s3://no-such-bucket/exports"
    with pytest.raises(DestinationRefused, match="no-such-bucket"):
        verify(Named(missing, connection=connection))
    with pytest.raises(DestinationRefused, match="no-such-bucket"):
        next(promo_reports.follow(missing, connection=connection))
