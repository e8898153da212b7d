"""Numbers that are none, on the databases that can hold one: a MariaDB's are all finite."""

from __future__ import annotations

import pytest

from promo_reports.errors import DataRefused
from tests.support.databases.promo import Move, Project, Promo


def test_a_total_that_is_no_number_is_refused(promo: Promo, project: Project) -> None:
    infinite = "'NaN'" if promo.dialect == "postgresql" else "9e999"
    promo.load(Move(1), Move(2))
    promo.execute(f"UPDATE moves SET points = {infinite} WHERE id = 2")
    with pytest.raises(DataRefused, match="column 'points' holds NaN or Infinity, so it has no total"):
        project.make(promo.source)
    assert project.left == []


def test_infinities_that_cancel_out_are_refused(promo: Promo, project: Project) -> None:
    infinity = "'Infinity'::numeric" if promo.dialect == "postgresql" else "9e999"
    promo.load(Move(1, kind="in"), Move(2, kind="out"))
    promo.execute(f"UPDATE moves SET points = CASE WHEN kind = 'in' THEN {infinity} ELSE -{infinity} END")
    with pytest.raises(DataRefused, match="column 'points' holds NaN or Infinity"):
        project.make(promo.source)


def test_a_number_that_is_none_is_refused_in_any_column(promo: Promo, project: Project) -> None:
    infinity = "'-Infinity'" if promo.dialect == "postgresql" else "-9e999"
    promo.load(Move(1), Move(2))
    promo.execute(f"UPDATE moves SET rate = {infinity} WHERE id = 2")
    with pytest.raises(DataRefused, match=r"[Cc]olumn 'rate' holds"):
        project.make(promo.source)
    assert project.left == []
