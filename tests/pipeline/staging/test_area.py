"""What every staging area keeps: sealed attempts whole, each run's own alone, and nothing of what has failed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from promo_reports.delivery import publish
from promo_reports.domain.delivery import Download, PartnerExport
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import HandoverRefused, StagingError
from promo_reports.object_stores.staged_export import StagedDelivery, StagedExport
from promo_reports.pipeline.staging.area import StagingArea
from tests.support.databases.promo import export
from tests.support.delivery.exports import LATE, LocalPlace, staged_manifest
from tests.support.delivery.interruptions import Terminated
from tests.support.delivery.staging_areas import CONTENT, Staging, place_of, stage

OF = export()
TWO = (Download(), PartnerExport("amazon_s3", "bi-exports", "daily"))


def opened(area: StagingArea, staged: StagedExport) -> StagedExport:
    """The attempt as deliver opens it, by the address in its handover."""
    return area.open(staged.address, dag_id=staged.manifest.dag_id, run_id=staged.manifest.run_id)


def test_what_one_worker_has_staged_another_one_delivers(staging: Staging, local: LocalPlace) -> None:
    staged = stage(staging.worker("one"), destinations=TWO)
    found = opened(staging.worker("two"), staged)
    assert ([each.destination for each in found.deliveries], found.address) == (list(TWO), staged.address)
    assert found.manifest.to_json() == staged.manifest.to_json()
    assert publish(found, local.area).changed
    (file,) = staged.manifest.files
    assert local.contents() == {"manifest.json": staged.manifest.to_json(), file.name: CONTENT}
    assert staging.on_scratch() == []
    place = place_of(staged)
    assert staging.names() == [f"{place}/{name}" for name in sorted((file.name, "destinations.json", "manifest.json"))]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Terminated])
def test_a_failed_attempt_leaves_nothing(staging: Staging, error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(error):
        stage(staging.worker(), before_seal=fail)
    assert (staging.names(), staging.on_scratch()) == ([], [])


def test_a_new_attempt_removes_the_earlier_ones_of_its_run(staging: Staging) -> None:
    other_run = stage(staging.worker("one"), export(run_id="other"))
    first = stage(staging.worker("one"))
    second = stage(staging.worker("two"), content=b"again\n")
    with pytest.raises(StagingError, match="is gone"):
        opened(staging.worker(), first)
    assert opened(staging.worker(), second).manifest.to_json() == second.manifest.to_json()
    assert opened(staging.worker(), other_run).manifest.to_json() == other_run.manifest.to_json()
    assert {name.rpartition("/")[0] for name in staging.names()} == {place_of(second), place_of(other_run)}


def test_an_attempt_that_is_not_sealed_is_not_opened(staging: Staging) -> None:
    seen: list[str] = []
    with staging.worker().attempt(OF) as attempt:
        (attempt.directory / "Wallets-0123abcd.csv").write_bytes(CONTENT)
        with pytest.raises(StagingError, match="is gone"):
            staging.worker("two").open(str(attempt.directory), dag_id=OF.dag_id, run_id=OF.run_id)
        seen.extend(name for name in staging.names() if name.endswith("manifest.json"))
    assert seen == []


def test_of_two_overlapping_attempts_none_gets_a_file_of_the_other(staging: Staging, local: LocalPlace) -> None:
    later: list[StagedExport] = []
    try:
        first = stage(
            staging.worker("one"),
            content=b"first\n",
            before_seal=lambda: later.append(stage(staging.worker("two"), content=b"second\n")),
        )
    except StagingError:
        pass  # a directory has lost the attempt that began first
    else:
        assert opened(staging.worker(), first).manifest.to_json() == first.manifest.to_json()
    (second,) = later
    publish(opened(staging.worker(), second), local.area)
    assert local.contents() == {
        "manifest.json": second.manifest.to_json(),
        second.manifest.files[0].name: b"second\n",
    }


@pytest.mark.parametrize("dag_id", [OF.dag_id, "promo_reports.type.moves"])
@pytest.mark.parametrize("run_id", [OF.run_id, "other"])
def test_a_handover_leads_to_nothing_but_what_its_own_run_has_staged(
    staging: Staging, dag_id: str, run_id: str
) -> None:
    """Whoever may write XComs may write any address."""
    theirs = stage(staging.worker(), replace(export(run_id="theirs"), dag_id="promo_reports.type.moves"))
    own = stage(staging.worker(), replace(export(run_id=run_id), dag_id=dag_id))
    report, run, attempt = place_of(theirs).split("/")
    beside = own.address.rsplit("/", 2)[0]
    forged: list[object] = [
        theirs.address,
        f"{own.address}/../../{run}/{attempt}",
        f"{beside}/{run}/{attempt}",
        f"s3://another-bucket/{report}/{run}/{attempt}",
        f"{own.address}/manifest.json",
        "",
        "a\0b",
        None,
        7,
        [own.address],
    ]
    for each in forged:
        with pytest.raises(HandoverRefused, match="was not staged by this run") as refused:
            staging.worker().open(each, dag_id=dag_id, run_id=run_id)
        assert not refused.value.retryable
    # Only the end of an address counts: no bucket or directory but the area's own is asked.
    elsewhere = f"s3://another-bucket/{place_of(own)}"
    assert staging.worker().open(elsewhere, dag_id=dag_id, run_id=run_id).manifest.to_json() == own.manifest.to_json()


def test_a_foreign_manifest_in_a_runs_own_place_is_refused(staging: Staging) -> None:
    own = stage(staging.worker())
    staging.put(f"{place_of(own)}/manifest.json", staged_manifest(run_id="theirs").to_json())
    with pytest.raises(HandoverRefused):
        opened(staging.worker(), own)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: content[:-9], "is damaged"),
        (lambda content: b"", "is damaged"),
        (lambda content: b"\xff", "is damaged"),
        (lambda content: b"[]", "is damaged"),
        (lambda content: json.dumps({"format_version": 99}).encode(), "is damaged"),
        (lambda content: None, "is gone"),
    ],
)
def test_a_manifest_that_is_damaged_or_gone(
    staging: Staging, damage: Callable[[bytes], bytes | None], words: str
) -> None:
    staged = stage(staging.worker())
    name = f"{place_of(staged)}/manifest.json"
    content = damage(staging.get(name))
    staging.delete(name) if content is None else staging.put(name, content)
    with pytest.raises(StagingError, match=words) as refused:
        opened(staging.worker(), staged)
    assert "Clear the task extract of this run." in str(refused.value)


@pytest.mark.parametrize("content", [b"a,b\n1,3\n", b"", b"a,b\n1,2\nand more\n", None])
def test_a_staged_file_that_is_damaged_or_gone_is_not_delivered(
    staging: Staging, local: LocalPlace, content: bytes | None
) -> None:
    before = stage(staging.worker(), content=b"before\n")
    publish(before, local.area)
    later = stage(staging.worker(), snapshot_at=LATE)
    name = f"{place_of(later)}/{later.manifest.files[0].name}"
    staging.delete(name) if content is None else staging.put(name, content)
    with pytest.raises(StagingError, match="Clear the"):
        publish(opened(staging.worker("two"), later), local.area)
    assert local.contents() == {"manifest.json": before.manifest.to_json(), before.manifest.files[0].name: b"before\n"}
    assert (local.unfinished(), staging.on_scratch()) == ([], [])


def test_files_go_when_every_destination_has_them(staging: Staging, local: LocalPlace) -> None:
    staged = stage(staging.worker(), destinations=TWO)
    name = f"{place_of(staged)}/{staged.manifest.files[0].name}"
    publish(staged, local.area)
    for worker in ("one", "two"):
        staging.worker(worker).mark_delivered(opened(staging.worker(), staged), 1, 2)
        assert name in staging.names()
    staging.worker("two").mark_delivered(staged, 2, 2)
    assert name not in staging.names()
    again = opened(staging.worker("one"), staged)
    assert again.manifest.to_json() == staged.manifest.to_json()
    assert not publish(again, local.area).changed
    staging.worker("one").mark_delivered(again, 2, 2)


def two_shapes(area: StagingArea) -> StagedExport:
    """An attempt with two files, of which the first destination and the last get the same one."""
    with area.attempt(OF) as attempt:
        manifests = []
        for content in (CONTENT, b"a,b\n1,'2\n"):
            digest = hashlib.sha256(content).hexdigest()
            file = ExportFile(f"Wallets-{digest[:8]}.csv", 1, len(content), digest)
            (attempt.directory / file.name).write_bytes(content)
            manifests.append(staged_manifest(file, dag_id=OF.dag_id, run_id=OF.run_id))
        again = StagedDelivery(PartnerExport("amazon_s3", "bi-exports", "again"), manifests[0])
        first, second = (StagedDelivery(*each) for each in zip(reversed(TWO), manifests, strict=True))
        return attempt.seal((first, second, again))


def test_each_destination_gets_the_file_of_its_own_shape(staging: Staging, local: LocalPlace) -> None:
    staged = two_shapes(staging.worker("one"))
    found = opened(staging.worker("two"), staged)
    assert [each.destination for each in found.deliveries] == [each.destination for each in staged.deliveries]
    texts = [each.manifest.to_json() for each in staged.deliveries]
    assert [found.at(index).manifest.to_json() for index in range(3)] == texts
    assert (texts[0] == texts[2], texts[0] == texts[1]) == (True, False)
    for index, content in enumerate([CONTENT, b"a,b\n1,'2\n", CONTENT]):
        publish(found.at(index), local.area)
        (name,) = set(local.contents()) - {"manifest.json"}
        assert local.contents() == {"manifest.json": texts[index], name: content}
    place, worker = place_of(staged), staging.worker()
    beside = [f"{place}/{name}" for name in ("destinations.json", "manifest-2.json", "manifest.json")]
    for index in range(3):
        assert len(staging.names()) == len(beside) + 2 + index
        worker.mark_delivered(found.at(index), index + 1, 3)
    assert [name for name in staging.names() if ".delivered" not in name] == beside


@pytest.mark.parametrize(
    "name", ["manifest-3.json", "manifest.json/../x", "../manifest-2.json", "manifest-0.json", 2, None]
)
def test_a_destination_that_names_no_manifest_of_its_attempt(staging: Staging, name: object) -> None:
    staged = two_shapes(staging.worker())
    address = f"{place_of(staged)}/destinations.json"
    values = json.loads(staging.get(address))
    values[1]["manifest"] = name
    staging.put(address, json.dumps(values).encode())
    with pytest.raises(StagingError, match="is damaged"):
        opened(staging.worker(), staged)


def test_a_manifest_of_another_run_beside_its_own_is_refused(staging: Staging) -> None:
    staged = two_shapes(staging.worker())
    staging.put(f"{place_of(staged)}/manifest-2.json", staged_manifest(run_id="theirs").to_json())
    with pytest.raises(HandoverRefused):
        opened(staging.worker(), staged)


def test_a_run_is_discarded(staging: Staging) -> None:
    stage(staging.worker())
    other = stage(staging.worker(), export(run_id="other"))
    staging.worker("two").discard(OF)
    assert {name.rpartition("/")[0] for name in staging.names()} == {place_of(other)}
    staging.worker().discard(OF)


def test_old_attempts_are_swept_and_nothing_else(staging: Staging) -> None:
    staged = stage(staging.worker())
    staging.worker().mark_delivered(staged, 1, 2)
    killed = f"daily_moves/{'0' * 32}/{'f' * 32}/Wallets-0123abcd.csv"
    staging.put(killed, b"half")
    others = ["README", f"{place_of(staged).rpartition('/')[0]}/notes.txt", "airflow/dag_bundles/x.py", ".hidden/a/b/c"]
    for each in others:
        staging.put(each, b"theirs")
    now, hour = datetime.now(UTC), timedelta(hours=1)
    assert staging.worker("two").sweep(older_than=now - hour).removed == ()
    swept = staging.worker("two").sweep(older_than=now + hour)
    assert sorted(swept.removed) == sorted([place_of(staged), killed.rpartition("/")[0]])
    assert (swept.failed, swept.in_use, swept.bytes >= len(CONTENT) + 4) == ((), (), True)
    assert staging.names() == sorted(others)
    with pytest.raises(StagingError, match="is gone"):
        opened(staging.worker(), staged)
    with pytest.raises(ValueError, match="timezone"):
        staging.worker().sweep(older_than=datetime(2026, 1, 1))  # noqa: DTZ001
