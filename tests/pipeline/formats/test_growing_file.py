"""What is read of a file that is still written: what is on disk and no more, and no wait is without an end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from promo_reports.pipeline.formats.growing_file import Abandoned, GrowingFile, read_all

SECONDS = 30


@pytest.fixture
def growing(tmp_path: Path) -> GrowingFile:
    return GrowingFile(tmp_path / "ledger.csv")


def test_no_more_is_read_than_the_writer_has_told(growing: GrowingFile) -> None:
    growing.path.write_bytes(b"abcdef")
    growing.grown(4)
    with growing:
        assert (growing.read(3), growing.read(3)) == (b"abc", b"d")
        growing.finish()
        assert (growing.read(9), growing.read(9)) == (b"ef", b"")


def test_a_finished_file_is_read_to_the_end_that_it_has(growing: GrowingFile) -> None:
    growing.path.write_bytes(b"abcdef")
    growing.grown(4)
    growing.finish()
    with growing:
        assert growing.read(9) == b"abcdef"
        growing.position = 1
        assert (read_all(growing, 2), growing.read_at(0, 2), read_all(growing, 9)) == (b"bc", b"ab", b"def")


def test_a_file_that_has_become_shorter_has_ended(growing: GrowingFile) -> None:
    growing.path.write_bytes(b"ab")
    growing.grown(4)
    with growing:
        assert (read_all(growing, 4), growing.read(4)) == (b"ab", b"")


@pytest.mark.parametrize("waits", [True, False])
def test_the_reader_waits_until_it_is_told_of_more(waits: bool, growing: GrowingFile) -> None:
    found: list[bytes] = []
    begun = threading.Event()

    def read() -> None:
        begun.set()
        found.append(growing.read(9))

    with growing, growing.path.open("wb") as file:
        reader = threading.Thread(target=read)
        reader.start()
        assert begun.wait(SECONDS)
        file.write(b"abc")
        file.flush()
        assert not found
        if waits:
            growing.grown(3)
        else:
            growing.finish()
        reader.join(SECONDS)
    assert found == [b"abc"]


@pytest.mark.parametrize("finished", [True, False])
def test_an_abandoned_file_is_read_no_further(finished: bool, growing: GrowingFile) -> None:
    growing.path.write_bytes(b"ab")
    if finished:
        growing.finish()
    errors: list[BaseException] = []

    def read() -> None:
        try:
            growing.read(1)
        except Abandoned as error:
            errors.append(error)

    reader = threading.Thread(target=read)
    with growing:
        if finished:
            growing.abandon()
        reader.start()
        growing.abandon()
        reader.join(SECONDS)
    assert len(errors) == 1
