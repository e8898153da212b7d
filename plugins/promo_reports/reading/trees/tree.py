"""The port of a tree of files, and the code that is registered for the scheme of an address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast
from urllib.parse import unquote

from promo_reports.domain.delivery import KINDS
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import ReadRefused

FILESYSTEMS = {
    "file": ("promo_reports.reading.trees.local_tree", "local_tree"),
    "s3": ("promo_reports.reading.trees.arrow_tree", "s3_tree"),
    "gs": ("promo_reports.reading.trees.arrow_tree", "gs_tree"),
    "az": ("promo_reports.reading.trees.arrow_tree", "az_tree"),
}
"""Module and name of the function that returns the tree of a scheme with the credentials that its library finds."""

QUOTED = {"sftp"}
"""Schemes whose addresses are percent-encoded, as `file` is; buckets' keys stand in theirs as they are."""


class Content(Protocol):
    """The bytes of a file from its beginning."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; nothing at the end."""
        ...


class Found(NamedTuple):
    """A file in a listing, by its path in the tree."""

    path: str
    bytes: int | None


class Tree(Protocol):
    """Files by their paths, whose parts are separated by `/`.

    Every method raises DestinationRefused (no retry helps) or DestinationUnavailable.
    """

    def get(self, path: str) -> bytes | None:
        """Return a small file, or its first 16 MiB and one byte, by which a larger one is told; None without it."""
        ...

    def content(self, path: str, file: ExportFile) -> AbstractContextManager[Content | None]:
        """Open a file; None if it is gone. Damaged if it is not that of the manifest, where that is seen at once."""
        ...

    def below(self, path: str) -> Iterator[Found]:
        """List the files in a folder and in all folders below it; none if there is no such folder."""
        ...

    def address(self, path: str) -> str:
        """Return the address of a path, as asset events carry it."""
        ...


class Address(NamedTuple):
    """An address that was parsed: its scheme, and the path in the tree, `bucket/key` or `/absolute/path`."""

    scheme: str
    path: str

    @classmethod
    def of(cls, text: str) -> Address:
        """Parse `scheme://bucket/key`, `file:///path` or a path of this host; ReadRefused for anything else."""
        scheme, separator, rest = text.partition("://")
        if not separator and not text.startswith("file:"):
            return cls("file", str(Path(text).absolute()))
        if scheme == "file" or not separator:
            return cls("file", unquote(rest if separator else text.removeprefix("file:")).removeprefix("localhost"))
        schemes = [kind.scheme for kind in KINDS.values()]
        if scheme not in schemes or not rest.strip("/"):
            raise ReadRefused(
                f"{text} is no address of an export.", f"Addresses begin with {', '.join(f'{s}://' for s in schemes)}."
            )
        return cls(scheme, (unquote(rest) if scheme in QUOTED else rest).rstrip("/"))


def tree_at(address: Address, *, filesystem: Any = None, connection: str | None = None) -> Tree:
    """Return the tree of an address, without contacting it.

    `filesystem`, of pyarrow or fsspec, reaches it instead; so does the Airflow connection of that id.
    """
    if filesystem is not None and connection is not None:
        raise ReadRefused("A filesystem and a connection are given.", "Give one of them.")
    if filesystem is not None:
        from promo_reports.reading.trees.arrow_tree import given_tree

        return given_tree(address.scheme, filesystem)
    if connection is not None and address.scheme != "file":
        from promo_reports.reading.trees.stored_tree import StoredTree

        return StoredTree(address.scheme, connection)
    if address.scheme not in FILESYSTEMS:
        raise ReadRefused(
            f"{address.scheme}://{address.path} cannot be read without credentials.",
            "Give filesystem=, an fsspec or pyarrow filesystem of that server, or connection=, the id of an Airflow "
            "connection.",
        )
    module, name = FILESYSTEMS[address.scheme]
    return cast("Tree", getattr(import_module(module), name)(address.path.partition("/")[0]))
