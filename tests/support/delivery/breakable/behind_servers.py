"""A bucket that is reached by HTTP, behind servers that refuse."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promo_reports.domain.account import Bucket
from tests.support.delivery.breakable.refusing_server import Refusing, refusing_server
from tests.support.delivery.exports import Place
from tests.support.delivery.faults import ENDPOINT, NETWORK, Fault

SECRET = "hunter2secret"

PAGES = [Refusing(404, "<p>Not found<p>"), Refusing(404, "")]
"""What answers where an address leads to another server than the cloud's."""


@dataclass
class BehindServers:
    """A bucket behind servers that refuse.

    `connect` makes the connection to an address, with short time limits, and returns the bucket as the account has it;
    `port` is that of the server behind, `answers` are those of its cloud, and `secrets` are the connection's own.
    """

    place: Place
    port: int
    answers: Mapping[Fault, Sequence[Refusing]]
    connect: Callable[[str], Bucket]
    secrets: tuple[str, ...] = field(default=(SECRET,), kw_only=True)

    def broken(self, fault: Fault) -> Iterator[Bucket]:
        if fault is NETWORK:
            yield self.connect("http://no-such-host.invalid")
            with socket.create_server(("127.0.0.1", 0)) as silent:
                address = f"http://127.0.0.1:{silent.getsockname()[1]}"
                yield self.connect(address)
            yield self.connect(address)  # nobody listens there any more
        for answer in PAGES if fault is ENDPOINT else self.answers.get(fault, ()):
            with refusing_server(answer) as url:
                yield self.connect(url)

    def refusing_writes(self, fault: Fault) -> Iterator[Bucket]:
        for answer in self.answers.get(fault, ()):
            with refusing_server(answer, methods=("PUT", "POST"), behind=self.port) as url:
                yield self.connect(url)
