"""Memory of this process."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak() -> float:
    """Peak resident memory of this process alone, in MB.

    VmHWM where there is /proc: ru_maxrss would count what the parent had at the moment of the fork.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # macOS counts in bytes
