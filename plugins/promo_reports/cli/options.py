"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Report = Annotated[
    str, typer.Argument(metavar="ID_OR_FILE", help="A registered report's id, or the YAML file of any definition.")
]
ReportId = Annotated[str, typer.Argument(metavar="ID", help="The id of a registered report.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who does it; $USER where absent.")]
Start = Annotated[
    str | None, typer.Option(metavar="DATE", help="First local day of the window, or an instant with offset.")
]
End = Annotated[
    str | None, typer.Option(metavar="DATE", help="First local day after the window, or an instant: it is excluded.")
]
AsOf = Annotated[
    str | None, typer.Option(metavar="DATE", help="For snapshots: the start of a local day, or an instant with offset.")
]
Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The promo database, where the environment variable AIRFLOW_CONN_<CONNECTION> of the report type's "
        "connection does not say it.",
    ),
]
Home = Annotated[
    Path | None,
    typer.Option(
        envvar="PROMO_REPORTS_HOME",
        metavar="DIR",
        help="The project: reports/, report_types/ and include/ lie in it. Where absent, the current directory if it "
        "is one.",
    ),
]
