"""The settings of a session, whatever the server, the database, the role or the address say.

They are those of PostgreSQL's manual, "Client Connection Defaults" and "Version and Platform Compatibility", that
change which rows a statement means or how a value is written, and that every role may set.
"""

from __future__ import annotations

import math

# What was checked is what runs: `sql.lexer` reads quotes as the standard does.
_MEANING = {
    "standard_conforming_strings": "on",
    "backslash_quote": "safe_encoding",
    "escape_string_warning": "on",
    "quote_all_identifiers": "off",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "xmloption": "content",
    "timezone_abbreviations": "Default",
    "default_text_search_config": "pg_catalog.simple",
    "gin_fuzzy_search_limit": "0",  # any other value leaves rows out at random
}
_RENDERING = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "3",  # all digits of a float; servers before PostgreSQL 12 need the 3
    "xmlbinary": "base64",
    "lc_monetary": "C",
    "lc_numeric": "C",
    "lc_time": "C",
}

BUILT_IN_FIRST = (
    "SELECT pg_catalog.set_config('search_path', pg_catalog.concat('pg_catalog, ', "
    "pg_catalog.current_setting('search_path'), ', pg_temp'), true)"
)
"""Tables are looked up where the role's search path says, but nothing there replaces what PostgreSQL itself brings,
and no temporary table, which another client of a pooler may have left, replaces a table of the database."""

HIDE_DAMAGE = ("zero_damaged_pages", "ignore_checksum_failure")
"""Settings of superusers, which a session cannot set back: rows are missing or wrong without an error."""

FIND_HIDDEN_DAMAGE = "SELECT name FROM unnest(%s) AS settings (name) WHERE current_setting(name, true) = 'on'"
SHOW_ALL = "SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.unnest(%s) AS settings (name)"
SET_ALL = "SELECT set_config(name, value, true) FROM unnest(%s, %s) AS settings (name, value)"


def session_settings(zone: str, statement_seconds: float, *, row_security: bool) -> dict[str, str]:
    """Return the settings of a session that writes times in a timezone.

    With `row_security` off, the server refuses a statement from which a policy would leave rows out.
    """
    return {
        **_MEANING,
        **_RENDERING,
        "TimeZone": zone,
        "row_security": "on" if row_security else "off",
        "statement_timeout": f"{max(1, math.ceil(statement_seconds * 1000))}ms",  # 0 would be no limit
    }
