"""What both lists can be asked alike."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=100, description="rows")]
Search = Annotated[str, Query(max_length=200, description="contained in the name, in any case")]
CursorText = Annotated[str | None, Query(max_length=4096, description="`next` or `previous` of another page")]
