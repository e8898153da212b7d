"""Processes by their parents."""

from __future__ import annotations

import sys

import psutil
import pytest

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="tasks end with their supervisor on Linux")
ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


def parents() -> dict[int, int]:
    """The parent of every process that has not ended."""
    running = psutil.process_iter(["ppid", "status"])
    return {each.pid: each.info["ppid"] for each in running if each.info["status"] not in ENDED}


def descendants(ancestor: int) -> set[int]:
    """Every process below one."""
    below = {each.pid for each in psutil.Process(ancestor).children(recursive=True)}
    return below & set(parents())


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
    for each in psutil.process_iter(["cmdline", "cwd", "environ", "status"]):
        command = " ".join(each.info["cmdline"] or ())
        traced = [each.info["cwd"] or "", *(each.info["environ"] or {}).values()]
        if each.info["status"] not in ENDED and any(text in place for place in (command, *traced)):
            found[each.pid] = command
    return found
