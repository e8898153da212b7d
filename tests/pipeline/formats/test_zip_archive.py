"""The archive, read by readers that others wrote."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promo_reports.pipeline.formats.zip_archive import ZipArchive

MEMBERS = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\"), min_size=1, max_size=20),
        st.lists(st.binary(max_size=300), max_size=4),
    ),
    max_size=5,
    unique_by=lambda member: member[0],
)


def write(file: BinaryIO, members: list[tuple[str, list[bytes]]]) -> ZipArchive:
    archive = ZipArchive(file)
    for name, pieces in members:
        member = archive.open_member(name)
        for piece in pieces:
            member.write(piece)
        archive.close_member(member)
    archive.close()
    return archive


@settings(max_examples=200, deadline=None)
@given(MEMBERS)
def test_zipfile_reads_what_was_written(members: list[tuple[str, list[bytes]]]) -> None:
    file = io.BytesIO()
    write(file, members)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [name for name, _ in members]
        assert [archive.read(name) for name, _ in members] == [b"".join(pieces) for _, pieces in members]


@settings(max_examples=50, deadline=None)
@given(MEMBERS)
def test_the_same_members_give_the_same_bytes(members: list[tuple[str, list[bytes]]]) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    write(first, members)
    write(second, members)
    assert first.getvalue() == second.getvalue()


@settings(max_examples=50, deadline=None)
@given(MEMBERS)
def test_the_stretches_are_the_whole_file(members: list[tuple[str, list[bytes]]]) -> None:
    file = io.BytesIO()
    archive = write(file, members)
    assert sum(span.length for span in archive.spans) == len(file.getvalue())


@settings(max_examples=100, deadline=None)
@given(MEMBERS, st.integers(0, 5))
def test_archives_put_together_are_the_archive_of_all_members(
    members: list[tuple[str, list[bytes]]], alone: int
) -> None:
    """Some members written here, each of the others into an archive of its own."""
    whole, stitched = io.BytesIO(), io.BytesIO()
    expected, archive = write(whole, members), ZipArchive(stitched)
    for index, (name, pieces) in enumerate(members):
        if index == alone:
            member = archive.open_member(name)
            for piece in pieces:
                member.write(piece)
            archive.close_member(member)
        else:
            file = io.BytesIO()
            other = write(file, [(name, pieces)])
            file.seek(0)
            archive.append(other, file)
    archive.close()
    assert stitched.getvalue() == whole.getvalue()
    assert archive.spans == expected.spans


def test_what_the_archive_says_of_itself() -> None:
    file = io.BytesIO()
    write(file, [("größe.csv", [b"a\n" * 1000])])
    with zipfile.ZipFile(file) as archive:
        (info,) = archive.infolist()
    assert info.date_time == (1980, 1, 1, 0, 0, 0)
    assert info.compress_type == zipfile.ZIP_DEFLATED
    assert (info.create_system, info.external_attr >> 16) == (3, 0o100644)
    assert zlib.crc32(b"a\n" * 1000) == info.CRC
    assert (info.file_size, info.compress_size < 100) == (2000, True)


@pytest.mark.parametrize("program", [["unzip", "-tqq"], ["zip", "-Tqq"]], ids=["unzip", "zip"])
def test_info_zip_reads_it(program: list[str], tmp_path: Path) -> None:
    """What Debian calls unzip and zip; where they are not installed, zipfile has been the judge above."""
    path = tmp_path / "a.zip"
    with path.open("wb") as file:
        write(file, [(f"teil_{n}_größe.csv", [b"id,note\n", b"1,a\n" * n]) for n in range(20)])
    if shutil.which(program[0]):
        answer = subprocess.run([*program, str(path)], capture_output=True, text=True, check=False)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_more_members_than_a_plain_archive_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with path.open("wb") as file:
        archive = ZipArchive(file)
        for n in range(65_600):
            member = archive.open_member(f"{n}.csv")
            if n % 10_000 == 0:
                member.write(b"a\n")
            archive.close_member(member)
        archive.close()
    with zipfile.ZipFile(path) as read:
        assert len(read.namelist()) == 65_600
        assert read.read("60000.csv") == b"a\n"
        assert read.read("65599.csv") == b""
    end = path.read_bytes()[-56 - 20 - 22 :]  # zipfile finds members without these counts, other readers do not
    signature, on_this_disk, in_all = struct.unpack_from("<4s20x2Q", end)
    assert (signature, on_this_disk, in_all) == (b"PK\x06\x06", 65_600, 65_600)
    assert struct.unpack_from("<4s4x2H", end, 56 + 20) == (b"PK\x05\x06", 0xFFFF, 0xFFFF)


class Sparse(io.BytesIO):
    """A file that begins far beyond 4 GiB; what lies before is not kept."""

    def __init__(self, start: int) -> None:
        super().__init__()
        self.start = start

    def tell(self) -> int:
        return super().tell() + self.start

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        return super().seek(offset - self.start) + self.start


def test_a_member_beyond_four_gib_is_found(tmp_path: Path) -> None:
    beyond = (1 << 32) + 12_345
    file = Sparse(beyond)
    write(file, [("a.csv", [b"a\n"]), ("b.csv", [b"b\n"])])
    path = tmp_path / "a.zip"
    with path.open("wb") as real:  # a hole: no disk is used
        real.seek(beyond)
        real.write(file.getvalue())
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("a.csv").header_offset == beyond
        assert archive.read("b.csv") == b"b\n"


def test_a_member_larger_than_four_gib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the sizes are large: a deflater that claims 5 GiB for the first write."""
    file = io.BytesIO()
    archive = ZipArchive(file)
    member = archive.open_member("a.csv")
    member.write(b"a\n")
    monkeypatch.setattr(member._deflated, "size", 5 << 30)
    monkeypatch.setattr(member._deflated, "_packed", (6 << 30) + member._deflated._packed)
    entry = member.close()
    assert (entry.plain, entry.packed >> 30) == (5 << 30, 6)
    archive._entries.append(entry)
    archive.close()
    with zipfile.ZipFile(file) as read:
        info = read.getinfo("a.csv")
    assert (info.file_size, info.compress_size) == (entry.plain, entry.packed)
    local = file.getvalue()[: 30 + 5 + 20]
    assert local[14 + 4 : 14 + 12] == b"\xff" * 8
    assert int.from_bytes(local[-16:-8], "little") == 5 << 30


def test_an_empty_archive_is_one() -> None:
    file = io.BytesIO()
    write(file, [])
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == []
