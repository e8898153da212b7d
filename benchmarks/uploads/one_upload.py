"""One upload by the product in a process of its own; it prints its figures as JSON.

    python -m benchmarks.uploads.one_upload KIND PLACE FILE BYTES SHA256

PLACE is the bucket of connection `benchmark` (`AIRFLOW_CONN_BENCHMARK`), or a directory. Seconds and processor seconds
are those of the upload once the client is there. `memory` is the peak of the process in MB above what an idle task has,
which has not loaded the client, until the store has said that it has the file; `client` is what of it was there before
the first byte.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from devstack.memory import peak

CONNECTION = "benchmark"


def main(kind: str, place: str, path: Path, size: int, sha256: str) -> None:
    """Upload one file."""
    from promo_reports.domain.account import Bucket
    from promo_reports.domain.manifest import ExportFile
    from promo_reports.object_stores.stores import store_at
    from promo_reports.orchestration import operators  # noqa: F401 - an idle task has it

    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is resident now
    idle = peak()
    file = ExportFile(f"export-{sha256[:8]}.csv", 0, size, sha256)
    with store_at(Bucket(kind, place, CONNECTION)).folder("benchmark") as objects:
        objects.digest("nothing")  # imports, and the client
        client = peak() - idle
        used, begun = time.process_time(), time.perf_counter()
        objects.upload(file, path)
        measured = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - used}
        if objects.digest(file.name) != (size, sha256):
            raise SystemExit(f"{objects.address(file.name)} is not what was sent")
    print(json.dumps({**measured, "memory": peak() - idle, "client": client}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
