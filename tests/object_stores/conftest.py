"""Every destination on a store of objects."""

from tests.support.delivery.fixtures import in_bucket, in_memory, local, place

__all__ = ["in_bucket", "in_memory", "local", "place"]
