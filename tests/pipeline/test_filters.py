"""Choices of a filter: what a search finds, and how much of it."""

from __future__ import annotations

from promo_reports.domain.report_type import Choice
from promo_reports.pipeline.databases.dialects import open_snapshot
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.filters import choices, search
from tests.pipeline.promo import MOVES, Project, Promo, export

SHOPS = [Choice("main", "Main street"), Choice("side", "Side street"), Choice("straße", "The Corner")]


def found(text: str) -> list[str]:
    answer = search(SHOPS, text)
    assert answer.total == len(answer.choices)
    return [each.value for each in answer.choices]


def test_titles_and_values_are_searched_whatever_their_case() -> None:
    assert found("STREET") == ["main", "side"]
    assert found("mAIN") == ["main"]
    assert found("STRASSE") == ["straße"]
    assert found("corner") == ["straße"]
    assert found("  side ") == ["side"]
    assert found("nowhere") == []


def test_no_text_finds_all_in_their_order() -> None:
    assert found("") == ["main", "side", "straße"]


def test_only_the_first_200_come_and_all_are_counted() -> None:
    many = [Choice(str(number), f"Shop {number}") for number in range(1000)]
    answer = search(many, "shop")
    assert (answer.total, list(answer.choices)) == (1000, many[:200])
    assert search(many, "99").total == 19


def test_the_choices_of_a_database_are_searched(promo: Promo, project: Project) -> None:
    zone = export().zone
    with open_snapshot(promo.source, zone, TimeLimits.of(project.settings)) as snapshot:
        shops = choices(snapshot, MOVES.filter("shop"), {}, project.settings.sql)
        shelves = choices(snapshot, MOVES.filter("shelf"), {"shop": ("side",)}, project.settings.sql)
    assert search(shops, "main STREET").choices == (Choice("main", "Main street"),)
    assert search(shelves, "").choices == (Choice("back", "back"),)
