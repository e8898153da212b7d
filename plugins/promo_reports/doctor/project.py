"""The files of a project: report types, their SQL, the account and definitions."""

from __future__ import annotations

from collections.abc import Iterator

from promo_reports.doctor.installation import Installation
from promo_reports.domain.check_result import CheckResult, ok, problem
from promo_reports.errors import InvalidInput, SqlTemplateError
from promo_reports.sql.report_query import load_report_query


def check_files(installation: Installation) -> Iterator[CheckResult]:
    """Yield how many files have problems; `promo-reports validate` names each with its line."""
    wrong = installation.broken_report_types
    for key, report_type in installation.report_types.items():
        try:
            load_report_query(report_type, installation.settings.sql)
        except SqlTemplateError:
            wrong.append(key)
    try:
        zone = installation.registry.account.timezone
    except InvalidInput:
        zone = None
        wrong.append(installation.settings.account.name)
    wrong += [each.source.key for each in installation.definitions if each.error is not None]
    if wrong:
        yield problem("files", f"{len(wrong)} have problems ({', '.join(wrong[:3])} ...): run promo-reports validate.")
    else:
        types, definitions = len(installation.report_types), len(installation.definitions)
        yield ok("files", f"{types} report types and {definitions} definitions are valid, in {zone}.")
