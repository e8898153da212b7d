"""Folders of small objects in any object store, which has neither locks nor modification times of folders.

Every change is one conditional put. One more small object, the revision, is replaced after each change; whoever waits
for changes polls it, which is one request. It is a hint and no more: a writer that dies before it is replaced is found
out by a whole listing, which every host that reads the contents makes every five minutes, and which puts a new revision
for all others.

Each host has a copy of what was listed and read. It answers while the store is away: what was known stays known.
"""

from __future__ import annotations

from promo_reports.object_stores.small_folders.folders import SmallFolder, SmallFolders

__all__ = ["SmallFolder", "SmallFolders"]
