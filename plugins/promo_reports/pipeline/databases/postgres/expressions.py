"""PostgreSQL's SQL for a column, by its type: the bytes that COPY writes, whatever casts and collations say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_letters, digits

from promo_reports.domain.report_type import Column, ColumnType
from promo_reports.pipeline.databases.postgres.checks.query_columns import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOATS,
    INTEGER,
    NAME,
    OID,
    SMALLINT,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    VARCHAR,
)
from promo_reports.sql.cell_policies.formulas import FIRST_LETTERS, FORMULA_PATTERN, FORMULA_PATTERN_OF_BYTES
from promo_reports.sql.expressions import Expressions

_WRITTEN_ALIKE = frozenset({BOOLEAN, NAME, BIGINT, SMALLINT, INTEGER, OID, DATE, TIMESTAMP, TIMESTAMPTZ, UUID})
"""Types of which what is equal is written alike."""
_FIRST_CODE_POINTS = ",".join(str(ord(letter)) for letter in sorted(FIRST_LETTERS))
_NEVER_FIRST = ",".join(ascii_letters + digits)
"""Every encoding that a database may have has these as the bytes of ASCII, and as nothing else's first byte."""
_TO_UTF8 = "pg_catalog.encode(pg_catalog.convert_to({text}, 'UTF8'), 'escape')"


class PostgresExpressions(Expressions):
    """`types` are the OIDs of the columns' types by name; with `utf8` the database's encoding is UTF-8.

    With `equal_texts` two texts of other bytes may be equal: there are nondeterministic collations.
    """

    writes_cells = True

    def __init__(self, types: Mapping[str, int], *, utf8: bool, equal_texts: bool) -> None:
        self._types, self._utf8 = types, utf8
        self._written_alike = _WRITTEN_ALIKE if equal_texts else _WRITTEN_ALIKE | {TEXT, VARCHAR}

    def cell(self, column: Column) -> str:
        """Return the cell as COPY writes it; a float gets its scale."""
        return f"{self._rounded(column)} AS {column.name}" if self._is_rounded(column) else super().cell(column)

    def is_formula(self, column: Column) -> str:
        """Return whether a spreadsheet would run the cell, of which no collation and no encoding has a say.

        The first letter is looked at before the pattern, which costs several times as much, and rules most cells out.
        """
        text, pattern = self._text(column), FORMULA_PATTERN
        # `ascii` is the code point in UTF-8 alone; elsewhere it refuses some letters, and "char" is the first byte.
        may_be = f"pg_catalog.ascii({text}) = ANY (CAST('{{{_FIRST_CODE_POINTS}}}' AS integer[]))"
        if not self._utf8:
            may_be = f'NOT CAST({text} AS "char") = ANY (CAST(\'{{{_NEVER_FIRST}}}\' AS "char"[]))'
            text, pattern = _TO_UTF8.format(text=text), FORMULA_PATTERN_OF_BYTES
        escaped = pattern.replace("\\", "\\\\").replace("'", "''")
        return f"{may_be} AND {text} COLLATE \"C\" ~ E'{escaped}'"

    def text(self, column: Column) -> str:
        """What COPY writes: a cast that somebody has created may say something that is not read as the value again."""
        return self._text(column)

    def last_letters(self, column: Column, hidden: str, letters: int) -> str:
        """Return the masked text, whatever functions of the same names there are."""
        text = self._text(column)
        return (
            f"CASE WHEN pg_catalog.length({text}) > {letters} "
            f"THEN pg_catalog.concat('{hidden}', pg_catalog.right({text}, {letters})) "
            f"WHEN {text} IS DISTINCT FROM NULL THEN '{hidden}' END"
        )

    def group(self, column: Column) -> tuple[str, Sequence[str]]:
        """Return the text that COPY writes."""
        text = f'{self._text(column)} COLLATE "C"'
        return text, [text]

    def total(self, column: Column) -> str:
        """Return the sum of what is written."""
        return f"pg_catalog.sum({self._rounded(column)})" if self._is_rounded(column) else super().total(column)

    def order(self, column: Column) -> Sequence[str]:
        """Return the column, and its bytes where it may have equal values that are written differently."""
        if self._types.get(column.name) in self._written_alike:
            return super().order(column)
        return [*super().order(column), f'{self._text(column)} COLLATE "C"']

    def _text(self, column: Column) -> str:
        """Return what COPY writes. A cast to text may say something else: `true` for `t`, a char(n) without its blanks.

        A function that is named without its schema may be another one, whose parameters are of the very types.
        """
        cell = f"report.{column.name}"
        if self._types.get(column.name) in (TEXT, VARCHAR):
            return f"CAST({cell} AS text)"
        return f"CASE WHEN {cell} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', {cell}) END"

    def _is_rounded(self, column: Column) -> bool:
        return column.type is ColumnType.DECIMAL and self._types.get(column.name) in FLOATS

    @staticmethod
    def _rounded(column: Column) -> str:
        """A float as a decimal. A cast of its own would drop the last of its digits, its text has all of them."""
        decimal = f"CAST(CAST(report.{column.name} AS text) AS numeric)"
        return decimal if column.scale is None else f"round({decimal}, {column.scale})"
