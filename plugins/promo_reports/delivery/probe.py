"""The objects that a check writes to a destination, and the steps that it takes with them.

Each step uses the port of object stores as a delivery does, returns a sentence of what was seen, and raises
PromoReportsError where the destination refuses, fails or breaks a promise of the port.
"""

from __future__ import annotations

import hashlib
import http.client
import threading
import urllib.error
import urllib.request
from io import FileIO
from pathlib import Path

from promo_reports.domain.delivery import Kind
from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.port import LostRace, Objects, OpenObject

WRITERS = 4
"""Writers that replace the object on the same condition at one time."""

_OBJECT = "check.json"
_FIRST, _SECOND = b'{"check": 1}\n', b'{"check": 2}\n'
_CONTENT = b"check\n1\n"
_DIGEST = hashlib.sha256(_CONTENT).hexdigest()
_FILE = ExportFile(f"check-{_DIGEST[:8]}.csv", 1, len(_CONTENT), _DIGEST)
_LINK_SECONDS = 10.0


class Probe:
    """A small object and a file in a folder of their own; `left` has the addresses of what may be there."""

    def __init__(self, objects: Objects, kind: Kind) -> None:
        self._objects, self._kind = objects, kind
        self._written: dict[str, str] = {}

    @property
    def left(self) -> list[str]:
        """The addresses of what was written and is not known to be deleted."""
        return sorted(self._written.values())

    def write(self) -> str:
        """Write the object."""
        self._note(_OBJECT)
        try:
            self._objects.put(_OBJECT, _FIRST, replacing=None)
        except DestinationRefused:
            self._written.clear()
            raise
        return "An object was written where there was none."

    def read(self) -> str:
        """Read it."""
        self._tag_of(_FIRST)
        return "It was read as it was written."

    def replace(self) -> str:
        """Replace it on conditions that hold and on such that do not; then by several writers at one time.

        A store may compare before it asks the server to: only writers that have compared already tell of a server that
        does not.
        """
        first = self._tag_of(_FIRST)
        self._must_lose(None)
        self._objects.put(_OBJECT, _SECOND, replacing=first)
        self._must_lose(first)
        second = self._tag_of(_SECOND)
        if not self._kind.conditional:
            return (
                f"It was compared, then replaced: {self._kind.label} cannot do both in one step, so an attempt that "
                "was frozen in between may win when it wakes, with a whole export."
            )
        if not self._objects.exclusive and self._winners(second) > 1:
            raise DestinationRefused(
                f"Of {WRITERS} writers that replaced {self._objects.address(_OBJECT)} on the same condition, several "
                "have succeeded: the server does not keep conditions.",
                "Use a server that does; here, of two attempts at one time, the older export may replace the newer.",
            )
        return "It was replaced while it was unchanged, and not on a condition that does not hold."

    def upload(self, source: Path) -> str:
        """Upload the file, which `prepare` has made; list both."""
        self._note(_FILE.name)
        self._objects.upload(_FILE, source)
        if self._objects.digest(_FILE.name) != (_FILE.bytes, _FILE.sha256):
            raise self._changed(_FILE.name, "is not what was uploaded")
        listed = {each.name for each in self._objects.entries() if not each.unfinished}
        for missing in sorted({_OBJECT, _FILE.name} - listed):
            raise self._changed(missing, "was written, and is not listed")
        return "A file was uploaded, verified and listed."

    def open(self) -> str:
        """Read the file as a download does."""
        found = self._objects.open(_FILE.name)
        if found is None or _content_of(found) != _CONTENT:
            raise self._changed(_FILE.name, "was uploaded, and is not there")
        return "The file was opened." if isinstance(found.content, FileIO) else "The file was read by a signed link."

    def delete(self) -> str:
        """Delete what was written, and leftovers of uploads; see that nothing stays."""
        try:
            self._objects.delete([(each, None) for each in self._written])
            self._objects.delete([(each.name, each.handle) for each in self._objects.entries()])
        finally:
            self._written = {each.name: self._objects.address(each.name) for each in self._objects.entries()}
        if self._written:
            raise DestinationRefused("What was written is still there after it was deleted.")
        return "What was written was deleted; nothing is left."

    def _note(self, name: str) -> None:
        self._written[name] = self._objects.address(name)

    def _tag_of(self, content: bytes) -> str:
        """Return the tag of the object, which must have this content."""
        found = self._objects.get(_OBJECT)
        if found is None or found.content != content:
            raise self._changed(_OBJECT, f"was written, and {'is not there' if found is None else 'is another'}")
        return found.tag

    def _must_lose(self, tag: str | None) -> None:
        try:
            self._objects.put(_OBJECT, b"", replacing=tag)
        except LostRace:
            return
        raise DestinationRefused(
            f"{self._objects.address(_OBJECT)} was replaced on a condition that does not hold.",
            "Use a server that keeps conditions.",
        )

    def _winners(self, tag: str) -> int:
        """Let several writers replace the object on the same condition at one time; return how many have succeeded."""
        begin, outcomes = threading.Barrier(WRITERS), list[Exception | None]()

        def replace(number: int) -> None:
            try:
                begin.wait()
                self._objects.put(_OBJECT, b'{"check": "writer %d"}\n' % number, replacing=tag)
            except Exception as error:
                outcomes.append(error)
            else:
                outcomes.append(None)

        # Daemon threads: the end of the process waits for those of a pool, whether the destination answers or not.
        writers = [threading.Thread(target=replace, args=(each,), daemon=True) for each in range(WRITERS)]
        for each in writers:
            each.start()
        for each in writers:
            each.join()
        for failed in (each for each in outcomes if each is not None and not isinstance(each, LostRace)):
            raise failed
        return outcomes.count(None)

    def _changed(self, name: str, how: str) -> DestinationRefused:
        return DestinationRefused(
            f"{self._objects.address(name)} {how}.",
            "Check that no rule, cache or other program changes what is written there.",
        )


def prepare(directory: Path) -> Path:
    """Make the local file that is uploaded; return its path."""
    path = directory / _FILE.name
    path.write_bytes(_CONTENT)
    return path


def _content_of(found: OpenObject) -> bytes:
    """Return the first bytes of an opened object; no error of a request is repeated, as it may show the signed URL."""
    error: PromoReportsError
    if isinstance(found.content, FileIO):
        with found.content as file:
            return file.read(len(_CONTENT) + 1) or b""
    try:
        with urllib.request.urlopen(found.content, timeout=_LINK_SECONDS) as answer:  # noqa: S310 - signed by the store
            content: bytes = answer.read(len(_CONTENT) + 1)
            return content
    except urllib.error.HTTPError as refused:
        error = DestinationRefused(
            f"The signed link of the file is answered with status {refused.code}.",
            "Check the connection's endpoint: nothing on the way may change the host's name or the query.",
        )
    except (OSError, http.client.HTTPException) as away:
        error = DestinationUnavailable(
            f"The signed link of the file cannot be reached ({type(away).__name__}).",
            "Check the connection's endpoint, which browsers must reach, too.",
        )
    raise error
