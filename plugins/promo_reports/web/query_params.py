"""Path and query parameters that several routes take."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Path, Query
from pydantic import BeforeValidator

from promo_reports.web.queries.cursors import LARGEST_ID

_DIGITS = re.compile(r"[0-9]{1,10}")


def _id_of(text: str) -> int:
    """Return the number, or 0, an id that no row has, for any other text."""
    return int(text) if _DIGITS.fullmatch(text) else 0


ExportId = Annotated[
    int, BeforeValidator(_id_of), Path(json_schema_extra={"minimum": 1, "maximum": LARGEST_ID}, description="of a run")
]
"""Any text is accepted, so that one that is no id is answered like an unknown id: 404."""

Limit = Annotated[int, Query(ge=1, le=100, description="rows")]
Search = Annotated[str, Query(max_length=200, description="contained in the name, in any case")]
CursorText = Annotated[str | None, Query(max_length=4096, description="`next` or `previous` of another page")]
