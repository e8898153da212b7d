"""A store of created reports, and a project in git, that earlier releases have written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.definitions.store.store_cache import CreatedReports
from promo_reports.domain.account import Bucket
from promo_reports.errors import Conflict
from promo_reports.settings import Settings
from tests.support.delivery import memory_destination
from tests.support.releases import copied, read_json, release_of, releases_with
from tests.support.report_stores import object_store

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture(params=releases_with("store"), ids=release_of)
def release(request: pytest.FixtureRequest) -> Path:
    """The directory of one release."""
    found: Path = request.param.parent
    return found


@pytest.fixture(params=["directory", "bucket"])
def registry(
    request: pytest.FixtureRequest, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Registry:
    """The release's project and store, found by this release; the store also when its files are copied to a bucket."""
    home, store = copied(release / "project", tmp_path / "project"), copied(release / "store", tmp_path / "store")
    settings = Settings(home=home, data_dir=tmp_path / "data", store_dir=store)
    if request.param == "directory":
        return Registry(settings)
    memory_destination.register(monkeypatch, "created")
    place = memory_destination.memory_store(Bucket(memory_destination.KEY, "created", "none", "moved"))
    for path in store.glob("[!.]*/[!.]*"):
        with place.folder(path.parent.name) as objects:
            objects.put(path.name, path.read_bytes(), replacing=None)
    made = object_store(place, tmp_path / "copy")
    made.prepare()
    return Registry(settings, made)


def test_the_same_reports_are_listed(registry: Registry, release: Path) -> None:
    listed = {each.key: each.origin.value for each in registry.sources()}
    expected = {each["id"]: each for each in read_json(release / "reports.json")}
    assert listed == {key: each["origin"] for key, each in expected.items()}
    created = CreatedReports(registry.store)
    assert created.ids() == {key for key, origin in listed.items() if origin == "created"}
    for key in created.ids():
        at, by = created.created(key) or (None, None)
        assert at is not None
        assert (at.isoformat(), by) == (expected[key]["created_at"], expected[key]["created_by"])


def test_the_definitions_are_the_same(registry: Registry, release: Path) -> None:
    """By the hash that manifests and the page compare, and by what each means."""
    for expected in read_json(release / "reports.json"):
        definition = registry.definition(expected["id"])
        found = {
            "name": definition.name,
            "report_type": definition.report_type.id,
            "owner": definition.owner,
            "frequency": definition.frequency,
            "timezone": definition.timezone,
            "destinations": [str(each) for each in definition.destinations],
            "filters": {key: list(values) if values else None for key, values in definition.filters.items()},
            "starts_at": definition.starts_at.isoformat() if definition.starts_at else None,
            "sha256": definition.sha256,
        }
        assert found == {key: expected[key] for key in found}


def test_stops_and_deletions_hold(registry: Registry, release: Path) -> None:
    stopped = CreatedReports(registry.store).stopped()
    for expected in read_json(release / "reports.json"):
        key, definition = expected["id"], registry.definition(expected["id"])
        assert [
            (each.stopped_at.isoformat(), each.resumed_at.isoformat() if each.resumed_at else None)
            for each in definition.stops
        ] == [tuple(each) for each in expected["stops"]]
        assert (key in stopped) is expected["stopped"]
        marks = registry.store.marks(key)
        assert (marks.deleted_by, [each.stopped_by for each in marks.stops]) == (
            expected["deleted_by"],
            expected["stopped_by"],
        )


def test_a_stopped_report_is_resumed_and_one_in_use_stopped(registry: Registry, release: Path) -> None:
    for expected in read_json(release / "reports.json"):
        if expected["deleted_by"]:
            continue
        change = registry.resume if expected["stopped"] else registry.stop
        marks = change(expected["id"], at=NOW, by="ada@example.com")
        assert marks.stopped is not expected["stopped"]
        assert [each.stopped_by for each in marks.stops][: len(expected["stopped_by"])] == expected["stopped_by"]


def test_an_idempotency_key_is_known_again(registry: Registry, release: Path) -> None:
    for given in read_json(release / "requests.json"):
        request = registry.store.look_up(given["key"], given["body"], by=given["by"], at=NOW)
        assert (request.token, request.at.isoformat()) == (given["token"], given["at"])
        with pytest.raises(Conflict):
            registry.store.claim(given["key"], {**given["body"], "name": "another"}, by=given["by"], at=NOW)
