"""Routes of the Create Report form: session, choices, description in words, preview."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from promo_reports.definitions.report.configuration import sentence
from promo_reports.domain.dag_ids import type_dag_id
from promo_reports.domain.definition import is_report_id
from promo_reports.domain.filters import Choice, Filter
from promo_reports.domain.report_type import ReportType
from promo_reports.errors import InvalidInput, QueryTooSlow
from promo_reports.orchestration.airflow_internals import metadata_session
from promo_reports.orchestration.connections import promo_source
from promo_reports.orchestration.project import registry
from promo_reports.pipeline.databases.dialects import open_snapshot
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.filters import choices, search
from promo_reports.web.airflow.access import Caller, SignedIn, require
from promo_reports.web.error_handlers import Refusal, not_found
from promo_reports.web.exports.authorized_lookup import readable_by
from promo_reports.web.form.creation import drafted, window_of
from promo_reports.web.form.estimate import estimate_shown
from promo_reports.web.form.info import form_info, may_create
from promo_reports.web.form.models import (
    Choices,
    ChoiceShown,
    DefinitionBody,
    DescribedDefinition,
    EstimateShown,
    FormInfo,
    PreviewShown,
    Session,
    User,
)
from promo_reports.web.form.preview import is_seen_clear, preview_shown
from promo_reports.web.limits import asking_the_promo_database
from promo_reports.web.queries.past_exports import past_exports
from promo_reports.web.times import delivery_shown, now, window_shown

UPCOMING = 3
CHOICES_SECONDS = 10.0
"""Time limit of a query for a filter's choices, including connecting."""

router = APIRouter(tags=["form"])


@router.get("/session")
def session(caller: SignedIn) -> Session:
    """The caller, the account's timezone, and whether they may create reports and check destinations."""
    account = registry().account
    return Session(
        user=User(id=caller.id, name=caller.name),
        timezone=account.timezone,
        week_starts_on=account.week_starts_on,
        now=now().astimezone(account.zone),
        may_create=may_create(registry(), caller),
        may_check_destinations=caller.operates,
    )


@router.get("/form")
def form(caller: SignedIn) -> FormInfo:
    """Report types with their filters, connected buckets, formats, and presets with their current days."""
    return form_info(registry(), caller, now())


@router.get("/report-types/{report_type}/choices/{filter_name}")
def filter_choices(
    caller: SignedIn,
    report_type: str,
    filter_name: str,
    of: Annotated[str | None, Query(max_length=200, description="the value of the filter that it depends on")] = None,
    q: Annotated[str, Query(max_length=200, description="only those that contain it")] = "",
) -> Choices:
    """The values of a filter in the promo database, of every status."""
    known = _report_type(caller, report_type)
    chosen = next((each for each in known.filters if each.name == filter_name), None)
    if chosen is None:
        raise not_found("filter")
    if chosen.depends_on and of is None:
        raise Refusal(422, f"{chosen.title} depends on {chosen.depends_on}.", problems=[("of", "is required")])
    if "\0" in (of or ""):  # which is in no database
        return Choices(choices=[], total=0)
    found = search(_choices(caller, known, chosen, of), q)
    return Choices(
        choices=[ChoiceShown(value=each.value, title=each.title) for each in found.choices], total=found.total
    )


@router.post("/drafts/describe")
def describe(caller: SignedIn, body: DefinitionBody) -> DescribedDefinition:
    """Describe a definition in words; 422 with every rule that it breaks. Nothing is created or queried."""
    require(may_create(registry(), caller), "create reports")
    at = now()
    definition = drafted(registry(), caller, body.root, at)
    window, zone = window_of(definition, at), definition.zone
    schedule = definition.schedule
    snapshot = schedule is None and window is None
    return DescribedDefinition(
        sentence=sentence(definition, registry().account, window, at),
        window=window_shown(window, zone) if window else None,
        as_of=at.astimezone(zone) if snapshot else None,
        upcoming=[delivery_shown(each, zone) for each in schedule.upcoming(definition.starts_at or at, UPCOMING)]
        if schedule
        else [],
    )


@router.post("/drafts/preview")
def preview(caller: SignedIn, body: DefinitionBody) -> PreviewShown:
    """First rows, counts and totals of what a definition would export now, queried from the promo database."""
    require(may_create(registry(), caller), "create reports")
    at = now()
    definition = drafted(registry(), caller, body.root, at)
    sees_clear = is_seen_clear(definition) or caller.may_read_connection(definition.report_type.connection)
    return preview_shown(definition, registry().settings, at, person=caller.id, clear=sees_clear)


@router.post("/drafts/estimate")
def estimate(caller: SignedIn, body: DefinitionBody) -> EstimateShown:
    """What a definition would export now: rows, counted in the promo database within 10 seconds, and files."""
    require(may_create(registry(), caller), "create reports")
    at = now()
    definition = drafted(registry(), caller, body.root, at)
    with metadata_session() as session:  # and not while the rows are counted
        past = past_exports(session, definition.report_type, readable_by(caller, session))
    return estimate_shown(definition, registry().settings, at, past, person=caller.id)


def _report_type(caller: SignedIn, report_type: str) -> ReportType:
    if not is_report_id(report_type) or not caller.may_read(type_dag_id(report_type)):
        raise not_found("report type")
    require(caller.may_export(type_dag_id(report_type)), f"export {report_type}")
    try:
        return registry().report_type(report_type)
    except InvalidInput:
        raise not_found("report type") from None


def _choices(caller: Caller, report_type: ReportType, chosen: Filter, of: str | None) -> list[Choice]:
    zone, settings = registry().account.zone, registry().settings
    limits = TimeLimits.of(settings, seconds=CHOICES_SECONDS)
    parent = {chosen.depends_on: (of,)} if chosen.depends_on and of is not None else {}
    source = promo_source(report_type.connection)
    try:
        with (
            asking_the_promo_database.one(caller.id),
            open_snapshot(source, zone, limits, row_security=report_type.allow_row_security) as snapshot,
        ):
            return choices(snapshot, report_type, chosen, parent, settings.sql)
    except QueryTooSlow:
        raise Refusal(
            503,
            f"The promo database took longer than {CHOICES_SECONDS:g} seconds for the choices.",
            "Try again in a moment.",
        ) from None
