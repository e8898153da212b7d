"""Errors of the product as one text."""

from __future__ import annotations

from promo_reports.errors import InvalidInput, PromoReportsError, SourceUnavailable


def sentence_of(error: PromoReportsError) -> str:
    """Return what happened and what to do, without what a run of Airflow would do by itself."""
    if isinstance(error, InvalidInput):
        return "; ".join(map(str, error.problems)) + "."
    return f"{error.reason} {error.fix.removesuffix(SourceUnavailable.AGAIN)}".strip()
