"""Processes by their parents, as /proc tells."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc, which Linux has")


def parents() -> dict[int, int]:
    """The parent of every process that has not ended."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if state not in "ZX":
            found[int(entry.name)] = int(parent)
    return found


def descendants(ancestor: int) -> set[int]:
    """Every process below one."""
    tree = parents()
    found: set[int] = set()
    below = {ancestor}
    while below := {pid for pid, parent in tree.items() if parent in below}:
        found |= below
    return found


def generation(ancestor: int, number: int) -> set[int]:
    """The processes that are so many generations below one: 1 for its children."""
    tree = parents()
    found = {ancestor}
    for _ in range(number):
        found = {pid for pid, parent in tree.items() if parent in found}
    return found


def mentioning(text: str) -> dict[int, str]:
    """Processes whose command line, directory or environment holds a text, with their command lines.

    Everybody may read a command line. Directory and environment are known of those processes that we may trace.
    """
    found = {}
    for pid in parents():
        place = Path("/proc") / str(pid)
        try:
            command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        traced = ""
        with contextlib.suppress(OSError):
            traced = (place / "environ").read_bytes().decode(errors="replace")
            traced += str((place / "cwd").readlink())
        if text in command or text in traced:
            found[pid] = command
    return found
