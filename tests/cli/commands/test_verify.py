"""`promo-reports verify`: a line for each difference, and the exit status."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from promo_reports.cli.app import app
from promo_reports.delivery import publish
from tests.support.delivery.exports import LocalPlace
from tests.support.delivery.tables import staged_table


def test_the_exit_status_says_whether_all_is_as_delivered(tmp_path: Path) -> None:
    place = LocalPlace(tmp_path / "downloads")
    export = staged_table(tmp_path, [("1",)], columns={"id": "integer"})
    publish(export, place.area)
    fine = CliRunner().invoke(app, ["verify", str(place.root)])
    assert (fine.exit_code, fine.output) == (0, "1 export with 1 file, 5 bytes: all as their manifests say\n")
    name = export.manifest.files[0].name
    place.delete(name)
    wrong = CliRunner().invoke(app, ["verify", place.folder.as_uri()])
    assert wrong.exit_code == 1
    address, manifest = place.address(name), place.address("manifest.json")
    assert wrong.output.splitlines() == [
        f"{address} is missing, which {manifest} names.",
        "1 export with 1 file, 5 bytes: 1 difference",
    ]


def test_what_cannot_be_read_is_an_error_and_no_difference(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["verify", "ftp://example.com/manifest.json"])
    assert refused.exit_code == 1
    assert "is no address of an export" in refused.output
