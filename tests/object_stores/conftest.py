"""Every destination on a store of objects."""

from tests.support.delivery.fixtures import (
    google_storage,
    in_azure,
    in_bucket,
    in_google,
    in_memory,
    local,
    on_sftp,
    place,
)
from tests.support.delivery.unwell_servers import closed, silent, stop

__all__ = [
    "closed",
    "google_storage",
    "in_azure",
    "in_bucket",
    "in_google",
    "in_memory",
    "local",
    "on_sftp",
    "place",
    "silent",
    "stop",
]
