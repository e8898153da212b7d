"""Every destination, as the contract suite sees it."""

from tests.support.delivery.fixtures import in_bucket, in_memory, lasting, local, place

__all__ = ["in_bucket", "in_memory", "lasting", "local", "place"]
