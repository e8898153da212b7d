"""Buckets and servers through an Airflow connection, by the object stores that deliver to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from promo_reports.domain.account import Bucket
from promo_reports.domain.delivery import KINDS
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import StagingError
from promo_reports.object_stores.port import TEMPORARY, ObjectStore
from promo_reports.object_stores.stores import store_at
from promo_reports.reading.trees.tree import QUOTED, Content, Found


class StoredTree:
    """Paths `bucket/key` of one kind; a file goes through this host's disk, as its store verifies it on the way."""

    def __init__(self, scheme: str, connection: str) -> None:
        self._scheme, self._connection = scheme, connection
        self._kind = next(key for key, kind in KINDS.items() if kind.scheme == scheme)
        self._stores: dict[str, ObjectStore] = {}

    def get(self, path: str) -> bytes | None:
        """Return a small object."""
        store, folder, name = self._place(path)
        with store.reading(*folder) as objects:
            found = objects.get(name) if objects is not None else None
        return None if found is None else found.content

    @contextmanager
    def content(self, path: str, file: ExportFile) -> Iterator[Content | None]:
        """Download an object to a temporary directory, and open it there."""
        store, folder, _ = self._place(path)
        with TemporaryDirectory(prefix="promo-reports-") as directory:
            target = Path(directory) / "file"
            try:
                with store.reading(*folder) as objects:
                    if objects is not None:
                        objects.download(file, target)
            except StagingError:
                pass  # the port's word for an object that is gone
            if not target.exists():
                yield None
                return
            with target.open("rb", buffering=0) as opened:
                yield opened

    def below(self, path: str) -> Iterator[Found]:
        """List a folder, and the folders below it, which a bucket lists at once."""
        store, folder, name = self._place(path)
        yield from self._listed(store, path, [*folder, *filter(None, [name])])

    def address(self, path: str) -> str:
        """Return the scheme with the path, as the store's own addresses are."""
        return f"{self._scheme}://{quote(path) if self._scheme in QUOTED else path}"

    def _listed(self, store: ObjectStore, path: str, names: list[str]) -> Iterator[Found]:
        with store.reading(*names) as objects:
            listed_here = objects.entries() if objects is not None else ()
        # Of uploads that were never completed, buckets list the names that they would have had.
        entries = [e for e in listed_here if not e.unfinished or e.name.rpartition("/")[2].startswith(TEMPORARY)]
        yield from (Found(f"{path}/{each.name}", each.bytes) for each in sorted(entries, key=lambda e: e.name))
        listed = {each.name.partition("/")[0] for each in entries if "/" in each.name}
        for deeper in sorted(set(store.folders(*names)) - listed):
            yield from self._listed(store, f"{path}/{deeper}", [*names, deeper])

    def _place(self, path: str) -> tuple[ObjectStore, list[str], str]:
        bucket, *folder = path.split("/")
        if bucket not in self._stores:
            self._stores[bucket] = store_at(Bucket(self._kind, bucket, self._connection, ""))
        return self._stores[bucket], folder[:-1], folder[-1] if folder else ""
