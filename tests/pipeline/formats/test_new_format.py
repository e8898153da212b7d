"""A format that is registered in this process alone makes a verified file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promo_reports.domain.file_format import FORMATS
from promo_reports.domain.shape import Shape
from promo_reports.errors import DataRefused
from tests.support import tab_separated
from tests.support.databases.promo import Project, Promo, content, export, numbered, shaped


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    tab_separated.register(monkeypatch)


def test_an_export_of_the_format(promo: Promo, project: Project) -> None:
    promo.load(*numbered(3, note='a\tb "c"\nd, é'))
    asked = export()
    made = project.make(promo.source, shaped(asked, Shape(FORMATS["tsv"])))
    (file,) = made.manifest.files
    assert (file.name.rpartition(".")[2], file.rows, file.members) == ("tsv", 3, ())
    text = content(made).decode()
    assert text.startswith("id\tmoved_at\t")
    assert text.count('"a\tb ""c""\nd, é"') == 3
    raw = content(project.make(promo.source, replace(asked, run_id="raw")))
    assert [line.split("\t")[0] for line in text.splitlines() if line[0].isdigit()] == ["1", "2", "3"]
    assert raw.startswith(b"id,moved_at,")


def test_more_rows_than_one_file_may_have(promo: Promo, project: Project) -> None:
    promo.load(*numbered(3))
    asked = export()
    with pytest.raises(DataRefused, match="has 3 rows, and a file of the format Tab-separated has at most 2"):
        project.make(promo.source, shaped(asked, Shape(FORMATS["tsv"])), rows_per_file=2)
    assert project.left == []
