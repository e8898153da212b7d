"""The second reading of a file that is finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from promo_reports.domain.file_format import FileFormat
from promo_reports.domain.report_type import ReportType
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.pipeline.verification.second_reading import Reading, SecondReading
from promo_reports.sql.cell_policies.transform import CellTransform
from tests.support.headings import of_type


def finished(path: Path) -> GrowingFile:
    """A file of which nothing more will be written."""
    file = GrowingFile(path)
    file.finish()
    return file


def read_again(
    path: Path,
    file_format: FileFormat,
    report_type: ReportType,
    *,
    transform: CellTransform,
    spans: Sequence[ChecksummedSpan],
) -> Reading:
    """Read a finished file from its beginning to its end."""
    with SecondReading(finished(path), file_format, of_type(report_type), Tally(report_type, transform)) as reading:
        return reading.result(spans)
