"""Load definitions from files and from the conf of an on-demand run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from promo_reports.definitions.inputs.messages import quoted
from promo_reports.definitions.inputs.yaml_reader import Document, read_yaml, shown_path
from promo_reports.definitions.inputs.yaml_scalars import Implicit
from promo_reports.definitions.report.rules import check_definition
from promo_reports.domain.account import Account
from promo_reports.domain.dates.schedule import ONE_TIME, Stop
from promo_reports.domain.definition import Definition, Origin, is_report_id, words_of
from promo_reports.domain.report_type import ReportType

API_OWNER = "api"


def load_definition(
    path: Path,
    *,
    report_types: Mapping[str, ReportType],
    account: Account,
    now: datetime | None = None,
    stops: tuple[Stop, ...] = (),
    shown: str | None = None,
) -> Definition:
    """Read one definition's file, whose name must be its id; `InvalidInput` with all its problems.

    `shown` is the file's name in problems, by default its last two parts.
    """
    return definition_in(
        read_yaml(path, shown),
        path,
        report_types=report_types,
        account=account,
        now=now,
        stops=stops,
    )


def definition_in(
    document: Document,
    address: str | PurePath,
    *,
    report_types: Mapping[str, ReportType],
    account: Account,
    origin: Origin = Origin.GIT,
    now: datetime | None = None,
    stops: tuple[Stop, ...] = (),
) -> Definition:
    """Return the definition in a document that was read at an address; `InvalidInput` with all its problems."""
    stem = PurePosixPath(address).stem
    data = document.data
    given = data.get("id") if isinstance(data, dict) else None
    if isinstance(given, str) and not isinstance(given, Implicit) and given != stem:
        document.findings.add(("id",), f"must be the file's name, {stem!r}, not {quoted(given)}")
    return check_definition(
        document,
        report_types=report_types,
        account=account,
        origin=origin,
        source=shown_path(address),
        now=now,
        stops=stops,
    )


def definition_from_conf(
    conf: object,
    *,
    run_id: str,
    at: datetime,
    report_type: str,
    report_types: Mapping[str, ReportType],
    account: Account,
) -> Definition:
    """Return the definition in a run's conf, checked like a file: anybody may post a conf to Airflow's own API.

    `at` is the run's `run_after`; no date may be later. `report_type` is the id of the on-demand DAG's type. `id`,
    `owner`, `report_type` and `frequency` may be left out, and null is the same as left out. The id of the definition
    always ends in a hash of the run.
    """
    document = Document.of_json(conf, f"conf of run {run_id}")
    given = {str(key): value for key, value in document.mapping().items() if value is not None}
    named = given.get("report_type")
    if isinstance(named, str) and named != report_type:
        document.findings.add(("report_type",), f"this DAG exports {report_type}, not {quoted(named)}")
        given["report_type"] = report_type
    if "frequency" in given and given["frequency"] != ONE_TIME:
        document.findings.add(("frequency",), f"must be {ONE_TIME} or absent: recurring reports have DAGs of their own")
        given["frequency"] = ONE_TIME
    if given.get("id") is None or is_report_id(given["id"]):
        # Never the bare id: it could be that of a registered report, whose exports would be replaced.
        given["id"] = conf_id(given.get("id", given.get("name")), run_id)
    defaults: dict[str, Any] = {
        "owner": API_OWNER,
        "frequency": ONE_TIME,
        "report_type": report_type,
    }
    return check_definition(
        Document(defaults | given, document.findings),
        report_types=report_types,
        account=account,
        origin=Origin.CONF,
        source=f"run {run_id}",
        now=at,
    )


def conf_id(name: object, run_id: str) -> str:
    """Return the id of a run's report if its conf has none: `june_wallet_transactions-1a2b3c4d`, unique to the run."""
    words = words_of(name if isinstance(name, str) else "")
    return f"{words}-{hashlib.sha256(run_id.encode()).hexdigest()[:8]}"
