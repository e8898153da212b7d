"""Every destination, as the contract suite sees it."""

from tests.support.delivery.fixtures import breakable_s3, in_bucket, in_memory, lasting, local, place

__all__ = ["breakable_s3", "in_bucket", "in_memory", "lasting", "local", "place"]
