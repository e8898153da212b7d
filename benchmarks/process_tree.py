"""What a process and everything below it have cost so far: CPU seconds and memory, as Linux counts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree since it was started, of its ended and reaped processes too."""
    return sum(sum(int(each) for each in _stat(member)[11:15]) / _TICKS for member in tree(pid))


def memory_mb(pid: int) -> float:
    """Megabytes that the tree holds; a page that several of its processes share counts once (PSS)."""
    return sum(_pss_kb(member) for member in tree(pid)) / 1024


def tree(pid: int) -> list[int]:
    """The process and its living descendants."""
    children: dict[int, list[int]] = {}
    for each, parent in _parents():
        children.setdefault(parent, []).append(each)
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            yield int(entry.name), int(fields[1])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on; none where the process has gone by now."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _pss_kb(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
