"""The file formats that an export can have, by key; `pipeline/formats` has the code of each.

A format of one part holds at most the rows of the row limit; beyond it, `split_as` names the format whose members are
the parts (product-spec, "Report Constraints": a large report is a ZIP of CSV files).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileFormat:
    """The properties of a format that other layers use.

    `suffix` and `member_suffix` begin with a dot; only a format whose parts are members of its file has the latter.
    What is `unlimited` has one part, however many rows there are. `longest_cell` are the
    letters that a cell may have; None for any number. `extra` names what has the
    libraries of a format.
    `split_as` is the key of the format that an export of more rows than the limit gets; None where there is none.
    """

    key: str
    label: str
    suffix: str
    media_type: str
    split_as: str | None = None
    member_suffix: str | None = None
    unlimited: bool = False
    longest_cell: int | None = None
    extra: str | None = None

    @property
    def longest_suffix(self) -> int:
        """Characters that the suffix of an export's file may have, also of one that is split."""
        return max(len(self.suffix), len(FORMATS[self.split_as].suffix) if self.split_as is not None else 0)

    def part_name(self, stem: str, number: int) -> str:
        """Return the name of part `number`, counted from 1: that of a member, or that of the file itself."""
        return f"{stem}{self.suffix}" if self.member_suffix is None else f"{stem}_{number:04d}{self.member_suffix}"

    def for_rows(self, rows: int, rows_per_file: int) -> FileFormat | None:
        """Return the format of an export of so many rows; None where this one cannot be split."""
        if rows <= rows_per_file or self.unlimited:
            return self
        return FORMATS[self.split_as] if self.split_as is not None else None


CSV = FileFormat("csv", "CSV", ".csv", "text/csv; charset=utf-8", split_as="zip")
ZIP = FileFormat("zip", "ZIP of CSV files", ".zip", "application/zip", split_as="zip", member_suffix=".csv")

CSV_GZ = FileFormat("csv_gz", "CSV compressed by gzip", ".csv.gz", "application/gzip")
PARQUET = FileFormat(
    "parquet", "Parquet", ".parquet", "application/vnd.apache.parquet", unlimited=True, extra="promo-reports[duckdb]"
)

FORMATS = {each.key: each for each in (CSV, ZIP, CSV_GZ, PARQUET)}


def offered() -> tuple[str, ...]:
    """Return the keys that a definition may name; what another format becomes beyond the row limit is none of them."""
    split = {each.split_as for each in FORMATS.values() if each.split_as != each.key}
    return tuple(key for key in FORMATS if key not in split)


def format_of(name: str) -> FileFormat | None:
    """Return the format of a file by the suffix of its name; None where it is none of ours."""
    return max(
        (each for each in FORMATS.values() if name.endswith(each.suffix)),
        key=lambda each: len(each.suffix),
        default=None,
    )


def media_type_of(name: str) -> str:
    """Return the media type of a file, also of one whose format this release does not know."""
    file_format = format_of(name)
    return file_format.media_type if file_format is not None else "application/octet-stream"
