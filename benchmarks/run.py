"""Everything that docs/benchmarks.md shows, one part after the other, then the page: `make bench`.

    python -m benchmarks.run [PART ...]

A part is a module in a folder of this package; named, only those are measured again, beside what this machine has of
the others. What a part needs and this machine lacks is said, and the part left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

PARTS = {
    "export_path": ("exports", "zip", "gzip"),
    "shapes": ("exports", "gzip"),
    "one_core": ("exports",),
    "read_delivered": ("exports",),
    "copy_drivers": ("exports",),
    "parallel_ranges": ("exports",),
    "generic_path": ("exports", "mariadbd", "sqlite3"),
    "upload": ("uploads",),
    "upload_memory": ("uploads", "sshd"),
    "growth_columns": ("exports",),
    "growth_history": ("page",),
    "store_in_bucket": ("airflow",),
    "small_export": ("airflow",),
    "definitions": ("airflow",),
}
"""Each part with its folder and the programs that it needs besides what PyPI brings."""
_SBIN = "/usr/sbin:/usr/local/sbin:/sbin"


def measured(part: str) -> bool:
    """Run one part; whether it has left its figures."""
    folder, *programs = PARTS[part]
    lacking = [program for program in programs if not (shutil.which(program) or shutil.which(program, path=_SBIN))]
    if lacking:
        print(f"==== {part}: left out, because there is no {' and no '.join(lacking)}", flush=True)
        return False
    print(f"==== {part}", flush=True)
    begun = time.monotonic()
    status = subprocess.run([sys.executable, "-m", f"benchmarks.{folder}.{part}"], check=False).returncode
    print(f"==== {part}: {f'failed with status {status}' if status else 'done'} in {time.monotonic() - begun:.0f} s\n")
    return status == 0


def main(parts: list[str]) -> int:
    """Measure, write the page; the status is 1 where a part is missing."""
    if unknown := [part for part in parts if part not in PARTS]:
        print(f"There is no {', '.join(unknown)}. Parts: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    done = [measured(part) for part in parts or PARTS]
    status = subprocess.run([sys.executable, "-m", "benchmarks.report"], check=False).returncode
    return status or int(not all(done))


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parent.parent / "plugins"))
    raise SystemExit(main(sys.argv[1:]))
