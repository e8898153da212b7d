"""What a destination can be wrong in, as every kind that can be so has to tell it.

A kind takes part by a line in BROKEN, and a fixture of tests/delivery that returns its `Breakable`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from promo_reports.domain.account import Bucket
from tests.support.delivery.breakable.refusing_server import SECRETS
from tests.support.delivery.exports import Place


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong; `said` is a pattern that the sentence about it matches."""

    name: str
    said: str
    passing: bool | None = False
    """Whether a retry may help; None where nobody can know."""

    def __str__(self) -> str:
        return self.name


PERMISSION = Fault("permission", r"Grant ")
NAME = Fault("name", r"correct (its name|the prefix)|There is no ")
REGION = Fault("region", r"region_name")
KEY = Fault("key", r"Renew the credentials|Correct the (credentials|connection)")
EXPIRED = Fault("expired key", r"Renew the credentials")
CLOCK = Fault("clock", r"Set this host's clock")
NETWORK = Fault("network", r"Check the network", passing=True)
ENDPOINT = Fault("another server's address", r"endpoint_url|address|host|network", passing=None)

HOST_KEY = Fault("changed host key", r"host key that is not trusted.*Ask whoever runs the server")
DISK = Fault("full disk", r"[Mm]ake room|free space", passing=True)

SECRET = "hunter2secret"
NEVER_SAID = (*SECRETS, "http:", "https:")
"""What no sentence may show."""


class Breakable(Protocol):
    """A destination that is well, and ways to it on which something is wrong."""

    @property
    def place(self) -> Place:
        """The destination where all is well."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the connection holds and no sentence may show."""

    def broken(self, fault: Fault) -> Iterator[Bucket]:
        """The destination as it is told where nothing works, in each way that this may come."""

    def refusing_writes(self, fault: Fault) -> Iterator[Bucket]:
        """The same where reading works all the same; none if that cannot be."""


BROKEN: dict[str, tuple[str, tuple[Fault, ...]]] = {
    "amazon_s3": ("breakable_s3", (PERMISSION, NAME, REGION, KEY, EXPIRED, CLOCK, NETWORK, ENDPOINT)),
    "google_cloud_storage": ("breakable_google", (PERMISSION, NAME, KEY, EXPIRED, CLOCK, NETWORK, ENDPOINT)),
    "azure_blob": ("breakable_azure", (PERMISSION, NAME, KEY, EXPIRED, CLOCK, NETWORK, ENDPOINT)),
    "sftp": ("breakable_sftp", (PERMISSION, NAME, KEY, EXPIRED, HOST_KEY, DISK, NETWORK, ENDPOINT)),
}
"""The fixture of each kind, and what it can be wrong in."""
