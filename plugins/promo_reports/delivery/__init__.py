"""From the staged file to a destination: whole files first, the manifest last.

`publish(staged, area_for(destination, account, settings))` delivers; `published` and `open_published` read what was
delivered; `sweep` removes what is old.
"""

from __future__ import annotations

from promo_reports.delivery.destinations import area_for
from promo_reports.delivery.publication import Published, publish
from promo_reports.delivery.readable_file import OpenFile, PresignedFile
from promo_reports.delivery.reading import PublishedExport, Wanted, open_published, published
from promo_reports.delivery.retention import sweep
from promo_reports.delivery.target import Area, Folder
from promo_reports.object_stores.swept import Swept

__all__ = [
    "Area",
    "Folder",
    "OpenFile",
    "PresignedFile",
    "Published",
    "PublishedExport",
    "Swept",
    "Wanted",
    "area_for",
    "open_published",
    "publish",
    "published",
    "sweep",
]
