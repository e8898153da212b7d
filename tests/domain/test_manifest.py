"""Manifests of other releases: keys that are not known do not matter, another format does."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from promo_reports.domain.manifest import ExportFile, Manifest, Part

DELIVERED = Path(__file__).resolve().parents[1] / "fixtures" / "preview" / "delivered"
"""What the release before has published: a report's CSV, and a ZIP on demand."""
MANIFESTS = sorted(DELIVERED.rglob("manifest.json"))


def values(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def grown(value: Any) -> Any:
    """The same with a key more in every mapping that has fixed keys."""
    if isinstance(value, list):
        return [grown(each) for each in value]
    if isinstance(value, dict):
        return {key: grown(each) for key, each in value.items()} | {"from_a_later_release": [1]}
    return value


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.parent.name)
def test_what_an_earlier_release_wrote_is_read_and_written_as_it_was(path: Path) -> None:
    manifest = Manifest.from_json(path.read_bytes())
    assert json.loads(manifest.to_json()) == values(path)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.parent.name)
def test_keys_that_a_later_release_has_added_are_ignored_at_every_level(path: Path) -> None:
    plain = values(path)
    later = plain | {"from_a_later_release": {"a": 1}}
    for key in ("files", "columns", "window"):
        later[key] = grown(plain[key])
    found, known = Manifest.from_values(later), Manifest.from_values(plain)
    assert (found.files, found.rows, found.event_key) == (known.files, known.rows, known.event_key)
    assert found.window is not None
    assert known.window is not None
    assert found.window["start"] == known.window["start"]
    assert [each["name"] for each in found.columns] == [each["name"] for each in known.columns]


@pytest.mark.parametrize(("kind", "path"), [(Manifest, ()), (ExportFile, ("files",)), (Part, ("files", "members"))])
def test_a_key_that_was_added_since_has_a_default(kind: Any, path: tuple[str, ...]) -> None:
    (there,) = [values(each) for each in MANIFESTS if "june_audit" in str(each)]
    for key in path:
        there = there[key][0]
    required = {each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING}
    assert required <= there.keys()


@pytest.mark.parametrize(
    "changes", [{"format_version": 2}, {"format_version": None}, {"files": [1]}, {"files": {"a": 1}}, {"columns": 1}]
)
def test_another_format_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not a (whole )?manifest"):
        Manifest.from_values(values(MANIFESTS[0]) | changes)


@pytest.mark.parametrize("key", ["files", "rows", "format_version", "dag_id"])
def test_a_part_of_a_manifest_is_none(key: str) -> None:
    there = values(MANIFESTS[0])
    del there[key]
    with pytest.raises(ValueError, match=r"not a (whole )?manifest"):
        Manifest.from_values(there)
