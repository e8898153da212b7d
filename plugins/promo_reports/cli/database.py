"""Which promo database is read: the one in `--database`, or the Airflow connection that the report type names."""

from __future__ import annotations

import contextlib
import io
from urllib.parse import urlsplit

from promo_reports.cli.failures import mistake
from promo_reports.errors import SourceRefused
from promo_reports.pipeline.databases.source import Source

_DIALECTS = ("postgresql", "mysql", "sqlite")
_EXAMPLE = "postgresql://user:password@host:5432/database"


def source_for(connection_id: str, url: str | None) -> Source:
    """The promo database; `InvalidInput` for a URL that is none, `SourceRefused` where no connection is found."""
    if url is not None:
        return _from_url(connection_id, url)
    # Importing Airflow takes seconds, and it logs to standard output, which belongs to results here.
    with contextlib.redirect_stdout(io.StringIO()):
        from promo_reports.orchestration.connections import promo_source

        try:
            return promo_source(connection_id)
        except SourceRefused as refused:
            raise SourceRefused(refused.reason, f"{refused.fix} Or give the address with --database.") from None


def _from_url(connection_id: str, url: str) -> Source:
    """The URL is never repeated in a message: it holds a password."""
    try:
        parts = urlsplit(url)
        sound = parts.netloc.count("@") <= 1 and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    source = Source(connection_id, url)
    if not sound or "://" not in url:
        raise mistake("--database", f"must be a URL like {_EXAMPLE}, with special characters escaped as %40")
    if source.dialect not in _DIALECTS:
        raise mistake("--database", f"{source.dialect!r} is no database of these: {', '.join(_DIALECTS)}")
    return source
