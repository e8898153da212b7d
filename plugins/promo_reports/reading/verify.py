"""Compare what lies somewhere with its manifests: every file by size and hash, and files that none of them names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promo_reports.delivery.target import data_file
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import Damaged
from promo_reports.object_stores.port import TEMPORARY
from promo_reports.reading.manifests import Named, Published, manifest_in
from promo_reports.reading.trees.tree import Address, Found, Tree
from promo_reports.reading.verified_content import VerifiedContent

LOOKS = 5
"""Times that a folder is looked at whose manifests were replaced meanwhile."""


@dataclass
class Verified:
    """What was found: a sentence for each difference, and how much was compared."""

    differences: list[str] = field(default_factory=list)
    exports: int = 0
    files: int = 0
    bytes: int = 0


def verify(named: Named) -> Verified:
    """Compare everything below a prefix, or one export by its folder or its manifest.

    DestinationRefused where it may not be read, DestinationUnavailable where a retry may help.
    """
    address = Address.of(named.address)
    tree = named.tree(address)
    one = address.path.endswith(".json")
    root = address.path.rpartition("/")[0] if one else address.path
    found = Verified()
    folders = _by_folder(tree, root)
    for folder in [root] if one else sorted(folders):
        seen = _steady(tree, folder, folders.get(folder, []))
        found.differences += seen.differences
        found.exports += seen.exports
        found.files += seen.files
        found.bytes += seen.bytes
    if one and tree.get(address.path) is None:
        found.differences.append(f"{tree.address(address.path)} is missing.")
    elif not found.exports and not found.differences:
        found.differences.append(f"There is no manifest at {tree.address(root)}, nor below it.")
    return found


def _by_folder(tree: Tree, path: str) -> Mapping[str, Sequence[Found]]:
    folders: dict[str, list[Found]] = {}
    for each in tree.below(path):
        folders.setdefault(each.path.rpartition("/")[0], []).append(each)
    return folders


def _steady(tree: Tree, folder: str, listed: Sequence[Found]) -> Verified:
    """Return what a look finds; a difference counts if the folder has the same manifests when it is looked at again."""
    before, seen = _look(tree, listed)
    for _ in range(LOOKS):
        if not seen.differences:
            break
        again, seen = _look(tree, _by_folder(tree, folder).get(folder, []))
        if again == before:
            break
        before = again
    return seen


def _look(tree: Tree, listed: Sequence[Found]) -> tuple[list[bytes], Verified]:
    """Return the contents of a folder's manifests, and what is found by them."""
    seen, contents, named, unreadable = Verified(), list[bytes](), set[str](), False
    for each in listed:
        try:
            published = manifest_in(tree, each)
        except Damaged as damage:
            seen.differences.append(damage.reason)
            unreadable = True
            continue
        if published is not None:
            contents.append(published.content)
            seen.exports += 1
            for file in published.manifest.files:
                named.add(file.name)
                seen.differences += _differences(published, file)
                seen.files += 1
                seen.bytes += file.bytes
    if not unreadable:  # whose files are not known
        seen.differences += _additional(tree, listed, named)
    return contents, seen


def _differences(published: Published, file: ExportFile) -> Iterator[str]:
    path = f"{published.folder}/{file.name}"
    address = published.tree.address(path)
    try:
        with published.tree.content(path, file) as content:
            if content is None:
                yield f"{address} is missing, which {published.address} names."
                return
            VerifiedContent(content, file, address).check()
    except Damaged as damage:
        yield damage.reason


def _additional(tree: Tree, listed: Sequence[Found], named: set[str]) -> Iterator[str]:
    for each in listed:
        folder, _, name = each.path.rpartition("/")
        if "/." in folder or name in named:
            continue
        if name.startswith(TEMPORARY):
            yield f"{tree.address(each.path)} was left by a delivery that did not come to its end."
        elif data_file(name):
            yield f"{tree.address(each.path)} is named by no manifest."
