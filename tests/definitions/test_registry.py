from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from promo_reports.definitions.inputs import yaml_reader as located
from promo_reports.definitions.registry import Registry
from promo_reports.domain.dates.schedule import Stop
from promo_reports.domain.definition import Origin
from promo_reports.errors import InvalidInput, StoreError
from promo_reports.settings import Settings
from tests.support.project import ROOT

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
REQUEST: dict[str, Any] = {
    "name": "Nightly: no",
    "report_type": "ledger",
    "filters": {"wallet": "1e3", "kind": ["debit", "credit"]},
    "frequency": {"interval": "daily", "delivery_time": "12:30"},
    "delivery": ["download", {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}
Problems = Callable[[Callable[[], object]], list[str]]


def created(registry: Registry, **changes: object) -> str:
    return registry.create(REQUEST | changes, by="ada", at=AT).id


@pytest.mark.parametrize(
    "prefix",
    ["ledger_daily", "bi/ledger_daily/late", "bi/created_one", "x/20260714T040000Z_20260715T040000Z/manifest.json"],
)
def test_nobody_delivers_into_the_folder_of_a_registered_report(
    registry: Registry, problems: Problems, prefix: str
) -> None:
    created(registry, id="created_one")
    given = REQUEST | {"delivery": [{"partner_export": REQUEST["delivery"][1]["partner_export"] | {"prefix": prefix}}]}
    once = {key: value for key, value in given.items() if key != "frequency"} | {"date_range": "yesterday"}
    drafts = (lambda: registry.draft(given, by="ada", at=AT)), (lambda: registry.draft(
        once | {"frequency": "one_time"}, by="ada", at=AT))  # fmt: skip
    conf = lambda: registry.from_conf(once, run_id="manual__1", at=AT, report_type="ledger")  # noqa: E731
    for ask in (*drafts, conf):
        (found,) = problems(ask)
        assert "partner_export.prefix: leads into the folder of another export" in found


def test_a_prefix_beside_a_registered_report_is_taken(registry: Registry) -> None:
    delivery = [{"partner_export": REQUEST["delivery"][1]["partner_export"] | {"prefix": "ledger_daily.late/ledger"}}]
    assert registry.draft(REQUEST | {"delivery": delivery}, by="ada", at=AT).destinations


def test_sources_are_sorted_and_say_where_they_are_from(registry: Registry) -> None:
    created(registry, id="zebra")
    created(registry, id="aardvark")
    (registry.settings.reports / "README.md").write_text("not a definition")
    (registry.settings.reports / ".hidden.yaml").write_text("an editor's copy")
    assert [(each.key, each.origin) for each in registry.sources()] == [
        ("aardvark", Origin.CREATED), ("ledger_daily", Origin.GIT), ("zebra", Origin.CREATED),
    ]  # fmt: skip
    assert [each.key for each in registry.report_type_sources()] == ["ledger", "snapshot", "summary", "vouchers"]
    assert registry.find("zebra") == registry.sources()[2]


def test_one_file_is_read_to_find_one_definition(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        (registry.settings.reports / f"other_{number}.yaml").write_text("broken: [")
    read = []
    real = located.parse_yaml
    monkeypatch.setattr(located, "parse_yaml", lambda raw, name: read.append(name) or real(raw, name))
    assert registry.definition("ledger_daily").id == "ledger_daily"
    assert sorted(read) == ["include/account.yaml", "report_types/ledger.yaml", "reports/ledger_daily.yaml"]
    registry.definition("ledger_daily")
    assert len(read) == 4  # report types and the account are kept until they change


def test_a_broken_file_leaves_the_others_alone(registry: Registry) -> None:
    (registry.settings.reports / "broken.yaml").write_text("id: broken\n")
    (registry.settings.reports / "gone.yaml").symlink_to("nowhere.yaml")
    (registry.settings.reports / "ledger_weekly.yml").write_text("id: ledger_weekly\n")
    (registry.settings.reports / "Big Report'.yaml").write_text("id: x\n")
    outcome = {each.source.key: each for each in registry.check_all()}
    assert outcome.pop("ledger_daily").error is None
    told = {key: str(each.error.problems[0]) for key, each in outcome.items() if each.error}
    rule = "the file's name must be its id and .yaml: a-z first, then a-z, 0-9, _ and -, at most 100 characters"
    assert told == {
        "broken": "reports/broken.yaml:1: name: is required",
        "gone": "reports/gone.yaml: is a symbolic link, which is not opened; put the file itself there",
        "ledger_weekly": f"'reports/ledger_weekly.yml': {rule}",
        "unnamed_big_report-d09dbbde": f'"reports/Big Report\'.yaml": {rule}',
    }


def test_an_id_given_twice_names_both_files(registry: Registry) -> None:
    created(registry, id="twice")
    text = (registry.settings.reports / "ledger_daily.yaml").read_text()
    git = registry.settings.reports / "twice.yaml"
    git.write_text(text.replace("id: ledger_daily", "id: twice"))
    store = registry.settings.store / "definitions" / "twice.yaml"
    assert [each.key for each in registry.sources()] == ["ledger_daily", "twice"]
    loads: tuple[Callable[[], object], ...] = (
        lambda: registry.definition("twice"),
        lambda: registry.load(registry.sources()[1]),
    )
    for load in loads:
        with pytest.raises(InvalidInput) as refused:
            load()
        assert [str(each) for each in refused.value.problems] == [
            f"{git}: id: 'twice' is also the id of {store}; one of the two files must go"
        ]


@pytest.mark.parametrize("key", ["nothing", "..", "a/b", "../reports/ledger_daily", "", "a\n", "\x00"])
def test_what_is_not_registered_is_not_found(registry: Registry, problems: Problems, key: str) -> None:
    assert problems(lambda: registry.definition(key)) == [f"request: id: no report {key!r} is registered"]


def test_a_directory_that_cannot_be_read_is_no_empty_one(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def fail(path: str | Path) -> object:
        if Path(path) == registry.settings.reports:
            raise OSError(116, "Stale file handle")
        return real(path)

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(StoreError, match=r"reports cannot be read: Stale file handle"):
        registry.sources()
    monkeypatch.undo()
    registry.settings.reports.rename(registry.settings.reports.with_name("moved"))
    with pytest.raises(StoreError, match=r"reports cannot be read: No such file or directory"):
        registry.sources()


def test_a_store_outside_the_project_must_be_there(registry: Registry, tmp_path: Path) -> None:
    elsewhere = Registry(registry.settings.model_copy(update={"store_dir": tmp_path / "mount" / "created"}))
    for read in (elsewhere.sources, elsewhere.generation, lambda: elsewhere.definition("ledger_daily")):
        with pytest.raises(StoreError, match=r"has no definitions/ directory\. Mount it"):
            read()
    elsewhere.store.prepare()
    assert [each.key for each in elsewhere.sources()] == ["ledger_daily"]


def test_generation_changes_with_every_change_and_only_then(registry: Registry) -> None:
    created(registry, id="one")

    def settle() -> str:
        old = time.time() - 60
        for path in registry.settings.home.rglob("*"):
            os.utime(path, (old, old))
        return registry.generation()

    before = settle()
    assert registry.generation() == before
    seen = {before}
    for change in (
        lambda: (registry.settings.reports / "new.yaml").write_text("id: new"),
        (registry.settings.reports / "new.yaml").unlink,
        lambda: registry.stop("one", at=AT, by="ada"),
        lambda: registry.resume("one", at=AT, by="ada"),
        lambda: created(registry, id="two"),
        lambda: (registry.settings.report_types / "x.yaml").write_text(""),
        lambda: registry.settings.account.write_text(registry.settings.account.read_text() + "# x\n"),
    ):
        change()
        seen.add(registry.generation())
        settle()
    assert len(seen) == 8


def test_a_change_beside_another_in_the_same_tick_is_not_missed(registry: Registry) -> None:
    (registry.settings.reports / "new.yaml").write_text("id: new")
    assert registry.generation() != registry.generation()


def test_a_created_report_is_the_file_that_an_engineer_would_write(registry: Registry) -> None:
    definition = registry.create(REQUEST, by="ada", at=AT)
    assert definition.id.startswith("nightly_no-")
    assert (definition.owner, definition.origin, definition.starts_at) == ("ada", Origin.CREATED, AT)
    assert definition.filters["wallet"] == ("1e3",)
    path = registry.settings.store / "definitions" / f"{definition.id}.yaml"
    assert yaml.safe_load(path.read_text()) == {
        "id": definition.id, "name": "Nightly: no", "report_type": "ledger", "owner": "ada",
        "filters": {"kind": ["credit", "debit"], "wallet": ["1e3"]},
        "frequency": {"interval": "daily", "delivery_time": "12:30"},
        "delivery": ["download", {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
        "created_at": "2026-07-15T14:30:00+00:00", "created_by": "ada",
    }  # fmt: skip
    assert registry.definition(definition.id) == definition
    in_git = registry.settings.reports / path.name
    lines = [each for each in path.read_text().splitlines() if not each.startswith("created_")]
    in_git.write_text("\n".join(lines).replace("owner: ada", "owner: ada@example.com"))
    path.unlink()
    assert registry.definition(definition.id).filters == definition.filters


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"frequency": "one_time", "date_range": "past_week"}, [
            "request: frequency: only recurring reports are kept; a one-time export is a run",
        ]),
        ({"created_at": "2020-01-01T00:00:00Z"}, ["request: created_at: is written by the store"]),
        ({"created_by": "eve"}, ["request: created_by: is written by the store"]),
        ({"id": "ledger_daily"}, ["request: id: 'ledger_daily' is the id of reports/ledger_daily.yaml already"]),
        ({"id": "../x"}, [
            "request: id: '../x' is not an id: a-z first, then a-z, 0-9, _ and -, at most 100 characters",
        ]),
        ({"id": "taken"}, [
            "request: id: 'taken' is the id of a created report already;"
            " a created report cannot be changed, duplicate it instead",
        ]),
        ({"delivery": ["download"]}, [
            "request: delivery: a recurring report needs a partner_export; download alone is for one-time reports",
        ]),
    ],
)  # fmt: skip
def test_what_cannot_be_created(
    registry: Registry, problems: Problems, changes: dict[str, object], expected: list[str]
) -> None:
    created(registry, id="taken")
    before = (registry.settings.store / "definitions" / "taken.yaml").read_bytes()
    assert problems(lambda: created(registry, **changes)) == expected
    assert (registry.settings.store / "definitions" / "taken.yaml").read_bytes() == before
    assert [each.key for each in registry.sources()] == ["ledger_daily", "taken"]


def test_starts_on_of_a_created_report_is_not_before_its_creation(registry: Registry) -> None:
    early = registry.create(REQUEST | {"id": "early", "starts_on": "2026-01-01"}, by="ada", at=AT)
    late = registry.create(REQUEST | {"id": "late", "starts_on": "2026-08-01"}, by="ada", at=AT)
    assert (early.starts_at, late.starts_at) == (AT, datetime(2026, 8, 1, 4, tzinfo=UTC))


DRAFT: dict[str, Any] = {
    "name": "June audit",
    "report_type": "ledger",
    "filters": {"wallet": "w", "kind": ["credit"]},
    "frequency": "one_time",
    "date_range": "past_month",
    "delivery": ["download"],
}


def test_a_draft_may_have_either_frequency(registry: Registry) -> None:
    once = registry.draft(DRAFT, by="ada", at=AT)
    assert (once.recurring, once.owner, once.origin, once.filters["wallet"]) == (False, "ada", Origin.CONF, ("w",))
    again = registry.draft(REQUEST, by="ada", at=AT)
    assert again.recurring
    assert not registry.settings.store.exists()


def test_a_recurring_draft_is_what_is_kept_of_it(registry: Registry) -> None:
    draft = registry.draft(REQUEST, by="ada", at=AT)
    kept = registry.create(REQUEST, by="ada", at=AT)
    assert (draft.id, draft.sha256, draft.schedule) == (kept.id, kept.sha256, kept.schedule)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "mine"}, ["request: id: is given by Promo Reports; leave it out"]),
        ({"owner": "eve@example.com"}, ["request: owner: is given by Promo Reports; leave it out"]),
        ({"created_by": "eve"}, ["request: created_by: unknown key"]),
        ({"name": None, "delivery": None}, ["request: name: is required", "request: delivery: is required"]),
        ({"date_range": {"first": "2026-07-01", "last": "2026-07-16"}}, [
            "request: date_range.last: 2026-07-16 is in the future; today is 2026-07-15 in America/New_York",
        ]),
        ({"filters": {"walet": "w", "kind": []}, "report_type": "ledger"}, [
            "request: filters.walet: not a filter of ledger; did you mean 'wallet'? Allowed: wallet, source, kind.",
            "request: filters.wallet: is required: name exactly one value.",
            "request: filters.kind: is empty; name at least one value. Allowed: credit, debit, expired.",
        ]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_draft_is_told_together(
    registry: Registry, problems: Problems, changes: dict[str, object], expected: list[str]
) -> None:
    found = problems(lambda: registry.draft(DRAFT | changes, by="ada", at=AT))
    assert len(found) == len(expected)
    assert all(each.startswith(start) for each, start in zip(found, expected, strict=True)), found


def test_what_is_null_is_left_out(registry: Registry) -> None:
    nulls = {"id": None, "owner": None, "timezone": None, "starts_on": None}
    assert registry.draft(DRAFT | nulls, by="ada", at=AT) == registry.draft(DRAFT, by="ada", at=AT)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"\ud800": 1}, "request: \\ud800: unknown key. Allowed: "),
        ({"name": "\ud800"}, "request: name: holds the control character U+D800"),
        ({"filters": DRAFT["filters"] | {"wallet": "\ud800"}}, "request: filters.wallet: holds the control character"),
        ({"filters": DRAFT["filters"] | {"\ud800": 1}}, "request: filters."),
        ({"frequency": {"interval": "daily", "\ud800": 1}}, "request: frequency."),
        ({"report_type": "\ud800"}, "request: report_type: '\\ud800' "),
        ({"x": object()}, "request: not JSON"),
    ],
)  # fmt: skip
def test_text_that_is_no_unicode_is_refused(
    registry: Registry, problems: Problems, changes: dict[str, object], expected: str
) -> None:
    """JSON can hold half a surrogate pair, which has no UTF-8; pydantic does not name such a key as it is."""
    assert problems(lambda: registry.draft(DRAFT | changes, by="ada", at=AT))[0].startswith(expected)


def test_a_draft_is_no_larger_than_a_file_may_be(registry: Registry, problems: Problems) -> None:
    assert problems(lambda: registry.draft(DRAFT | {"name": "x" * 66_000}, by="ada", at=AT)) == [
        "request: larger than 64 KiB"
    ]


def test_stop_resume_and_delete(registry: Registry, problems: Problems) -> None:
    report, later = created(registry, id="mine"), AT.replace(day=16)
    registry.stop(report, at=AT, by="ada")
    assert registry.definition(report).stops == (Stop(AT),)
    registry.resume(report, at=later, by="bob")
    assert registry.definition(report).stops == (Stop(AT, later),)
    registry.delete(report, at=later, by="bob")
    assert registry.definition(report).stops == (Stop(AT, later), Stop(later))
    assert [each.key for each in registry.sources()] == ["ledger_daily", "mine"]
    assert problems(lambda: registry.resume(report, at=later, by="bob")) == [
        "request: id: 'mine' was deleted and stays stopped; create a new report, or duplicate this one"
    ]
    assert problems(lambda: created(registry, id="mine"))


def test_definitions_in_git_are_stopped_too_but_not_deleted(registry: Registry, problems: Problems) -> None:
    text = (registry.settings.reports / "ledger_daily.yaml").read_bytes()
    registry.stop("ledger_daily", at=AT, by="ada")
    assert registry.definition("ledger_daily").stops == (Stop(AT),)
    assert (registry.settings.reports / "ledger_daily.yaml").read_bytes() == text
    assert problems(lambda: registry.delete("ledger_daily", at=AT, by="ada")) == [
        "request: id: 'ledger_daily' is not a created report; a definition in git is deleted in git"
    ]
    assert problems(lambda: registry.stop("nothing", at=AT, by="ada")) == [
        "request: id: no report 'nothing' is registered"
    ]
    one_time = "id: once\nname: Once\nreport_type: snapshot\nowner: a@b.io\nfilters: {wallet: w}\nfrequency: one_time\n"
    (registry.settings.reports / "once.yaml").write_text(one_time + "delivery: [download]\n")
    assert problems(lambda: registry.stop("once", at=AT, by="ada")) == [
        "request: id: 'once' is a one-time report: there is nothing to stop or resume"
    ]


