"""Every kind of destination is a place to stage exports as well: they are delivered to it, and to another kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from promo_reports.delivery import publish
from promo_reports.delivery.stored_exports import StoredExports
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.domain.places.export_place import Placement
from promo_reports.domain.places.pattern import Pattern
from promo_reports.errors import StagingError
from promo_reports.object_stores.port import ObjectStore
from promo_reports.pipeline.staging.bucket import StagingBucket
from promo_reports.pipeline.staging.scratch import Scratch
from tests.support.databases.promo import export
from tests.support.delivery.exports import LocalPlace, Place
from tests.support.delivery.staging_areas import CONTENT, LONGEST, place_of, stage


@pytest.fixture
def store(place: Place) -> ObjectStore:
    """The store below each destination in turn."""
    assert isinstance(place.area, StoredExports)
    return place.area.store


def test_an_export_is_staged_and_delivered(store: ObjectStore, place: Place, tmp_path: Path) -> None:
    of, disk = export(), tmp_path / "disk"
    area = StagingBucket(store, "store://staging", Scratch(disk, LONGEST))
    stage(area, content=b"an earlier attempt\n")
    staged = stage(area)
    found = area.open(staged.address, dag_id=of.dag_id, run_id=of.run_id)
    name = found.manifest.files[0].name
    elsewhere = LocalPlace(tmp_path / "elsewhere")
    for target in (place.area, elsewhere.area):
        assert publish(found, target).changed
        assert not publish(found, target).changed
    assert elsewhere.contents() == {"manifest.json": found.manifest.to_json(), name: CONTENT}
    with store.folder("received") as objects:
        staged.send(found.manifest.files[0], objects)
        assert objects.digest(name) == (len(CONTENT), found.manifest.files[0].sha256)
        objects.delete([(name, None)])
    assert not [each for each in disk.rglob("*") if each.is_file()]
    area.mark_delivered(found, 1, 1)
    with pytest.raises(StagingError, match="is gone"), store.folder("received") as objects:
        staged.send(found.manifest.files[0], objects)
    assert area.sweep(older_than=datetime.now(UTC) - timedelta(hours=1)).removed == ()
    swept = area.sweep(older_than=datetime.now(UTC) + timedelta(hours=1))
    assert (swept.removed, swept.failed, swept.in_use) == ((place_of(staged),), (), ())
    assert store.folders(*place_of(staged).split("/")[:2]) == []
    with pytest.raises(StagingError, match="is gone"):
        area.open(staged.address, dag_id=of.dag_id, run_id=of.run_id)


def test_an_export_is_delivered_under_the_name_of_a_pattern(store: ObjectStore, tmp_path: Path) -> None:
    of, disk = export(), tmp_path / "disk"
    area = StagingBucket(store, "store://staging", Scratch(disk, LONGEST))
    found = area.open(stage(area).address, dag_id=of.dag_id, run_id=of.run_id)
    delivered = publish(found, StoredExports(store, Placement(file_stem=Pattern.of_file("part_{start:%Y}"))))
    (file,) = found.manifest.files
    assert [each.rpartition("/")[2] for each in delivered.files] == [f"part_2024-{file.sha256[:8]}.csv"]
    with store.folder(*ExportFolder.of(found.manifest).place.folder) as objects:
        assert objects.digest(f"part_2024-{file.sha256[:8]}.csv") == (len(CONTENT), file.sha256)
    assert not [each for each in disk.rglob("*") if each.is_file()]
