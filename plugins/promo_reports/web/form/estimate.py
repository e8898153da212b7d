"""The estimate of the form: rows, files and size of the export that a definition would make now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from promo_reports.domain.definition import Definition
from promo_reports.domain.estimate import PastExport, estimate
from promo_reports.errors import QueryTooSlow
from promo_reports.orchestration.connections import promo_source
from promo_reports.pipeline.row_count import count_rows
from promo_reports.settings import Settings
from promo_reports.web.form.models import EstimateShown, FileEstimateShown
from promo_reports.web.form.preview import export_now
from promo_reports.web.limits import counting_rows
from promo_reports.web.models import Named
from promo_reports.web.times import local, window_shown

SECONDS = 10.0
"""Time limit of a count, including connecting to the promo database."""


def estimate_shown(
    definition: Definition, settings: Settings, at: datetime, past: Sequence[PastExport], *, person: str
) -> EstimateShown:
    """Count the rows and estimate the files; a recurring report's are those of its last due delivery.

    A count that does not end in time has no figures, and says so. 503 where too many are running already, 429 where too
    many of these are the person's own.
    """
    export = export_now(definition, at)
    window = window_shown(export.window, export.zone) if export.window else None
    as_of = local(export.as_of, export.zone)
    with counting_rows.one(person):
        source = promo_source(definition.report_type.connection)
        try:
            rows = count_rows(export, source, settings, seconds=SECONDS)
        except QueryTooSlow:
            sentence = f"The rows could not be counted within {SECONDS:g} seconds. You can export all the same."
            return EstimateShown(rows=None, files=[], seconds=None, sentence=sentence, window=window, as_of=as_of)
    found = estimate([each.format for each in definition.shapes], rows, settings.rows_per_file, past)
    return EstimateShown(
        rows=rows,
        files=[
            FileEstimateShown(
                format=Named(id=each.format.key, label=each.format.label) if each.format is not None else None,
                parts=each.parts,
                bytes=each.bytes,
            )
            for each in found.files
        ],
        seconds=found.seconds,
        sentence=found.sentence,
        basis=found.basis,
        window=window,
        as_of=as_of,
    )
