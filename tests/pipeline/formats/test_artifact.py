"""The artifact on disk: its name, its parts, and what is left when writing fails."""

from __future__ import annotations

import errno
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from promo_reports.domain.file_format import CSV, FORMATS, ZIP, FileFormat
from promo_reports.pipeline.formats.artifact import Artifact, WrittenPart
from promo_reports.pipeline.formats.background import Background
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from tests.support.headings import of_texts

HEADING = of_texts("id", "note")


def write(directory: Path, *parts: list[bytes], file_format: FileFormat) -> Artifact:
    artifact = Artifact(directory, "ledger_2026-03-01", HEADING, file_format=file_format)
    with artifact:
        for number, batches in enumerate(parts, start=1):
            artifact.begin(number)
            for batch in batches:
                artifact.write(batch, batch.count(b"\n"))
            artifact.end()
    return artifact


def test_a_csv(tmp_path: Path) -> None:
    artifact = write(tmp_path, [b"1,a\n", b"2,b\n3,c\n"], file_format=CSV)
    content = b"id,note\n1,a\n2,b\n3,c\n"
    assert artifact.path == tmp_path / "ledger_2026-03-01.csv"
    assert artifact.path.read_bytes() == content
    assert artifact.parts == [WrittenPart("ledger_2026-03-01.csv", 3, 20, hashlib.sha256(content).hexdigest())]
    assert artifact.spans == [ChecksummedSpan.of(content)]


def test_a_zip(tmp_path: Path) -> None:
    artifact = write(tmp_path, [b"1,a\n"], [b"2,b\n", b"3,c\n"], file_format=ZIP)
    assert artifact.path.name == "ledger_2026-03-01.zip"
    with zipfile.ZipFile(artifact.path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "ledger_2026-03-01_0001.csv": b"id,note\n1,a\n",
            "ledger_2026-03-01_0002.csv": b"id,note\n2,b\n3,c\n",
        }
    assert [(part.name, part.rows) for part in artifact.parts] == [
        ("ledger_2026-03-01_0001.csv", 1),
        ("ledger_2026-03-01_0002.csv", 2),
    ]


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS.keys())
def test_names_that_sort_and_never_overwrite(file_format: FileFormat, tmp_path: Path) -> None:
    write(tmp_path, [b"1,a\n"], file_format=file_format)
    with pytest.raises(FileExistsError):
        write(tmp_path, [b"1,a\n"], file_format=file_format)


class FullDisk(io.BytesIO):
    """Takes so many bytes and then no more, not even when it is closed."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)

    def close(self) -> None:
        super().close()
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS.keys())
@pytest.mark.parametrize("room", [0, 70, 500, 10_000])
def test_a_full_disk_surfaces(
    file_format: FileFormat, room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "open", lambda *a, **k: FullDisk(room))
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, [b"%d,abcdefghijklm\n" % n for n in range(50)], file_format=file_format)


def test_why_the_block_is_left_is_not_hidden_by_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "open", lambda *a, **k: FullDisk(0))
    artifact = Artifact(tmp_path, "a", HEADING, file_format=CSV)
    with pytest.raises(KeyboardInterrupt), artifact:
        raise KeyboardInterrupt


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS.keys())
def test_a_file_is_closed_when_the_block_fails(file_format: FileFormat, tmp_path: Path) -> None:
    artifact = Artifact(tmp_path, "a", HEADING, file_format=file_format)

    def fail() -> None:
        artifact.begin(1)
        raise KeyError

    with pytest.raises(KeyError), artifact:
        fail()
    assert artifact._file.closed


def test_an_interruption_while_it_opens_leaves_no_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Background) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Background, "__enter__", interrupt)
    artifact = Artifact(tmp_path, "a", HEADING, file_format=CSV)
    with pytest.raises(KeyboardInterrupt):
        artifact.__enter__()
    assert artifact._file.closed
