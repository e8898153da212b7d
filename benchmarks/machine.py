"""What it was measured on, and with which libraries."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

LIBRARIES = (
    "apache-airflow",
    "psycopg2-binary",
    "psycopg",
    "isal",
    "zlib-ng",
    "numpy",
    "pyarrow",
    "pandas",
    "mysql-connector-python",
)


def machine() -> str:
    """Processor, memory and system."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    gigabytes = f"{int(memory[1]) / (1 << 20):.0f} GiB" if memory else "unknown memory"
    name = processor[1] if processor else platform.machine()
    return f"{os.cpu_count()} cores ({name}), {gigabytes}, {platform.system()} {platform.release()}"


def versions() -> str:
    """Of everything that has a part in the figures."""
    found = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"Python {platform.python_version()}, {found}"
