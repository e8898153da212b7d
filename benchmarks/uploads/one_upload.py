"""One upload by the product in a process of its own; it prints its figures as JSON.

    python -m benchmarks.uploads.one_upload FILE BYTES SHA256

The bucket is `bi-exports` of connection `bi_exports_s3` (`AIRFLOW_CONN_...`). Seconds and processor seconds are those
of the upload once the client is there; `memory` is the peak of the process in MB above what an idle task has, which has
not loaded the client.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from devstack.memory import peak

BUCKET = "bi-exports"


def main(path: Path, size: int, sha256: str) -> None:
    """Upload one file."""
    from promo_reports.domain.account import Bucket
    from promo_reports.domain.manifest import ExportFile
    from promo_reports.object_stores.stores import store_at
    from promo_reports.orchestration import operators  # noqa: F401 - an idle task has it

    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is resident now
    idle = peak()
    with store_at(Bucket("amazon_s3", BUCKET, "bi_exports_s3")).folder("benchmark") as objects:
        objects.digest("nothing")  # imports, and the client
        used, begun = time.process_time(), time.perf_counter()
        objects.upload(ExportFile(path.name, 0, size, sha256), path)
        measured = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - used, "memory": peak() - idle}
    print(json.dumps(measured))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
