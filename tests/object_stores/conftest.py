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

__all__ = ["google_storage", "in_azure", "in_bucket", "in_google", "in_memory", "local", "on_sftp", "place"]
