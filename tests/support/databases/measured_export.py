"""Make one export in a process of its own: `<url> <rows> <directory>`.

It prints the peak of its memory in MB, above what the process had when the export began.
"""

from __future__ import annotations

import sys
from pathlib import Path

from devstack.memory import peak


def main(url: str, rows: int, directory: Path) -> None:
    from promo_reports.pipeline.databases.source import Source
    from tests.support.databases.promo import SELECT, Project

    columns = (
        "SELECT g AS id, timestamptz '2026-03-01' + g * interval '1 ms' AS moved_at, 'in' AS kind,\n"
        "    'note ' || g AS note, g * 0.01 AS points, NULL::numeric AS rate, NULL::date AS day,\n"
        "    NULL::boolean AS active, NULL::timestamptz AS recorded_at, {{ filters.shop }} AS shop\n"
    )
    inner = f"{columns}FROM generate_series(1, {rows}) g"
    where = 'WHERE m.shop IS NOT NULL AND m.kind IN {{ filters.kind }} AND {{ window.covers("m.moved_at") }}\n'
    where += "{% if filters.shelf %} AND m.note IN {{ filters.shelf }} {% endif %}\n"
    sql = SELECT.replace("FROM moves m", f"FROM ({inner}) m") + where + "ORDER BY m.moved_at, m.id"
    idle = peak()
    staged = Project(directory, sql).make(Source("promo_db", url), rows_per_file=rows // 3)
    assert staged.manifest.rows == rows
    sys.stdout.write(f"{peak() - idle}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
