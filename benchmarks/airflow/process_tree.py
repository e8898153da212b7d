"""What a process and everything below it have cost so far: CPU seconds and memory, as Linux counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree since it was started, of its ended and reaped processes too."""
    return _sum(pid, lambda process: sum(process.cpu_times()[:4]))  # user, system, and both of reaped children


def memory_mb(pid: int) -> float:
    """Megabytes that the tree holds; a page that several of its processes share counts once (PSS)."""
    return _sum(pid, lambda process: process.memory_full_info().pss) / (1 << 20)


def _sum(pid: int, figure: Callable[[Any], float]) -> float:
    """The sum of a figure over the process and its descendants; one that has gone by now has none."""
    process, total = psutil.Process(pid), 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += figure(each)
        except psutil.NoSuchProcess:
            continue
    return total
