"""Promo databases: whether they have what the SQL of the report types reads, and give it to exports.

Queries are asked as an export asks them, for none of their rows; the choices of filters are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from promo_reports.doctor.installation import Installation
from promo_reports.doctor.pools import connections_wanted, slots_of
from promo_reports.doctor.sentences import sentence_of
from promo_reports.domain.check_result import CheckResult, CheckState, not_checked, ok, problem
from promo_reports.domain.dates.window import Window
from promo_reports.domain.report_type import DateRangeRule, ReportType
from promo_reports.errors import PromoReportsError, SqlTemplateError
from promo_reports.pipeline.databases.dialects import inspection_of, open_snapshot
from promo_reports.pipeline.databases.inspection import MARKED_WINDOW
from promo_reports.pipeline.databases.source import Snapshot, Source, in_terms_of
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.filters import first_filters
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import UNCHANGED
from promo_reports.sql.references import all_tables_read
from promo_reports.sql.report_query import ReportQuery, load_options_query, load_report_query, options_query
from promo_reports.sql.template import FilterValues, Parameters

_LIMITS = TimeLimits(query=10.0, silence=10.0, network=5.0, connect=10.0)
_WINDOW = timedelta(days=31)


@dataclass(frozen=True)
class Asked:
    """A report type, its query, and the tables of that and of its filters' choices."""

    report_type: ReportType
    query: ReportQuery
    reads: Mapping[str, frozenset[str]]


def check_databases(installation: Installation) -> Iterator[CheckResult]:
    """Yield what each promo database lacks: server, role, tables, columns, privileges, types, indexes."""
    for key in installation.broken_report_types:
        yield problem(f"report type {key}", "It cannot be read: promo-reports validate says what is wrong with it.")
    slots = slots_of(installation)
    wanted = connections_wanted(installation.settings, {} if isinstance(slots, str) else slots)
    types = _by_connection(installation)
    for connection, report_types in types.items():
        for result in _database(installation, connection, report_types, wanted):
            yield result if len(types) == 1 else replace(result, subject=f"{connection}: {result.subject}")
    if isinstance(slots, str):
        yield not_checked("connections", f"How many exports want at one time is not known. {slots}")


def check_timezones(installation: Installation) -> Iterator[CheckResult]:
    """Yield whether promo databases know the timezones of definitions that have one of their own."""
    asked: dict[tuple[str, ZoneInfo], ReportType] = {}
    for each in installation.definitions:
        if each.definition is not None and each.definition.zone != installation.registry.account.zone:
            asked[each.definition.report_type.connection, each.definition.zone] = each.definition.report_type
    for (connection, zone), report_type in asked.items():
        subject = f"timezone {zone.key}"
        try:
            found = asked_of(installation, report_type)
            with open_snapshot(installation.source_of(connection), zone, _LIMITS, row_security=True) as snapshot:
                in_terms_of(snapshot, found.query, _parameters(installation, snapshot, report_type))
            yield ok(subject, f"{connection} has the same clock as this host.")
        except PromoReportsError as error:
            yield problem(subject, sentence_of(error))


def _by_connection(installation: Installation) -> dict[str, list[ReportType]]:
    found: dict[str, list[ReportType]] = {}
    for report_type in installation.report_types.values():
        found.setdefault(report_type.connection, []).append(report_type)
    return found


def _database(
    installation: Installation, connection: str, report_types: Sequence[ReportType], wanted: int
) -> Iterator[CheckResult]:
    asked = []
    for report_type in report_types:
        try:
            asked.append(asked_of(installation, report_type))
        except SqlTemplateError as error:
            yield problem(f"report type {report_type.id}", f"Its SQL breaks a rule: {sentence_of(error)}")
    zone = installation.registry.account.zone
    row_security = all(report_type.allow_row_security for report_type in report_types)
    broken: set[str] = set()
    source = None
    try:
        source = installation.source_of(connection)
        with open_snapshot(source, zone, _LIMITS, row_security=row_security) as snapshot:
            inspection = inspection_of(source, snapshot)
            yield from inspection.server(wanted)
            for table, result in inspection.tables(_together(asked)):
                broken |= {table} if result.state is CheckState.PROBLEM else set()
                yield result
    except PromoReportsError as error:
        yield problem(f"connection {connection}", sentence_of(error))
        return
    for each in asked:
        yield from _report_type(installation, source, zone, each, broken & each.reads.keys())


def _report_type(
    installation: Installation, source: Source, zone: ZoneInfo, asked: Asked, broken: set[str]
) -> Iterator[CheckResult]:
    """Yield whether the database takes the queries of a report type; `broken` are tables of which more is known."""
    report_type = asked.report_type
    subject = f"report type {report_type.id}"
    try:
        with open_snapshot(source, zone, _LIMITS, row_security=report_type.allow_row_security) as snapshot:
            parameters = _parameters(installation, snapshot, report_type)
            query = in_terms_of(snapshot, asked.query, parameters)
            counts = (
                query.totals(parameters),
                query.excluded(parameters),
                query.late(parameters, installation.now),
            )
            for count in filter(None, counts):
                snapshot.fetch(_none_of(count))
            rows = _none_of(query.rows(parameters))
            snapshot.copy(rows, report_type, lambda record: None, transform=UNCHANGED)
            yield ok(subject, "The database takes its queries, and its columns are of the types declared.")
            if report_type.window_column is not None:
                every = query.rows(replace(parameters, window=MARKED_WINDOW))
                yield from inspection_of(source, snapshot).index(every, report_type)
    except PromoReportsError as error:
        if broken:
            yield not_checked(subject, f"Wants {', '.join(sorted(broken))} first.")
        else:
            yield problem(subject, sentence_of(error))


def asked_of(installation: Installation, report_type: ReportType) -> Asked:
    """Return a report type with its queries; `SqlTemplateError` for the first rule that they break."""
    sql = installation.settings.sql
    query = load_report_query(report_type, sql)
    filters = {each.name: each.sample for each in report_type.filters}
    texts = [query.rows(_for(installation, report_type, filters)).text]
    for each in report_type.filters:
        if each.options is not None:
            template = load_options_query(sql, each.options, each.depends_on)
            texts.append(options_query(template, {each.depends_on: ("sample",)} if each.depends_on else {}).text)
    return Asked(report_type, query, all_tables_read(texts))


def _parameters(installation: Installation, snapshot: Snapshot, report_type: ReportType) -> Parameters:
    return _for(installation, report_type, first_filters(snapshot, report_type, installation.settings.sql))


def _for(installation: Installation, report_type: ReportType, filters: FilterValues) -> Parameters:
    if report_type.date_range is DateRangeRule.NONE:
        return Parameters(filters, None, installation.now)
    return Parameters(filters, Window(installation.now - _WINDOW, installation.now), None)


def _together(asked: Sequence[Asked]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for each in asked:
        for table, columns in each.reads.items():
            found[table] = found.get(table, frozenset()) | columns
    return found


def _none_of(query: BoundQuery) -> BoundQuery:
    return BoundQuery(f"{query.text}\nLIMIT 0", query.values)
