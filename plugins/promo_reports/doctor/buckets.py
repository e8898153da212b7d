"""Buckets of the account and of the settings: whether this host reaches them and may list and read."""

from __future__ import annotations

from collections.abc import Iterator

from promo_reports.doctor.installation import Installation
from promo_reports.doctor.sentences import sentence_of
from promo_reports.domain.account import Bucket
from promo_reports.domain.check_result import CheckResult, not_checked, ok, problem
from promo_reports.domain.delivery import DOWNLOAD
from promo_reports.errors import PromoReportsError
from promo_reports.object_stores.stores import store_at

_NO_REPORT = "promo-reports-doctor"  # no id of a report has a hyphen


def check_buckets(installation: Installation) -> Iterator[CheckResult]:
    """Yield whether each bucket is there, and may be listed and read; `check-destination` writes, too."""
    settings = installation.settings
    areas = settings.staging_area, settings.download_area  # the store has a check of its own
    for bucket in (*installation.registry.account.buckets, *(each for each in areas if each.partner != DOWNLOAD)):
        yield _bucket(bucket)


def _bucket(bucket: Bucket) -> CheckResult:
    subject = f"bucket {bucket.id}"
    try:
        store = store_at(bucket)
        store.folders()
        with store.reading(_NO_REPORT, _NO_REPORT) as folder:
            if folder is not None:
                folder.get("manifest.json")
    except ImportError as error:
        return not_checked(subject, f"{error.name} is not installed here: {bucket.partner} is reached through it.")
    except PromoReportsError as error:
        return problem(subject, sentence_of(error))
    return ok(
        subject,
        f"{bucket.address} can be listed and read by connection {bucket.connection}. Nothing was written: "
        "promo-reports check-destination writes.",
    )
