"""The kinds of values that keys may have, each with its rule, its message and its JSON Schema."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum, EnumType
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from promo_reports.definitions.inputs.forms import broken_rule
from promo_reports.definitions.inputs.messages import SECRET, kind, listing, nearest, quoted
from promo_reports.definitions.inputs.yaml_scalars import Implicit
from promo_reports.domain.cell_policy import CELL_POLICIES
from promo_reports.domain.dates.calendar import WEEKDAYS
from promo_reports.domain.dates.timezones import timezone_names
from promo_reports.domain.definition import MAX_NAME, MAX_OWNER, REPORT_ID
from promo_reports.domain.delivery import partners
from promo_reports.domain.file_format import offered
from promo_reports.domain.layout import LONGEST_KEY
from promo_reports.domain.mask import MASKS, RECEIVED
from promo_reports.domain.places.export_place import MANIFEST
from promo_reports.domain.places.pattern import Pattern

FIRST_YEAR, LAST_YEAR = 1970, 2199
MAX_VALUE = 200
MAX_TITLE = 100
"""Characters of a report type's title: it is a tag of its DAGs, and Airflow's tags have so many."""
SNAKE_CASE = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
CONNECTION = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")
BUCKET = re.compile(r"^[a-z0-9][a-z0-9._-]{1,221}[a-z0-9]$")
PREFIX = re.compile(r"^[A-Za-z0-9!_.*'()=+@-]+(/[A-Za-z0-9!_.*'()=+@-]+)*/?$")
# The first dot that may end the domain's first label is taken, so that the pattern never backtracks.
EMAIL = re.compile(r"^[^@\s]+@[^@\s][^@\s.]*\.[^@\s]+$")
CLOCK = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def as_text(value: Any) -> str:
    """Check that a value is text, and nothing that YAML or JSON reads as another type."""
    if isinstance(value, Implicit):
        if not value:
            raise broken_rule("is empty; write a value or leave the key out")
        raise broken_rule(f'{value} is {value.kind} in YAML; quote it: "{value}"')
    if not isinstance(value, str):
        raise broken_rule(f"must be text, not {kind(value)}")
    if SECRET.search(value):
        raise broken_rule("looks like a secret; credentials are kept in Airflow connections only")
    return value


def _line(text: str) -> str:
    """Check that a text is one line of visible characters."""
    return _visible(text).strip()


def _visible(text: str) -> str:
    """Check one line of visible text; its outer blanks stay, as they may tell two values of a database apart."""
    if not "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf"):
        raise broken_rule("is empty")
    _no_hidden(text, allowed="")
    return text


def _paragraph(text: str) -> str:
    if not text.strip():
        raise broken_rule("is empty")
    _no_hidden(text, allowed="\n")
    return text.strip()


def _no_hidden(text: str, allowed: str) -> None:
    for character in text:
        if character in allowed:
            continue
        if character in _BIDI:
            raise broken_rule(f"holds U+{ord(character):04X}, which changes the direction of writing")
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
            raise broken_rule(f"holds the control character U+{ord(character):04X}")


def _at_most(limit: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if len(text) > limit:
            raise broken_rule(f"is {len(text)} characters long; at most {limit} are allowed")
        return text

    return check


def _lengths(limit: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": 1, "maxLength": limit})


def _matching(pattern: re.Pattern[str], rule: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise broken_rule(f"{quoted(text)} {rule}")
        return text

    return check


def one_of(
    allowed: type[Enum] | tuple[str, ...] | Callable[[], tuple[str, ...]], shown: tuple[str, ...] | None = None
) -> BeforeValidator:
    """Return a type that allows a few words and names near misses; `shown` lists what the key allows beside them."""

    def words() -> tuple[str, ...]:
        if isinstance(allowed, EnumType):
            return tuple(member.value for member in allowed)
        return allowed if isinstance(allowed, tuple) else allowed()

    def check(value: Any) -> Any:
        names = words()
        if isinstance(value, str) and value in names:
            return str(value)
        if not isinstance(value, str) or (isinstance(value, Implicit) and value.nothing):
            raise broken_rule(f"must be one of: {', '.join(shown or names)}")
        raise broken_rule(f"{quoted(value)} is not allowed{nearest(value, names) or '.'}{listing(shown or names)}")

    return BeforeValidator(check)


def _whole(value: Any) -> int:
    if isinstance(value, Implicit) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    shown = quoted(value) if isinstance(value, str) and not isinstance(value, Implicit) else str(value)[:20]
    raise broken_rule(f"must be a whole number, not {kind(value) if isinstance(value, list | dict) else shown}")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, Implicit) and value in ("true", "false"):
        return value == "true"
    raise broken_rule(f"must be true or false, not {quoted(value)}")


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise broken_rule(f"must be a date like 2026-01-31, not {quoted(value)}")
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        raise broken_rule(f"{value} is not in the calendar") from None
    return _in_range(day)


def _instant(value: Any) -> datetime:
    parts = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        raise broken_rule(f"must be a time with offset like 2026-01-31T00:00:00-05:00, not {quoted(value)}")
    minutes, seconds, fraction, offset = parts.groups()
    text = f"{minutes}{seconds or ':00'}.{(fraction or '').ljust(6, '0')}{'+00:00' if offset == 'Z' else offset}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise broken_rule(f"{value} is not in the calendar") from None
    _in_range(moment.date())
    return moment.astimezone(UTC)


def _in_range(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise broken_rule(f"{day} is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return day


def _timezone(name: str) -> str:
    names = timezone_names()
    if name in names:
        return name
    near = nearest(name, names)
    raise broken_rule(f"{quoted(name)} is not a timezone{near or ';'} write one like America/New_York")


def _prefix(text: str) -> str:
    _at_most(LONGEST_KEY)(text)
    if text.startswith("/"):
        raise broken_rule(f"{quoted(text)} starts with /; a prefix is relative to the bucket")
    if any(part in (".", "..") for part in text.split("/")):
        raise broken_rule(f"{quoted(text)} holds . or .. as a part")
    return _matching(PREFIX, "is not a prefix: names of letters, digits and !_.*'()=+@- joined by /")(text).rstrip("/")


def _pattern(parse: Callable[[str], Pattern]) -> Callable[[Any], Pattern]:
    def check(value: Any) -> Pattern:
        text = as_text(value)
        try:
            return parse(text)
        except ValueError as wrong:
            raise broken_rule(f"{quoted(text)}: {wrong}") from None

    return check


Text = Annotated[str, BeforeValidator(as_text)]
Line = Annotated[Text, AfterValidator(_line)]
Paragraph = Annotated[Text, AfterValidator(_paragraph)]
Name = Annotated[Line, AfterValidator(_at_most(MAX_NAME)), _lengths(MAX_NAME)]
Title = Annotated[Line, AfterValidator(_at_most(MAX_TITLE)), _lengths(MAX_TITLE)]
Owner = Annotated[Line, AfterValidator(_at_most(MAX_OWNER)), _lengths(MAX_OWNER)]
FilterText = Annotated[Text, AfterValidator(_visible), AfterValidator(_at_most(MAX_VALUE)), _lengths(MAX_VALUE)]
ReportId = Annotated[
    Text,
    AfterValidator(_matching(REPORT_ID, "is not an id: a-z first, then a-z, 0-9, _ and -, at most 100 characters")),
    WithJsonSchema({"type": "string", "pattern": REPORT_ID.pattern}),
]
SnakeCase = Annotated[
    Text,
    AfterValidator(_matching(SNAKE_CASE, "is not snake_case: a-z first, then a-z, 0-9 and _, at most 63 characters")),
    WithJsonSchema({"type": "string", "pattern": SNAKE_CASE.pattern}),
]
Connection = Annotated[
    Text,
    AfterValidator(
        _matching(CONNECTION, "is not the id of an Airflow connection: letters, digits, _ . and -, no address")
    ),
    WithJsonSchema({"type": "string", "pattern": CONNECTION.pattern}),
]
BucketName = Annotated[
    Text,
    AfterValidator(_matching(BUCKET, "is not the name of a bucket: a-z, 0-9, . _ and -, no address")),
    WithJsonSchema({"type": "string", "pattern": BUCKET.pattern}),
]
Prefix = Annotated[
    Text,
    AfterValidator(_prefix),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_KEY, "pattern": PREFIX.pattern}),
]
FolderPattern = Annotated[Pattern, PlainValidator(_pattern(Pattern.of_folder))]
FilePattern = Annotated[Pattern, PlainValidator(_pattern(Pattern.of_file))]
ManifestName = Annotated[
    Text,
    AfterValidator(
        _matching(MANIFEST, "is not the name of a manifest: letters, digits, _ . and -, and .json at its end")
    ),
]
Timezone = Annotated[Text, AfterValidator(_timezone)]


class Registered:
    """The keys of what is registered in JSON Schema, as they are when the schema is made."""

    def __init__(self, keys: Callable[[], tuple[str, ...]]) -> None:
        self._keys = keys

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "enum": list(self._keys())}


def _cell_policies() -> tuple[str, ...]:
    return tuple(CELL_POLICIES)


def _masks() -> tuple[str, ...]:
    return tuple(MASKS)


Partner = Annotated[str, one_of(partners), Registered(partners)]
MaskKey = Annotated[str, one_of(_masks), Registered(_masks)]
ReceivedMask = Annotated[str, one_of(RECEIVED), WithJsonSchema({"enum": list(RECEIVED)})]
CellPolicyKey = Annotated[str, one_of(_cell_policies), Registered(_cell_policies)]
Format = Annotated[str, one_of(offered), Registered(offered)]
Weekday = Annotated[str, one_of(WEEKDAYS), WithJsonSchema({"enum": list(WEEKDAYS)})]
ClockTime = Annotated[
    Text,
    AfterValidator(_matching(CLOCK, "is not a time of day like '06:00' or '18:30'")),
    WithJsonSchema({"type": "string", "pattern": CLOCK.pattern}),
]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[datetime, BeforeValidator(_instant)]


def nothing_as_none(value: Any) -> Any:
    """Read `key: null` as None, for keys that allow none."""
    return None if isinstance(value, Implicit) and value.nothing else value
