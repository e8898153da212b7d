"""A member is read to its end whatever is asked for at one time."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.strict_zip import check_directory, members
from promo_reports.pipeline.formats.zip_archive import ZipArchive
from tests.support.second_reading import finished


def archive(path: Path, content: bytes) -> Path:
    """A ZIP of one member."""
    with path.open("wb") as file:
        made = ZipArchive(file)
        member = made.open_member("ledger.csv")
        member.write(content)
        made.close_member(member)
        made.close()
    return path


def read(path: Path, most: int) -> bytes:
    return read_from(finished(path), most)


def read_from(growing: GrowingFile, most: int) -> bytes:
    content, found = io.BytesIO(), []
    with growing as file:
        for member in members(file):
            while data := member.read(most):
                assert len(data) <= most
                content.write(data)
            found.append(member)
        check_directory(file, found)
    return content.getvalue()


@pytest.mark.parametrize("row", [b"1,2\n", b",,,\n", b"f,t,0\n"])
def test_the_last_bytes_may_wait_in_inflate(row: bytes, tmp_path: Path) -> None:
    """Repetitive rows end in one long match, which may have been taken whole while there was no room for its bytes."""
    content = b"a,b\n" + row * 131
    path = archive(tmp_path / "ledger.zip", content)
    for most in range(1, len(content) + 2):
        assert read(path, most) == content


def test_a_member_that_is_cut_off_is_still_found(tmp_path: Path) -> None:
    path = archive(tmp_path / "ledger.zip", b"a,b\n" + b"1,2\n" * 131)
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as listed:
        size = listed.infolist()[0].compress_size
    begin = whole.index(b"ledger.csv") + len(b"ledger.csv") + 20
    path.write_bytes(whole[: begin + size - 3] + b"\0\0\0" + whole[begin + size :])
    for most in (1, 100, 527, 10_000):
        with pytest.raises(zipfile.BadZipFile):
            read(path, most)


def test_a_directory_that_is_still_written_is_waited_for(tmp_path: Path) -> None:
    content = b"a,b\n1,2\n"
    path = archive(tmp_path / "ledger.zip", content)
    whole = path.read_bytes()
    begun = whole.index(b"PK\x01\x02") + 40
    path.write_bytes(whole[:begun])
    growing = GrowingFile(path)
    growing.grown(begun)
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(read_from, growing, 100)
        with pytest.raises(TimeoutError):
            reading.result(timeout=0.2)
        path.write_bytes(whole)
        growing.finish()
        assert reading.result() == content
