"""Names of the directories that exports lie in, by which retention tells them from what others keep beside them.

::

    staging area       <report id>/<run>/<attempt>
    every destination  <folder of the report>/<window key>

Staging may hold other programs' temporary files (the worker's TMPDIR), and a volume things of its own (`lost+found`).
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid

LONGEST_KEY = 1024
"""Bytes of an object's key: S3's limit, and those of Google Cloud Storage and Azure."""
LONGEST_FOLDER = 255
"""Bytes of the folder of an on-demand export: what file systems take as one name."""
_WINDOW_KEY_OF_DAYS = len("20260101T000000Z_20260201T000000Z")
_LONGEST_WINDOW_KEY = len("20260101T000000.000001Z_20260201T000000.000001Z")
HASH_LENGTH = len("-0123abcd")
_LONGEST_DAYS = len("_2026-01-01_to_2026-01-31")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_RUN = re.compile(r"[0-9a-f]{16,64}")
_ATTEMPT = re.compile(r"[0-9a-f]{32}")
_INSTANT = r"\d{8}T\d{6}(?:\.\d{6})?Z"
_WINDOW_KEY = re.compile(rf"({_INSTANT}|as_of)_{_INSTANT}")


def is_folder_name(name: str) -> bool:
    """Return whether a name may be that of a report's folder: not hidden, and without a path in it."""
    return _FOLDER.fullmatch(name) is not None


def is_window_key(name: str) -> bool:
    """Return whether a name is that of one export below its report: `<start>_<end>`, or `as_of_<instant>`, in UTC."""
    return _WINDOW_KEY.fullmatch(name) is not None


def longest_folder(name_length: int, *, recurring: bool) -> int:
    """Return the bytes that the folder of an export may have, `<name>/<window key>`.

    The window of a recurring report begins and ends with a day, others may do so at fractions of a second.
    """
    return name_length + 1 + (_WINDOW_KEY_OF_DAYS if recurring else _LONGEST_WINDOW_KEY)


def longest_stem(id_length: int) -> int:
    """Return the bytes that the name of an export's file may have before its hash."""
    return id_length + _LONGEST_DAYS


def run_name(dag_id: str, run_id: str) -> str:
    """Return the name of a run's directory in the staging area: 128 bits of a sha256 over both ids."""
    return hashlib.sha256(json.dumps([dag_id, run_id]).encode()).hexdigest()[:32]


def earlier_run_name(dag_id: str, run_id: str) -> str:
    """Return the name that the release before gave that directory."""
    return hashlib.sha256(f"{dag_id}\n{run_id}".encode()).hexdigest()[:16]


def is_run_name(name: str) -> bool:
    """Return whether a name is one of `run_name`, or of `earlier_run_name`."""
    return _RUN.fullmatch(name) is not None


def new_attempt_name() -> str:
    """Return the name of a new directory for one attempt of a run."""
    return uuid.uuid4().hex


def is_attempt_name(name: str) -> bool:
    """Return whether a name is one of `new_attempt_name`."""
    return _ATTEMPT.fullmatch(name) is not None
