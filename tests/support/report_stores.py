"""Stores of created reports, opened as each of several hosts would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from promo_reports.definitions.store.stored_reports import NEEDED, StoredReports
from promo_reports.object_stores.directory.private import PrivateDirectory
from promo_reports.object_stores.port import ObjectStore
from promo_reports.object_stores.small_folders import SmallFolders

REQUEST: dict[str, Any] = {
    "name": "Nightly",
    "report_type": "ledger",
    "filters": {"wallet": "w", "kind": ["debit"]},
    "frequency": {"interval": "daily"},
    "delivery": [{"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}],
}
"""A recurring report of the small project in tests/definitions."""


def directory_store(root: Path, *, may_be_missing: bool = False) -> StoredReports:
    """Return the store in a directory."""
    return StoredReports(PrivateDirectory(root, NEEDED, may_be_missing=may_be_missing))


def object_store(store: ObjectStore) -> StoredReports:
    """Return the store in an object store."""
    return StoredReports(SmallFolders(store, "reports", NEEDED, address="the test's bucket"))
