"""A server of Azure Blob Storage that discards what it gets: `python -m benchmarks.uploads.discarding_azure`.

It answers blocks, their lists, and looks at a blob. It compares no MD5 of a block, since it looks at no content.
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

from benchmarks.uploads.discarding import LONG_AGO, Discarding, serve


class DiscardingAzure(Discarding):
    """One connection; blobs are the names and sizes of their blocks."""

    blocks: ClassVar[dict[tuple[str, str], int]] = {}
    blobs: ClassVar[dict[str, dict[str, int]]] = {}

    def do_PUT(self) -> None:
        """Take a block, or make a blob of those that a list names."""
        path, query = self.asked()
        if query["comp"] == "block":
            self.blocks[path, query["blockid"]] = self.discard()
        else:
            names = [str(each.text) for each in ET.fromstring(self.body())]  # noqa: S314 - the benchmark's own child
            self.blobs[path] = {name: self.blocks[path, name] for name in names}
        self.answer(201, ETag='"0x1"', Last_Modified=LONG_AGO)

    def do_GET(self) -> None:
        """List the blocks of a blob."""
        found = self.blobs.get(self.asked()[0])
        if found is None:
            return self.do_HEAD()
        blocks = "".join(f"<Block><Name>{name}</Name><Size>{size}</Size></Block>" for name, size in found.items())
        listed = f"<BlockList><CommittedBlocks>{blocks}</CommittedBlocks></BlockList>"
        return self.answer(200, listed, Content_Type="application/xml", ETag='"0x1"', Last_Modified=LONG_AGO)

    def do_HEAD(self) -> None:
        """Know of no blob that was put in one piece."""
        self.answer(404, x_ms_error_code="BlobNotFound")


def connection(url: str) -> dict[str, Any]:
    """Return the Airflow connection that leads to the server at a URL."""
    key = base64.b64encode(b"any").decode()
    return {"conn_type": "wasb", "login": "benchmark", "password": key, "host": f"{url}/benchmark"}


if __name__ == "__main__":
    serve(DiscardingAzure, connection)
