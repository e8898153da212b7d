"""Every destination, as the contract suite sees it."""

from tests.support.delivery.fixtures import (
    breakable_azure,
    breakable_google,
    breakable_s3,
    breakable_sftp,
    google_storage,
    in_azure,
    in_bucket,
    in_google,
    in_memory,
    lasting,
    local,
    on_sftp,
    place,
    unlocked,
)

__all__ = [
    "breakable_azure",
    "breakable_google",
    "breakable_s3",
    "breakable_sftp",
    "google_storage",
    "in_azure",
    "in_bucket",
    "in_google",
    "in_memory",
    "lasting",
    "local",
    "on_sftp",
    "place",
    "unlocked",
]
