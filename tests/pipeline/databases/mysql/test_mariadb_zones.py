"""Timezones that MariaDB converts times between."""

from __future__ import annotations

import pytest

from promo_reports.errors import DataRefused
from tests.support.databases.promo import DAY, ORDER, SELECT, WHERE, MariaDbPromo, Move, Project, refusal


@pytest.mark.parametrize(
    ("zone", "named"),
    [
        ("'Europe/Berlin'", "'Europe/Berlin'"),
        ("m.note", "'UTC'"),
        ("{{ filters.shop }}", "'main'"),
        ("concat('Europe', '/', 'Berlin')", "'UTC'"),
    ],
)
def test_a_timezone_that_the_server_does_not_know_is_refused(
    zone: str, named: str, on_mariadb: MariaDbPromo, project: Project
) -> None:
    """Its timezone tables are empty: each such cell would be empty, too."""
    on_mariadb.load(Move(1, recorded_at=DAY))
    converted = f"CONVERT_TZ(m.recorded_at, '+00:00', {zone}) AS recorded_at"
    project.write((SELECT + WHERE + ORDER).replace("m.recorded_at", converted))
    refused = refusal(project, on_mariadb.source)
    assert type(refused) is DataRefused
    assert f"the server does not know the timezone {named}, and CONVERT_TZ makes NULL of every time" in str(refused)


@pytest.mark.parametrize("zone", ["@@session.time_zone", "@@time_zone", "('+00:00')"])
def test_the_timezone_of_the_session_needs_no_tables(zone: str, on_mariadb: MariaDbPromo, project: Project) -> None:
    on_mariadb.load(Move(1, recorded_at=DAY))
    converted = f"CONVERT_TZ(m.recorded_at, {zone}, '+01:00') AS recorded_at"
    project.write((SELECT + WHERE + ORDER).replace("m.recorded_at", converted))
    assert project.text(on_mariadb.source) == "1,2026-03-01 12:00:00+00,in,a,1.00,,,,2026-03-01 01:00:00+00\n"


def test_timezones_that_the_server_knows(on_mariadb: MariaDbPromo, project: Project) -> None:
    """Offsets, that of the system, and one of its tables; in a view, too."""
    on_mariadb.load(Move(1, recorded_at=DAY))
    on_mariadb.execute(
        "CREATE OR REPLACE VIEW v AS SELECT m.id, convert_tz(m.recorded_at, '+00:00', 'Test/Half') AS at FROM moves m",
    )
    at = "CONVERT_TZ((SELECT v.at FROM v WHERE v.id = m.id), '+05:30', '+05:30') AS recorded_at"
    project.write((SELECT + WHERE + ORDER).replace("m.recorded_at", at))
    refused = str(refusal(project, on_mariadb.source))
    assert "the server does not know the timezone 'Test/Half'" in refused
    on_mariadb.execute(
        "INSERT INTO mysql.time_zone VALUES (9001, 'N')",
        "INSERT INTO mysql.time_zone_name VALUES ('Test/Half', 9001)",
        "INSERT INTO mysql.time_zone_transition_type VALUES (9001, 0, 1800, 0, 'HALF')",
        "INSERT INTO mysql.time_zone_transition VALUES (9001, 0, 0)",
    )
    try:
        assert project.text(on_mariadb.source) == "1,2026-03-01 12:00:00+00,in,a,1.00,,,,2026-03-01 00:30:00+00\n"
    finally:
        tables = ("time_zone", "time_zone_name", "time_zone_transition", "time_zone_transition_type")
        on_mariadb.execute(
            *(f"DELETE FROM mysql.{name} WHERE Time_zone_id = 9001" for name in tables),
            "DROP VIEW v",
        )
