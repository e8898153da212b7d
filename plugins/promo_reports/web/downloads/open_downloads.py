"""Limits of concurrent downloads: each holds a connection, a file descriptor and some 200 KB of buffers."""

from __future__ import annotations

from promo_reports.web.limits import Places


class OpenDownloads(Places):
    """The open downloads of one process, counted by person."""

    def __init__(self, *, per_process: int, per_person: int) -> None:
        super().__init__(
            per_process=per_process,
            per_person=per_person,
            too_many=("Too many files are being downloaded just now.", "Try again in a moment."),
            too_many_yours=(f"You have {per_person} downloads open already.", "Wait until one of them has ended."),
        )
