"""The second reading follows the file as it is written, finds the same as afterwards, and ends with the export."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promo_reports.domain.file_format import CSV, CSV_GZ, FORMATS, ZIP, FileFormat
from promo_reports.errors import DataRefused, ReconciliationError
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.formats.background import Background
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.pipeline.verification.second_reading import SecondReading
from promo_reports.sql.cell_policies.transform import UNCHANGED
from tests.support.databases.promo import MOVES, SCALED, Project, Promo, export, numbered
from tests.support.end_to_end.live import until
from tests.support.headings import of_type
from tests.support.second_reading import read_again

HEADING = of_type(SCALED)
REST = "," * (len(MOVES.columns) - 5)


def records(first: int, count: int, points: str = "1.00") -> bytes:
    return "".join(
        f'{n},2026-03-01 12:00:00.{n:05}1+00,in,"a ""note"",\n\nof {n}",{points}{REST}\n'
        for n in range(first, first + count)
    ).encode()


@pytest.fixture(params=list(FORMATS.values()), ids=list(FORMATS))
def artifact(request: pytest.FixtureRequest, tmp_path: Path) -> Artifact:
    return Artifact(tmp_path, "moves", HEADING, request.param)


def following(artifact: Artifact) -> SecondReading:
    return SecondReading(artifact.written, artifact.format, HEADING, Tally(SCALED, UNCHANGED))


@pytest.mark.parametrize("artifact", [CSV, ZIP, CSV_GZ], ids=lambda each: each.key, indirect=True)
def test_rows_are_read_before_the_last_is_written(artifact: Artifact) -> None:
    with following(artifact) as reading, artifact:
        artifact.begin(1)
        for number in range(40):
            artifact.write(records(10_000 * number, 10_000), 10_000)
        until(lambda: reading._tally.rows > 0, "rows are read")
        artifact.write(records(400_000, 1), 1)
        artifact.end()
    # The block of the reading was left with the artifact's: what it found is not asked for.
    assert reading._ended.is_set()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.integers(0, 400), min_size=1, max_size=4), min_size=1, max_size=4))
def test_the_same_is_found_as_afterwards(batches: list[list[int]], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of any number of parts, written in any pieces."""
    artifact = Artifact(tmp_path_factory.mktemp("moves"), "moves", HEADING, ZIP)
    row = 0
    with following(artifact) as reading:
        with artifact:
            for number, part in enumerate(batches, start=1):
                artifact.begin(number)
                for count in filter(None, part):
                    artifact.write(records(row, count), count)
                    row += count
                artifact.end()
        found = reading.result(artifact.spans)
    assert found.rows == row
    assert [part.rows for part in found.parts] == [part.rows for part in artifact.parts]
    assert found == read_again(artifact.path, ZIP, SCALED, transform=UNCHANGED, spans=artifact.spans)


def test_it_ends_when_the_copy_fails(artifact: Artifact) -> None:
    def fail() -> None:
        with reading, artifact:
            artifact.begin(1)
            artifact.write(records(0, 10), 10)
            raise LookupError

    reading = following(artifact)
    with pytest.raises(LookupError):
        fail()
    reading._thread.join(30)
    assert not reading._thread.is_alive()


def test_it_ends_when_nothing_has_been_written(artifact: Artifact) -> None:
    with pytest.raises(LookupError), following(artifact) as reading:
        raise LookupError
    reading._thread.join(30)
    assert not reading._thread.is_alive()


def test_a_cell_that_no_file_may_carry_is_told_at_the_end(artifact: Artifact) -> None:
    """Where the format can hold it, by the second reading."""

    def read() -> None:
        with following(artifact) as reading:
            with artifact:
                artifact.begin(1)
                artifact.write(records(0, 10, points="NaN"), 10)
                artifact.write(records(10, 10), 10)
                artifact.end()
            reading.result(artifact.spans)

    with pytest.raises(DataRefused, match="olumn 'points' holds"):
        read()


def _flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("damage", [_flip, lambda path, at: path.write_bytes(path.read_bytes()[:-1])])
def test_what_changes_after_it_was_read_is_found(artifact: Artifact, damage: Callable[[Path, int], object]) -> None:
    with following(artifact) as reading:
        with artifact:
            artifact.begin(1)
            artifact.write(records(0, 10), 10)
            artifact.end()
        assert reading._ended.wait(30)
        damage(artifact.path, artifact.path.stat().st_size // 2)
        with pytest.raises(ReconciliationError, match="is not what was written"):
            reading.result(artifact.spans)


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    before = {thread.name for thread in threading.enumerate()}
    yield
    until(lambda: {thread.name for thread in threading.enumerate()} <= before, "the threads end")


@pytest.mark.usefixtures("no_thread_is_left")
@pytest.mark.parametrize("file_format", [CSV, ZIP])
def test_an_export_that_fails_leaves_no_thread(
    file_format: FileFormat, promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    promo.load(*numbered(10))

    def full(self: Background, job: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Background, "submit", full)
    with pytest.raises(Exception, match="is full"):
        project.make(promo.source, export(), rows_per_file=1_000 if file_format is CSV else 3)


def test_it_ends_when_a_signal_comes_while_it_begins(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = following(artifact)
    start = reading._thread.start

    def interrupted() -> None:
        start()
        raise KeyboardInterrupt

    monkeypatch.setattr(reading._thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reading.__enter__()
    reading._thread.join(30)
    assert not reading._thread.is_alive()
