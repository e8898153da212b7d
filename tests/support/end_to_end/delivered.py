"""A delivered export as any reader finds it: the manifest at its address, and beside it the files that it names.

Everything is read with csv, zipfile, json and hashlib, whatever wrote it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Found:
    """Everything at one destination's place of an export: names, bytes and when each was last written."""

    place: str
    content: dict[str, bytes]
    written: dict[str, Any]

    @property
    def manifest(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.content["manifest.json"])
        return read

    @property
    def csvs(self) -> dict[str, bytes]:
        """The CSVs in their order, unpacked where they are in a ZIP."""
        (name,) = (each for each in self.content if each != "manifest.json")
        if name.endswith(".csv"):
            return {name: self.content[name]}
        with zipfile.ZipFile(io.BytesIO(self.content[name])) as archive:
            assert archive.testzip() is None
            return {member: archive.read(member) for member in archive.namelist()}

    @property
    def rows(self) -> list[dict[str, str]]:
        """Every row of every CSV; an empty cell may be NULL or empty text."""
        return [row for content in self.csvs.values() for row in csv.DictReader(_lines(content), strict=True)]


def find(address: str, s3: Any) -> Found:
    """What lies beside the manifest at an asset event's address: `file:///...` or `s3://bucket/key`."""
    parts = urlsplit(address)
    folder, _, name = unquote(parts.path).rpartition("/")
    assert name == "manifest.json"
    if parts.scheme == "file":
        files = {path.name: path for path in Path(folder).iterdir()}
        return Found(
            folder,
            {name: path.read_bytes() for name, path in files.items()},
            {name: path.stat().st_mtime_ns for name, path in files.items()},
        )
    assert parts.scheme == "s3"
    prefix = folder.lstrip("/") + "/"
    listed = s3.list_objects_v2(Bucket=parts.netloc, Prefix=prefix).get("Contents", [])
    objects = {each["Key"].removeprefix(prefix): each for each in listed}
    return Found(
        f"s3://{parts.netloc}/{prefix}",
        {name: s3.get_object(Bucket=parts.netloc, Key=prefix + name)["Body"].read() for name in objects},
        {name: each["LastModified"] for name, each in objects.items()},
    )


def check(found: Found, expected: bytes, *, totals: Sequence[str] = (), time: str | None = None) -> dict[str, Any]:
    """Fail unless manifest and files agree, nothing else lies there, and the rows are `expected`, a CSV with header.

    `totals` are the columns that the manifest sums, `time` is the column of its first and last. Returns the manifest.
    """
    manifest = found.manifest
    assert manifest["format_version"] == 1
    named = [file["name"] for file in manifest["files"]]
    assert sorted(found.content) == sorted(["manifest.json", *named])
    csvs = found.csvs
    for file in manifest["files"]:
        _check_file(file, found.content[file["name"]])
        for member in file["members"]:
            _check_file(member, csvs[member["name"]])
        if file["members"]:
            assert [member["name"] for member in file["members"]] == list(csvs)
            assert sum(member["rows"] for member in file["members"]) == file["rows"]
    header, _, records = expected.partition(b"\n")
    for content in csvs.values():
        assert content.startswith(header + b"\n")
    same(b"".join(content[len(header) + 1 :] for content in csvs.values()), records)
    rows = found.rows
    assert len(rows) == manifest["rows"] == manifest["source_rows"] == sum(f["rows"] for f in manifest["files"])
    assert sorted(manifest["totals"]) == sorted(totals)
    for column in totals:
        assert Decimal(manifest["totals"][column]) == sum(
            (Decimal(row[column]) for row in rows if row[column]), Decimal(0)
        )
    if time:
        ends = [rows[0][time], rows[-1][time]] if rows else [None, None]
        assert [manifest["files"][0]["first"], manifest["files"][-1]["last"]] == ends
    assert len(manifest["event_key"]) == 64
    return manifest


def same(found: bytes, expected: bytes) -> None:
    """Fail with the first line that differs, and not with megabytes."""
    if found == expected:
        return
    ours, theirs = found.split(b"\n"), expected.split(b"\n")
    number = next(
        (n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), min(len(ours), len(theirs))
    )
    shown = [lines[number] if number < len(lines) else b"(end)" for lines in (ours, theirs)]
    raise AssertionError(
        f"{len(ours)} and {len(theirs)} lines; line {number + 1} is {shown[0]!r}, expected {shown[1]!r}"
    )


def _check_file(said: dict[str, Any], content: bytes) -> None:
    assert said["bytes"] == len(content)
    assert said["sha256"] == hashlib.sha256(content).hexdigest()
    if said["name"].endswith(".csv"):
        assert said["rows"] == sum(1 for _ in csv.reader(_lines(content), strict=True)) - 1


def _lines(content: bytes) -> Iterator[str]:
    return iter(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline=""))


def aged(path: Path, days: float) -> None:
    """Everything in a directory was last written so many days ago."""
    for each in [*path.rglob("*"), path]:
        os.utime(each, (time.time() - days * 24 * 3600,) * 2)
