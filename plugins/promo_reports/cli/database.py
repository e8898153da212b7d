"""What a command has from Airflow's connections: the promo database, without `--database`, and the key for hashes.

Importing Airflow takes seconds, and it logs to standard output, which belongs to results here.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from urllib.parse import urlsplit

from promo_reports.cli.failures import usage_error
from promo_reports.errors import SourceRefused
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.export import Export
from promo_reports.sql.cell_policies.hashed import hashes

_DIALECTS = ("postgresql", "mysql", "sqlite")
_EXAMPLE = "postgresql://user:password@host:5432/database"


def source_for(connection_id: str, url: str | None) -> Source:
    """Return the promo database; `InvalidInput` for an invalid URL, `SourceRefused` if there is no connection."""
    if url is not None:
        return _from_url(connection_id, url)
    with _airflow(
        f"connection {connection_id!r}", "Install promo-reports[airflow], or give the address with --database."
    ):
        from promo_reports.orchestration.connections import promo_source

        try:
            return promo_source(connection_id)
        except SourceRefused as refused:
            raise SourceRefused(refused.reason, f"{refused.fix} Or give the address with --database.") from None


def keyed(export: Export) -> Export:
    """Return an export with the key for its hashed columns, if it has any; `SourceRefused` if there is no key."""
    if not hashes(export.definition.report_type.columns):
        return export
    with _airflow("the key for hashed columns", "Install promo-reports[airflow]."):
        from promo_reports.orchestration.connections import with_hash_key

        return with_hash_key(export)


@contextlib.contextmanager
def _airflow(what: str, fix: str) -> Iterator[None]:
    """Import Airflow and ask it in the block; `SourceRefused` where it is not installed."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            yield
        except ModuleNotFoundError as missing:
            if missing.name != "airflow":
                raise
            raise SourceRefused(f"Airflow, which reads {what}, is not installed.", fix) from None


def _from_url(connection_id: str, url: str) -> Source:
    """Return the promo database of a URL, which no message repeats: it contains a password."""
    try:
        parts = urlsplit(url)
        sound = parts.netloc.count("@") <= 1 and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    source = Source(connection_id, url)
    if not sound or "://" not in url:
        raise usage_error("--database", f"must be a URL like {_EXAMPLE}, with special characters escaped as %40")
    if source.dialect not in _DIALECTS:
        raise usage_error("--database", f"{source.dialect!r} is no database of these: {', '.join(_DIALECTS)}")
    return source
