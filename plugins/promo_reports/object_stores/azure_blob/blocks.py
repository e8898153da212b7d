"""Blocks of a blob, whose names say which file they are of and what Azure has verified when it received them.

Azure stores no checksum of its own of a blob that is made of blocks: a Content-MD5 is what its writer says, as metadata
is, and copies carry both along. It verifies the MD5 that comes with each block, though, and a blob consists of the
blocks of its list, whatever has been done to it since. So a block is named by its number, by the sha256 of its file and
by its own MD5: if the list of a blob has all blocks of a file in order, its content is that file, as far as the MD5 of
each block proves. Whoever wants to forge it has to name their own blocks so; no other program does.
"""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from promo_reports.domain.manifest import ExportFile
from promo_reports.object_stores.azure_blob.etags import if_still
from promo_reports.object_stores.staged_file import CHUNK, chunks
from promo_reports.object_stores.stopping import check

if TYPE_CHECKING:
    from azure.storage.blob import BlobBlock, BlobClient

BLOCK = 8 << 20
"""Bytes of a block, unless a blob had more than MAX_BLOCKS of them."""
MAX_BLOCKS = 50_000
THREADS = 3
_NAME = struct.Struct(">H32s16s")
"""Number, sha256 of the file, MD5 of the block: 50 bytes, 63 characters in base 85, of at most 64."""


class Block(NamedTuple):
    """A block of a file: `sha256` is the file's, `md5` its own, both as bytes."""

    number: int
    sha256: bytes
    md5: bytes
    bytes: int

    @property
    def name(self) -> str:
        """The id of the block in its blob."""
        return base64.b85encode(_NAME.pack(self.number, self.sha256, self.md5)).decode()


def block_of(listed: BlobBlock) -> Block | None:
    """Return a block of a blob's list, or None for one of another writer."""
    try:
        number, sha256, md5 = _NAME.unpack(base64.b85decode(listed.id))
    except (ValueError, struct.error):
        return None
    return Block(number, sha256, md5, listed.size)


def file_of(listed: Iterable[Block | None]) -> str | None:
    """Return the sha256 of the file that these blocks make up, in hex; None if they are not those of one file."""
    blocks = list(listed)
    numbers = [(each.number, each.sha256) for each in blocks if each is not None]
    if blocks and blocks[0] and numbers == [(number, blocks[0].sha256) for number in range(len(blocks))]:
        return blocks[0].sha256.hex()
    return None


def stage(file: ExportFile, source: Path, blob: BlobClient, *, stopped: threading.Event) -> list[str]:
    """Send a staged file in blocks, several at one time, and return their names in order.

    StagingError, and nothing may be committed, unless what was sent is the file; Stopped once `stopped` is set.
    """
    names: list[str] = []
    sent: deque[Future[object]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for number, content in enumerate(_contents(file, source)):
            md5 = hashlib.md5(content, usedforsecurity=False).digest()
            block = Block(number, bytes.fromhex(file.sha256), md5, len(content))
            if len(sent) == THREADS:
                sent.popleft().result()
            sent.append(pool.submit(_send, blob, block, content, stopped))
            names.append(block.name)
        for each in sent:
            each.result()
    return names


def copy_blocks(blocks: Sequence[Block], url: str, blob: BlobClient, *, stopped: threading.Event) -> list[str]:
    """Have Azure read blocks from the URL of another blob, in which they come first; return their names in order."""

    def copy(block: Block, offset: int) -> None:
        check(stopped)
        blob.stage_block_from_url(block.name, url, offset, block.bytes, source_content_md5=block.md5)

    offsets = accumulate((each.bytes for each in blocks), initial=0)
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(copy, blocks, offsets):
            pass
    return [each.name for each in blocks]


def make_of_blocks(blob: BlobClient, media_type: str, send: Callable[[BlobClient], list[str]]) -> None:
    """Make a blob of the blocks that `send` sends, whose names it returns; if that fails, they are dropped."""
    from azure.storage.blob import ContentSettings

    try:
        blob.commit_block_list(send(blob), ContentSettings(content_type=media_type))
    except BaseException:
        with suppress(Exception):
            drop_blocks(blob, retry_total=0)
        raise


def drop_blocks(blob: BlobClient, **options: Any) -> None:
    """Delete blocks of which nothing was ever committed; an error of Azure, and nothing is lost, if there is a blob.

    A deletion cannot be made conditional on that, so an empty blob is made on the condition that there is none.
    """
    from azure.core import MatchConditions

    made = blob.commit_block_list([], match_condition=MatchConditions.IfMissing, **options)
    blob.delete_blob(**if_still(str(made["etag"])), **options)


def block_size(size: int) -> int:
    """Return the bytes of a block, in whole chunks: 8 MiB, or more if 50,000 blocks would not suffice."""
    return max(BLOCK, -(-size // (MAX_BLOCKS * CHUNK)) * CHUNK)


def _contents(file: ExportFile, source: Path) -> Iterator[bytes]:
    held: list[bytes] = []
    wanted = block_size(file.bytes) // CHUNK
    for chunk in chunks(file, source):
        held.append(chunk)
        if len(held) == wanted:
            yield b"".join(held)
            held.clear()
    if held:
        yield b"".join(held)


def _send(blob: BlobClient, block: Block, content: bytes, stopped: threading.Event) -> None:
    blob.stage_block(block.name, _Body(content, stopped), block.bytes, transactional_content_md5=bytearray(block.md5))


class _Body(io.BytesIO):
    """The content of a block, which is sent in pieces: a time limit holds for each, and it ends once `stopped`."""

    def __init__(self, content: bytes, stopped: threading.Event) -> None:
        super().__init__(content)
        self._stopped = stopped

    def read(self, size: int | None = -1) -> bytes:
        """Read the next piece, or raise Stopped."""
        check(self._stopped)
        return super().read(size)
