"""A FIFO, a socket or a link in the place of a file hurts that file alone: nothing waits, and no target is named."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from promo_reports.definitions.registry import Registry
from promo_reports.errors import InvalidInput, SqlTemplateError, StoreError
from promo_reports.sql.template import load_template
from tests.support.special_files import SPECIAL_FILES

AT = datetime(2026, 7, 15, 14, 30, tzinfo=UTC)
SECRET = "/etc/hostname"
KINDS = ["a FIFO", "a socket", "a symbolic link"]
RECURRING: dict[str, Any] = {
    "id": "made",
    "name": "Made",
    "report_type": "ledger",
    "filters": {"wallet": "w1", "kind": "credit"},
    "frequency": {"interval": "daily"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}
Told = Callable[[Callable[[], object]], list[str]]


def in_place_of(path: Path, kind: str) -> None:
    path.unlink(missing_ok=True)
    SPECIAL_FILES[kind](path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["reports", "definitions"])
def test_a_definition(registry: Registry, kind: str, place: str) -> None:
    registry.store.prepare()
    directory = registry.settings.reports if place == "reports" else (registry.settings.store / "definitions")
    in_place_of(directory / "odd.yaml", kind)
    outcome = {each.source.key: each for each in registry.check_all()}
    assert outcome["ledger_daily"].error is None
    (problem,) = outcome["odd"].error.problems  # type: ignore[union-attr]
    assert problem.message == f"is {kind}, which is not opened; put the file itself there"
    assert SECRET not in str(problem)
    assert registry.look_at_reports() == registry.look_at_reports()


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_type(registry: Registry, problems: Told, kind: str) -> None:
    in_place_of(registry.settings.report_types / "odd.yaml", kind)
    assert problems(lambda: registry.report_type("odd")) == [
        f"report_types/odd.yaml: is {kind}, which is not opened; put the file itself there"
    ]
    assert registry.report_type("ledger").id == "ledger"


@pytest.mark.parametrize("kind", KINDS)
def test_the_account(registry: Registry, kind: str) -> None:
    in_place_of(registry.settings.account, kind)
    with pytest.raises(InvalidInput, match=f"is {kind}, which is not opened") as told:
        assert registry.account
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_and_the_query_of_a_filter(registry: Registry, problems: Told, kind: str) -> None:
    in_place_of(registry.settings.sql / "odd.sql", kind)
    with pytest.raises(SqlTemplateError, match=f"odd.sql: is {kind}, which is not opened"):
        load_template(registry.settings.sql, "odd")
    (registry.settings.sql / "big.sql").write_text("SELECT 1")
    os.truncate(registry.settings.sql / "big.sql", 10 << 30)
    with pytest.raises(SqlTemplateError, match="is larger than 1024 KiB"):
        load_template(registry.settings.sql, "big")
    in_place_of(registry.settings.sql / "options" / "wallets.sql", kind)
    assert any("wallets.sql is no regular file" in each for each in problems(lambda: registry.report_type("ledger")))


@pytest.mark.parametrize("kind", KINDS)
def test_stop_marks(registry: Registry, kind: str) -> None:
    """Above all a link to nothing is no report that was never stopped."""
    registry.create(RECURRING, by="ada@example.com", at=AT)
    marks = (registry.settings.store / "state") / "made.yaml"
    in_place_of(marks, kind)
    for call in (lambda: registry.definition("made"), lambda: registry.stop("made", at=AT, by="ada")):
        with pytest.raises(InvalidInput, match=f"is {kind}, which is not opened"):
            call()
    in_place_of(marks, "a symbolic link")
    marks.unlink()
    marks.symlink_to("nowhere")
    with pytest.raises(InvalidInput, match="is a symbolic link"):
        registry.definition("made")


@pytest.mark.parametrize("kind", KINDS)
def test_an_idempotency_key(registry: Registry, kind: str) -> None:
    registry.store.prepare()
    registry.store.claim("key", {}, by="ada", at=AT)
    (path,) = (registry.settings.store / "requests").glob("*.json")
    in_place_of(path, kind)
    with pytest.raises(StoreError, match=f"it is {kind}"):
        registry.store.claim("key", {}, by="ada", at=AT)


def test_a_lock_that_is_a_link_is_not_followed(registry: Registry, tmp_path: Path) -> None:
    """What is there already is replaced under the lock."""
    registry.create(RECURRING, by="ada@example.com", at=AT)
    registry.stop("made", at=AT, by="ada")
    (registry.settings.store / ".lock").unlink(missing_ok=True)
    (registry.settings.store / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        registry.resume("made", at=AT, by="ada")
    assert not (tmp_path / "elsewhere").exists()


def test_an_id_whose_place_is_taken_by_a_link(registry: Registry, problems: Told) -> None:
    (registry.settings.reports / "made.yaml").symlink_to("nowhere")
    assert problems(lambda: registry.create(RECURRING, by="ada@example.com", at=AT)) == [
        "request: id: 'made' is the id of reports/made.yaml already"
    ]


def test_the_directories_themselves_may_be_links(registry: Registry, tmp_path: Path) -> None:
    """As git-sync has them: `current` leads to the checkout of a commit."""
    for name in ("reports", "report_types", "include"):
        moved = tmp_path / "commit" / name
        shutil.move(registry.settings.home / name, moved)
        (registry.settings.home / name).symlink_to(moved)
    assert registry.definition("ledger_daily").id == "ledger_daily"
    assert load_template(registry.settings.sql / "options", "wallets")
