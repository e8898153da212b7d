"""From the staged file to a destination: whole files first, the manifest last.

`publish(staged, area_for(destination, account, settings))` delivers; `published` and `open_published` read what was
delivered; `sweep` and `sweep_staging` remove what is old.
"""

from __future__ import annotations

from promo_reports.delivery.destinations import area_for
from promo_reports.delivery.publication import Published, publish
from promo_reports.delivery.readable_file import OpenFile, PresignedFile
from promo_reports.delivery.reading import PublishedExport, Wanted, open_published, published
from promo_reports.delivery.retention import Swept, sweep, sweep_staging
from promo_reports.delivery.target import Area, Folder

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
    "sweep_staging",
]
