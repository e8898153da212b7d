"""Choices of a filter: what a search finds, and how much of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promo_reports.definitions.filter_kinds.choice import ChoiceFilter
from promo_reports.domain.filters import Choice, Select
from promo_reports.errors import UnknownValue
from promo_reports.pipeline.databases.dialects import open_snapshot
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.filters import choices, search
from promo_reports.sql.bound import BoundQuery
from tests.support.databases.promo import (
    ALL,
    MOVES,
    ORDER,
    SELECT,
    WHERE,
    Move,
    PostgresPromo,
    Project,
    Promo,
    SqlitePromo,
    content,
    export,
)

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
        shops = choices(snapshot, MOVES, MOVES.filter("shop"), {}, project.settings.sql)
        shelves = choices(snapshot, MOVES, MOVES.filter("shelf"), {"shop": ("side",)}, project.settings.sql)
    assert search(shops, "main STREET").choices == (Choice("main", "Main street"),)
    assert search(shelves, "").choices == (Choice("back", "back"),)


def of_kinds(project: Project, options: str, condition: str, chosen: tuple[str, ...], select: Select) -> Export:
    """An export whose kinds are those of a query, and whose rows are those of a condition."""
    (project.sql / "options" / "kinds.sql").write_text(options, encoding="utf-8")
    project.write(SELECT + WHERE.replace("(m.kind IN {{ filters.kind }} OR m.kind IS NULL)", condition) + ORDER)
    kind = ChoiceFilter("kind", "Kind", "Kinds.", select, options="kinds")
    report_type = replace(MOVES, filters=(*MOVES.filters[:2], kind))
    return export(report_type=report_type, filters={**ALL, "kind": chosen})


def ids(project: Project, promo: Promo, report: Export) -> list[str]:
    return [row.partition(",")[0] for row in project.text(promo.source, report).splitlines()]


@pytest.mark.parametrize("number", ["m.id + 0", "m.rate * 1", "m.id + 9007199254740990"])
def test_a_chosen_number_is_found_by_an_expression(number: str, promo: Promo, project: Project) -> None:
    promo.load(*(Move(n, rate=f"{n}.5") for n in (1, 2, 3)))
    options = f"SELECT {number} AS value, NULL AS title FROM moves m ORDER BY 1"
    with open_snapshot(promo.source, export().zone, TimeLimits(60)) as snapshot:
        texts = [option.text for option in snapshot.options(BoundQuery(options, {}))]
    many = of_kinds(project, options, f"{number} IN {{{{ filters.kind }}}}", (texts[1], texts[0]), Select.MANY)
    assert ids(project, promo, many) == ["1", "2"]
    one = of_kinds(project, options, f"{number} = {{{{ filters.kind }}}}", (texts[1],), Select.ONE)
    staged = project.make(promo.source, one)
    assert [line.partition(b",")[0] for line in content(staged).splitlines()[1:]] == [b"2"]
    assert staged.manifest.filters["kind"] == (texts[1],)


def test_chosen_bytes_are_found(promo: Promo, project: Project) -> None:
    promo.load(Move(1, note="a"), Move(2, note="b"))
    form = {"postgresql": "convert_to(m.note, 'UTF8')", "sqlite": "CAST('\u00ff' || m.note AS blob)"}
    binary = form.get(promo.dialect, "CAST(CONCAT(UNHEX('FF00'), m.note) AS BINARY)")
    options = f"SELECT {binary} AS value, m.note AS title FROM moves m ORDER BY m.note"
    with open_snapshot(promo.source, export().zone, TimeLimits(60)) as snapshot:
        texts = [option.text for option in snapshot.options(BoundQuery(options, {}))]
    report = of_kinds(project, options, f"{binary} = {{{{ filters.kind }}}}", (texts[1],), Select.ONE)
    assert ids(project, promo, report) == ["2"]


def test_a_filter_depends_on_a_number(promo: Promo, project: Project) -> None:
    promo.load(Move(1), Move(2))
    (project.sql / "options" / "shops.sql").write_text("SELECT m.id + 0, m.shop FROM moves m ORDER BY m.id")
    (project.sql / "options" / "shelves.sql").write_text(
        "SELECT m.shelf, NULL FROM moves m WHERE m.id + 0 = {{ filters.shop }}"
    )
    project.write((SELECT + WHERE + ORDER).replace("m.shop =", "m.id + 0 ="))
    chosen = {**ALL, "shop": ("2",), "shelf": ("top",)}
    assert ids(project, promo, export(filters=chosen)) == ["2"]
    with open_snapshot(promo.source, export().zone, TimeLimits(60)) as snapshot:
        found = choices(snapshot, MOVES, MOVES.filter("shelf"), {"shop": ("2",)}, project.sql)
        nothing = choices(snapshot, MOVES, MOVES.filter("shelf"), {"shop": ("5",)}, project.sql)
    assert (found, nothing) == ([Choice("top", "top")], [])


def test_values_of_several_types_that_are_written_alike(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1), Move(2), Move(3))
    on_sqlite.execute("CREATE TABLE codes (id, code)", "INSERT INTO codes VALUES (1, 7), (2, '7'), (3, '07')")
    options = "SELECT c.code, NULL FROM codes c"
    condition = "(SELECT c.code FROM codes c WHERE c.id = m.id) IN {{ filters.kind }}"
    assert ids(project, on_sqlite, of_kinds(project, options, condition, ("7",), Select.MANY)) == ["1", "2"]
    one = of_kinds(project, options, condition.replace("IN", "="), ("7",), Select.ONE)
    with pytest.raises(UnknownValue, match=r"kind '7' is several values .* CAST them to one type in include/sql/opt"):
        project.make(on_sqlite.source, one)


@pytest.mark.parametrize(
    ("of_type", "former", "now"),
    [
        ("boolean", "True", "t"),
        ("timestamptz", "2026-03-01 12:00:00.500000+00:00", "2026-03-01 12:00:00.5+00"),
        ("double precision", "12.0", "12"),
    ],
)
def test_values_that_earlier_releases_chose_are_known(
    of_type: str, former: str, now: str, on_postgres: PostgresPromo, project: Project
) -> None:
    on_postgres.load(Move(1), Move(2), Move(3))
    on_postgres.execute(
        "DROP TABLE IF EXISTS flags",
        f"CREATE TABLE flags (id int, flag {of_type}, word text)",
        "GRANT SELECT ON flags TO PUBLIC",
        f"INSERT INTO flags VALUES (1, '{now}', 't'), (2, NULL, 'True')",
    )
    options = "SELECT f.flag, NULL FROM flags f"
    condition = "m.id IN (SELECT f.id FROM flags f WHERE f.flag IN {{ filters.kind }})"
    assert ids(project, on_postgres, of_kinds(project, options, condition, (former,), Select.MANY)) == ["1"]
    assert ids(project, on_postgres, of_kinds(project, options, condition, (now,), Select.MANY)) == ["1"]
    words, word = options.replace("flag,", "word,"), condition.replace("f.flag", "f.word")
    assert ids(project, on_postgres, of_kinds(project, words, word, ("True",), Select.MANY)) == ["2"]
    with pytest.raises(UnknownValue, match="'False' is not in the promo database"):
        project.make(on_postgres.source, of_kinds(project, words, word, ("False",), Select.MANY))
