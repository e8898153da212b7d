from __future__ import annotations

import ast
import copy
import os
import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import promo_reports
from promo_reports.domain.dates.timezones import load_timezone, timezone_names, timezone_release

PACKAGE = Path(promo_reports.__file__).parent
OTHER_WAYS = ("ZoneInfo(", "available_timezones(", "pendulum.timezone(", "gettz(", "pytz")


def test_a_timezone_is_that_of_the_package_whatever_the_host_has(tmp_path: Path) -> None:
    """A host whose America/Vancouver is a file of Kolkata's rules."""
    zone = tmp_path / "America" / "Vancouver"
    zone.parent.mkdir()
    system = "from importlib.resources import files; import sys; from pathlib import Path; Path(sys.argv[1])"
    copied = f"{system}.write_bytes(files('tzdata').joinpath('zoneinfo', 'Asia', 'Kolkata').read_bytes())"
    subprocess.run([sys.executable, "-c", copied, zone], check=True)
    asked = (
        "from datetime import UTC, datetime; from zoneinfo import ZoneInfo\n"
        "from promo_reports.domain.dates.timezones import load_timezone\n"
        "from promo_reports.domain.dates.schedule import Interval, Schedule\n"
        "at = datetime(2026, 6, 10, 12, tzinfo=UTC)\n"
        "print(*(at.astimezone(load('America/Vancouver')).utcoffset() for load in (ZoneInfo, load_timezone)))\n"
        "print(Schedule(Interval.DAILY, 'America/Vancouver').latest(at).window.start.isoformat())\n"
    )
    environment = os.environ | {"PYTHONTZPATH": str(tmp_path), "PYTHONPATH": str(PACKAGE.parent)}
    answer = subprocess.run([sys.executable, "-c", asked], env=environment, check=True, capture_output=True, text=True)
    assert answer.stdout.splitlines() == ["5:30:00 -1 day, 17:00:00", "2026-06-08T07:00:00+00:00"]


def test_one_object_for_each_name_which_can_be_pickled_and_copied() -> None:
    zone = load_timezone("America/New_York")
    assert load_timezone("America/New_York") is zone
    assert pickle.loads(pickle.dumps(zone)) is zone
    assert copy.deepcopy(zone) is zone
    assert (zone.key, str(zone)) == ("America/New_York", "America/New_York")
    moment = datetime(2026, 11, 1, 1, 30, tzinfo=zone, fold=1)
    assert pickle.loads(pickle.dumps(moment)) == moment
    assert moment.utcoffset() == timedelta(hours=-5)


@pytest.mark.parametrize("name", ["Factory", "localtime", "posixrules", "posix/UTC", "right/UTC", "", "../UTC", "utc"])
def test_names_that_are_no_timezone(name: str) -> None:
    assert name not in timezone_names()
    with pytest.raises(KeyError, match="tzdata 20"):
        load_timezone(name)


def test_every_name_loads() -> None:
    assert len(timezone_names()) > 590
    for name in timezone_names():
        assert datetime(2026, 1, 1, tzinfo=UTC).astimezone(load_timezone(name)).utcoffset() is not None


def test_the_release_is_named_as_its_publisher_names_it() -> None:
    assert timezone_release().startswith("tzdata 20")


def test_nothing_else_in_the_package_reads_a_timezone_database() -> None:
    """Calls alone: `ZoneInfo` is the type that values have everywhere."""
    found = {
        f"{path.relative_to(PACKAGE)}:{node.lineno}: {ast.unparse(node)}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and any(each in f"{ast.unparse(node.func)}(" for each in OTHER_WAYS)
    }
    assert found == set()
