"""Count the rows of an export without making it."""

from __future__ import annotations

from dataclasses import replace

from promo_reports.pipeline.databases.dialects import open_snapshot
from promo_reports.pipeline.databases.source import Source, in_terms_of
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.filters import known_filters
from promo_reports.settings import Settings
from promo_reports.sql.report_query import load_report_query


def count_rows(export: Export, source: Source, settings: Settings, *, seconds: float) -> int:
    """Return how many rows the database counts; `QueryTooSlow` after `seconds`, connecting included.

    `UnknownValue` is of a filter, any other `SourceRefused` of the database.
    """
    report_type = export.definition.report_type
    query = load_report_query(report_type, settings.sql)
    limits = TimeLimits.of(settings, seconds=seconds)
    with open_snapshot(source, export.zone, limits, row_security=report_type.allow_row_security) as snapshot:
        export = replace(export, filters=known_filters(snapshot, export.definition, settings.sql))
        query = in_terms_of(snapshot, query, export.parameters)
        return int(str(snapshot.fetch(query.count(export.parameters))[0][0]))
