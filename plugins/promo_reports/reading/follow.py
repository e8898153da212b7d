"""`follow`: each new export below a prefix, once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from promo_reports.delivery.ownership import instant_of
from promo_reports.domain.manifest import Manifest
from promo_reports.errors import Damaged
from promo_reports.reading.cursor import Given
from promo_reports.reading.manifests import Named, Published, manifest_in
from promo_reports.reading.read import Wanted, converter, reader_of, table_of
from promo_reports.reading.trees.tree import Address


@dataclass(frozen=True)
class Export:
    """An export that has not been given before.

    `key` is equal for equal data, and for the files of one export in several shapes; `address` is that of its manifest.
    `cursor` is what to go on with once this export and all that were given before it are done.
    """

    key: str
    address: str
    manifest: Manifest
    cursor: str
    _published: Published

    def read(
        self,
        into: str = "arrow",
        *,
        columns: Iterable[str] | None = None,
        types: Mapping[str, Any] | None = None,
        original: bool = True,
    ) -> Any:
        """Return its rows as `promo_reports.read` does.

        Replaced if another export lies in its place by now, which is given when the prefix is followed again.
        """
        convert = converter(into)
        return convert(table_of(self._published, Wanted.of(columns, types, original)))

    def batches(
        self,
        *,
        columns: Iterable[str] | None = None,
        types: Mapping[str, Any] | None = None,
        original: bool = True,
    ) -> Any:
        """Return a RecordBatchReader over its rows as `promo_reports.batches` does; Replaced as `read`."""
        return reader_of(self._published, Wanted.of(columns, types, original))


def follow(
    prefix: str, cursor: str | None = None, *, filesystem: Any = None, connection: str | None = None
) -> Iterator[Export]:
    """Yield every export below a prefix that was not given before `cursor`, the earliest snapshot first.

    Without a cursor all that is there is new. Each is given again until the cursor of it, or of a later one, is the one
    to begin with: whoever stores `export.cursor` in the same transaction as what they make of the export has each
    export exactly once, wherever they are killed. A key comes again only where its data is back, of a later snapshot,
    after another export has lain in its place.

    An unreadable manifest keeps no other export back: Damaged is raised when these were given. ReadRefused for a
    cursor that is none; DestinationRefused and DestinationUnavailable as `read`.
    """
    given = Given.from_text(cursor)
    address = Address.of(prefix)
    tree = Named(prefix, filesystem, connection).tree(address)
    there: list[Published] = []
    damages: list[Damaged] = []
    for found in tree.below(address.path):
        try:
            published = manifest_in(tree, found)
        except Damaged as damage:
            damages.append(damage)
            continue
        if published is not None:
            there.append(published)
    there.sort(key=lambda each: (instant_of(each.manifest.snapshot_at), each.path))
    for published in there:
        key, place = key_of(published), published.path.removeprefix(address.path)
        if given.add(place, key, instant_of(published.manifest.snapshot_at)):
            yield Export(key, published.address, published.manifest, given.to_text(), published)
    if damages:
        raise damages[0]


def key_of(published: Published) -> str:
    """Return the key of an export: equal data has the same, and so have the shapes of one export, where it says so."""
    manifest = published.manifest
    key = getattr(manifest, "export_key", "") or manifest.event_key
    return str(key) or hashlib.sha256(published.content).hexdigest()
