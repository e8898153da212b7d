"""What earlier releases have staged: opened by deliver, for the run that staged it, and swept."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promo_reports.errors import HandoverRefused
from promo_reports.pipeline.staging.directory import StagingDirectory
from tests.support.releases import copied, read_json, release_of, releases_with


@pytest.fixture(params=releases_with("staging"), ids=release_of)
def release(request: pytest.FixtureRequest) -> Path:
    """The directory of one release."""
    found: Path = request.param.parent
    return found


@pytest.fixture
def staging(release: Path, tmp_path: Path) -> Path:
    return copied(release / "staging", tmp_path / "staging")


def test_a_staged_export_is_opened_whole(release: Path, staging: Path) -> None:
    for given in read_json(release / "staged.json"):
        # Releases hand over the whole path of a host; only its end says which attempt it is.
        opened = StagingDirectory(staging).open(
            f"/elsewhere/{given['path']}", dag_id=given["dag_id"], run_id=given["run_id"]
        )
        assert opened.directory == staging / given["path"]
        assert [str(each.destination) for each in opened.deliveries] == given["destinations"]
        for file in opened.manifest.files:
            content = (opened.directory / file.name).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)


def test_no_other_run_opens_it(release: Path, staging: Path) -> None:
    for given in read_json(release / "staged.json"):
        for dag_id, run_id in ((f"{given['dag_id']}_", given["run_id"]), (given["dag_id"], f"{given['run_id']}_")):
            with pytest.raises(HandoverRefused):
                StagingDirectory(staging).open(given["path"], dag_id=dag_id, run_id=run_id)


def test_the_files_go_with_the_last_delivery(release: Path, staging: Path) -> None:
    for given in read_json(release / "staged.json"):
        opened = StagingDirectory(staging).open(given["path"], dag_id=given["dag_id"], run_id=given["run_id"])
        for number in given["undelivered"]:
            StagingDirectory(staging).mark_delivered(opened, number, given["of"])
        assert [path.name for path in opened.directory.iterdir() if path.suffix in (".csv", ".zip")] == []


def test_it_is_swept(staging: Path) -> None:
    attempts = [path.parent.relative_to(staging).as_posix() for path in staging.rglob("manifest.json")]
    for path in staging.rglob("*"):
        os.utime(path, (0, 0))
    swept = StagingDirectory(staging).sweep(older_than=datetime(2000, 1, 1, tzinfo=UTC))
    assert (sorted(swept.removed), swept.failed) == (sorted(attempts), ())
    assert list(staging.iterdir()) == []
