"""Cut a file of another shape from a verified master, block by block, and prove that it holds the same cells."""

from __future__ import annotations

from dataclasses import dataclass

from promo_reports.domain.report_type import ColumnType, ReportType
from promo_reports.domain.shape import Shape
from promo_reports.errors import ReconciliationError
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.formats.file_code import Unreadable, code_of
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.parsed_block import ParsedBlock
from promo_reports.pipeline.formats.records import quoted, records
from promo_reports.pipeline.formats.tally import Tally
from promo_reports.pipeline.shapes.cells import values_of, with_cells
from promo_reports.pipeline.shapes.column_digests import ColumnDigest, DigestingTally, digests_of
from promo_reports.pipeline.shapes.plan import format_for
from promo_reports.pipeline.shapes.verified_file import VerifiedFile
from promo_reports.pipeline.staging.area import Attempt
from promo_reports.pipeline.verification.count import Counted
from promo_reports.pipeline.verification.second_reading import SecondReading
from promo_reports.pipeline.verification.verify import raise_differences, reconcile
from promo_reports.sql.cell_policies.transform import CellTransform, transform_of


@dataclass(frozen=True)
class Cutting:
    """Cuts shapes from the master of one export, whose cells are those of `master_shape`."""

    export: Export
    master: VerifiedFile
    master_shape: Shape
    counted: Counted
    rows_per_file: int

    def file_of(self, shape: Shape, attempt: Attempt) -> VerifiedFile:
        """Return the file of a shape: the master itself where that is the same bytes, else one that is cut from it.

        Raises `ReconciliationError` where the cut is not what the master and the database's count say, and
        `StagingError` where it cannot be written.
        """
        if shape == self.master_shape or self._is_master(shape):
            return self.master
        return self._cut(shape, attempt)

    def _is_master(self, shape: Shape) -> bool:
        file_format = format_for(shape, self.master.reading.rows, self.rows_per_file)
        same_cells = shape.cells is self.master_shape.cells or not self.master.reading.due[shape.cells.key]
        return file_format is self.master.format and same_cells

    def _cut(self, shape: Shape, attempt: Attempt) -> VerifiedFile:
        report_type, rows = self.export.definition.report_type, self.master.reading.rows
        transform = transform_of(shape.cells)
        artifact = Artifact(
            attempt.directory,
            self.export.stem,
            Heading(report_type.columns, self.export.zone),
            format_for(shape, rows, self.rows_per_file),
        )
        cutter, found = _Cutter(report_type, transform, artifact), DigestingTally(report_type, transform)
        with SecondReading(artifact.written, artifact.format, artifact.heading, found) as again:
            with attempt.explained(lambda: artifact.size_of(rows)), artifact:
                self._read_master(cutter, artifact.heading)
            reading = again.result(artifact.spans)
        source = self.counted.of(shape.cells)
        reconcile(reading, source, rows, artifact.parts)
        due = self.master.reading.due.get(shape.cells.key, {})
        differences = [] if reading.cells_changed == due else [f"{reading.cells_changed} cells changed, not {due}"]
        pairs = zip(cutter.names, digests_of(cutter.digests), digests_of(found.digests), strict=True)
        differences += [f"column {name} is not that of the master" for name, here, there in pairs if here != there]
        raise_differences(differences)
        return VerifiedFile.named_by_content(artifact, reading, attempt.directory)

    def _read_master(self, cutter: _Cutter, heading: Heading) -> None:
        file = GrowingFile(self.master.path)
        file.finish()
        try:
            with file:
                parts = code_of(self.master.format).read_back(file, heading, cutter)
        except Unreadable as damage:
            raise ReconciliationError(f"The staged file {file.path.name} cannot be read again: {damage}.") from None
        cutter.finish()
        verified = [(part.name, part.rows, part.bytes, part.sha256) for part in self.master.reading.parts]
        if [(self._name(number), part.rows, part.bytes, part.sha256) for number, part in enumerate(parts)] != verified:
            raise ReconciliationError(f"The staged file {file.path.name} is not what was read before.")

    def _name(self, number: int) -> str:
        """Return the name that a part had when it was verified: a CSV has got its hash since."""
        return self.master.reading.parts[number].name if number < len(self.master.reading.parts) else ""


class _Cutter(Tally):
    """Takes the blocks of the master, hashes their columns, and writes their records with the cells of a policy."""

    def __init__(self, report_type: ReportType, transform: CellTransform, artifact: Artifact) -> None:
        super().__init__(report_type, transform)
        self.needed = list(range(len(self.names)))
        self.digests = [ColumnDigest() for _ in self.names]
        self._artifact = artifact
        self._parts = 0

    def begin_part(self, name: str) -> None:
        """Begin the part with the same number."""
        self.finish()
        super().begin_part(name)
        self._parts += 1
        self._artifact.begin(self._parts)

    def finish(self) -> None:
        """End the part that was begun."""
        if self._parts:
            self._artifact.end()

    def add_all(self, block: ParsedBlock) -> None:
        """Write all rows of a block."""
        for place, digest in enumerate(self.digests):
            digest.add(values_of(block, place, self.report_type.columns[place]))
        changed = {place: self.transform.rewritten(block, place) for place in self._changed}
        if any(changed.values()):
            written = [with_cells(block.array(place), changed.get(place, {})) for place in range(len(self.names))]
            self._artifact.write(records([self._cell(*each) for each in enumerate(written)]), len(block))
        else:
            self._artifact.write(block.content, len(block))
        self.rows += len(block)

    def _cell(self, place: int, cells: object) -> object:
        return quoted(cells) if self.report_type.columns[place].type is ColumnType.TEXT else cells
