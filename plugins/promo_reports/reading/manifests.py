"""Manifests by their addresses, and all of them below a prefix.

A bucket's manifests may have another name than `manifest.json` (`domain.places`), so they are told by what they say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from promo_reports.delivery.ownership import instant_of
from promo_reports.domain.manifest import MANIFEST_NAME, MOST_MANIFEST_BYTES, Manifest
from promo_reports.domain.places.export_place import MANIFEST, RECORDS
from promo_reports.errors import NotPublished, ReadRefused
from promo_reports.object_stores.port import damaged
from promo_reports.reading.trees.tree import Address, Found, Tree, tree_at

_USUAL = (MANIFEST_NAME, "_manifest.json")
_OURS = {"format_version", "files", "report_id"}
"""Keys by which a JSON file is known as a manifest, also one of a later release."""


class Published(NamedTuple):
    """A manifest that lies at `path`; `content` is what it is written as."""

    tree: Tree
    path: str
    manifest: Manifest
    content: bytes

    @property
    def folder(self) -> str:
        """The path of the folder that it lies in, with its files."""
        return self.path.rpartition("/")[0]

    @property
    def address(self) -> str:
        """Its address, as asset events carry it."""
        return self.tree.address(self.path)


class Named(NamedTuple):
    """How whoever reads names an export, and how it is reached."""

    address: str
    filesystem: Any = None
    connection: str | None = None

    def tree(self, address: Address) -> Tree:
        """Return the tree that its parsed address is in."""
        return tree_at(address, filesystem=self.filesystem, connection=self.connection)

    def find(self) -> Published:
        """Return what is published there now: `address` is that of a manifest, or of the folder that it lies in.

        NotPublished without one, Damaged for what is no manifest, ReadRefused for a folder with several.
        """
        address = Address.of(self.address)
        tree = self.tree(address)
        if address.path.endswith(".json"):
            return _at(tree, address.path)
        for name in _USUAL:
            content = tree.get(f"{address.path}/{name}")
            if content is not None:
                return _published(tree, f"{address.path}/{name}", content)
        found = [each for each in manifests_below(tree, address.path) if each.folder == address.path]
        if len(found) > 1:
            raise ReadRefused(f"{self.address} holds several manifests.", f"Name one: {found[0].address}")
        if not found:
            raise NotPublished(f"There is no manifest at {self.address}.", "Name a manifest, or the folder of one.")
        return found[0]


def manifests_below(tree: Tree, path: str) -> Iterator[Published]:
    """Yield every manifest in a folder and below it; Damaged for one that cannot be read."""
    for each in tree.below(path):
        found = manifest_in(tree, each)
        if found is not None:
            yield found


def manifest_in(tree: Tree, found: Found) -> Published | None:
    """Return the manifest that a listed file is; None if it is another file, or gone. Damaged for an unreadable one."""
    name = found.path.rpartition("/")[2]
    if not MANIFEST.fullmatch(name) or f"/{RECORDS}/" in f"/{found.path}":
        return None
    content = tree.get(found.path)
    if content is None or not (name in _USUAL or _claims_to_be_one(content)):
        return None
    return _published(tree, found.path, content)


def _at(tree: Tree, path: str) -> Published:
    content = tree.get(path)
    if content is None:
        raise NotPublished(f"There is no {tree.address(path)}.", "Name a manifest, or the folder of one.")
    return _published(tree, path, content)


def _published(tree: Tree, path: str, content: bytes) -> Published:
    try:
        if len(content) > MOST_MANIFEST_BYTES:
            raise ValueError(f"larger than {MOST_MANIFEST_BYTES >> 20} MiB")
        manifest = Manifest.from_json(content)
        instant_of(manifest.snapshot_at)
        for file in manifest.files:
            if "/" in file.name or file.name in ("", ".", ".."):
                raise ValueError("a file's name leads elsewhere")
    except (ValueError, TypeError, AttributeError, RecursionError) as wrong:
        raise damaged(tree.address(path), f"it is no manifest that this release can read ({wrong})") from None
    return Published(tree, path, manifest, content)


def _claims_to_be_one(content: bytes) -> bool:
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(values, dict) and values.keys() >= _OURS
