"""What the account asks of everything that is written to a bucket: encryption, class, owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promo_reports.domain.account import Bucket

_KMS = "aws:kms"
_ALGORITHMS = ("AES256", _KMS)


@dataclass(frozen=True)
class WriteOptions:
    """Keys of a bucket in the account; an empty one leaves it to the bucket's own settings.

    `encryption` is `AES256`, `aws:kms` or a key of KMS. `storage_class` is that of files: a manifest is small, and read
    at every delivery. `acl` is `bucket-owner-full-control`.
    """

    encryption: str = ""
    storage_class: str = ""
    acl: str = ""

    @classmethod
    def of(cls, bucket: Bucket) -> WriteOptions:
        """Return the options of a bucket of the account."""
        return cls(bucket.option("encryption"), bucket.option("storage_class"), bucket.option("acl"))

    def of_file(self) -> dict[str, Any]:
        """Return the parameters of a request that makes a file."""
        return {**self.of_small_object(), **_given(StorageClass=self.storage_class)}

    def of_small_object(self) -> dict[str, Any]:
        """Return the parameters of a request that makes a manifest or another small object."""
        key = "" if self.encryption in _ALGORITHMS else self.encryption
        return _given(ServerSideEncryption=self._algorithm, SSEKMSKeyId=key, ACL=self.acl)

    def encrypted(self, head: Mapping[str, Any]) -> bool:
        """Return whether an object is encrypted as it was asked: some servers ignore what they do not know."""
        return not self.encryption or head.get("ServerSideEncryption") == self._algorithm

    @property
    def _algorithm(self) -> str:
        return self.encryption if self.encryption in ("", *_ALGORITHMS) else _KMS


def _given(**parameters: str) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value}