def test_report_types_that_are_not_there_or_wrongly_named(registry: Registry, problems: Problems) -> None:
    assert registry.report_type("ledger").id == "ledger"
    assert problems(lambda: registry.report_type("x")) == ["request: id: no report type 'x' is there"]
    (registry.settings.report_types / "X-Y.yaml").write_text("id: x\n")
    key = next(each.key for each in registry.report_type_sources() if each.name == "X-Y.yaml")
    assert problems(lambda: registry.report_type(key)) == [
        "'report_types/X-Y.yaml': the file's name must be the report type's id and .yaml:"
        " a-z first, then a-z, 0-9 and _"
    ]


def test_loading_is_cheap(registry: Registry) -> None:
    """Generous limits: what they catch is a mistake of another order, such as a listing for each definition."""
    registry.definition("ledger_daily")
    start = time.process_time()
    for _ in range(100):
        registry.definition("ledger_daily")
    assert time.process_time() - start < 1.0


def test_nothing_heavy_is_imported() -> None:
    heavy = ("airflow", "sqlalchemy", "pandas", "pyarrow", "boto3", "pendulum", "jinja2")
    code = f"""
import sys
import promo_reports.definitions.registry, promo_reports.definitions.schema
print([name for name in {heavy} if name in sys.modules])
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_shipped_definitions_are_good(tmp_path: Path) -> None:
    shipped = Registry(Settings(store_dir=tmp_path))
    shipped.store.prepare()
    assert [str(each.error) for each in shipped.check_all() if each.error] == []


def test_a_file_that_is_named_for_an_id_is_known_without_a_listing(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Registry, "sources", lambda _: pytest.fail("every file was looked at"))
    assert registry.has("ledger_daily")
    assert not registry.has("gone")
    assert not registry.has("../reports/ledger_daily")
