"""The wheel: what it has inside, what it asks for, and what Airflow finds of it once it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.support.deploy.composition import PROJECT

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "plugins", "report_types", "include/sql", "docs/schemas")
PACKAGE = "promo_reports"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources: setuptools builds beside them."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        source, target = PROJECT / name, copy / name
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, target)
    return copy


def wheel_of(source: Path, made: Path) -> Path:
    build = (
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        made,
        source,
    )
    done = subprocess.run(build, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = made.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the sources."""
    return wheel_of(sources, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that the wheel alone is installed into."""
    target = tmp_path_factory.mktemp("installed")
    install = (sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", target, wheel)
    subprocess.run(install, check=True, capture_output=True)
    return target


def python(installed: Path, code: str, home: Path, **variables: str) -> object:
    """What a Python with the wheel before everything else prints, as JSON."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(installed),
        **variables,
    }
    done = subprocess.run(
        (sys.executable, "-c", code), env=environment, cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_it_has_the_page_and_what_a_project_begins_with(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        **{f"shipped/report_types/{each.name}": each for each in (PROJECT / "report_types").glob("*.yaml")},
        **{
            f"shipped/sql/{each.relative_to(PROJECT / 'include' / 'sql')}": each
            for each in (PROJECT / "include" / "sql").rglob("*.sql")
        },
        **{f"shipped/schemas/{each.name}": each for each in (PROJECT / "docs" / "schemas").glob("*.json")},
        **{
            str(each.relative_to(PROJECT / "plugins" / PACKAGE)): each
            for each in (PROJECT / "plugins" / PACKAGE / "shipped" / "project").rglob("*")
            if each.is_file() and "__pycache__" not in each.parts
        },
        "web/static/main.js": PROJECT / "plugins" / PACKAGE / "web" / "static" / "main.js",
    }
    assert len(shipped) > 15
    with zipfile.ZipFile(wheel) as archive:
        assert {name: archive.read(f"{PACKAGE}/{name}") for name in shipped} == {
            name: path.read_bytes() for name, path in shipped.items()
        }
    assert f"{PACKAGE}/py.typed" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {PACKAGE}


def test_a_wheel_of_the_sdist_is_the_same(sources: Path, wheel: Path, tmp_path: Path) -> None:
    code = f"from setuptools import build_meta; print(build_meta.build_sdist({str(tmp_path)!r}))"
    subprocess.run((sys.executable, "-c", code), check=True, cwd=sources, capture_output=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(wheel_of(sdist, tmp_path)) as theirs:
        assert sorted(ours.namelist()) == sorted(theirs.namelist())
        assert [name for name in ours.namelist() if ours.read(name) != theirs.read(name)] == []


def test_it_declares_what_it_imports_and_airflow_only_as_an_extra(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    needed: Mapping[bool, list[str]] = {
        extra: [each for each in metadata.get_all("Requires-Dist", []) if ("extra ==" in each) is extra]
        for extra in (False, True)
    }
    assert not [each for each in needed[False] if each.startswith(("apache-airflow", "boto", "fastapi", "mysql"))]
    assert set(metadata.get_all("Provides-Extra", [])) == {
        *("airflow", "amazon", "azure", "google", "mysql", "postgres", "sftp"),
        *("duckdb", "pandas", "polars"),
    }
    assert "Apache-2.0" in metadata["License-Expression"]


def test_airflow_finds_its_plugin_and_its_provider(installed: Path, tmp_path: Path) -> None:
    found = python(
        installed,
        """
import json
from airflow import plugins_manager
from airflow.configuration import conf
from airflow.providers_manager import ProvidersManager
import promo_reports
from promo_reports.orchestration.project import section
from promo_reports.settings import Settings
apps, _ = plugins_manager.get_fastapi_plugins()
_, pages = plugins_manager._get_ui_plugins()
print(json.dumps({
    # The environment of the tests has the project installed, too, with the same entry point: it steps back.
    "errors": [why for why in plugins_manager.get_import_errors().values() if "already registered" not in why],
    "apps": [each["url_prefix"] for each in apps if "promo" in each["url_prefix"]],
    "pages": [each["url_route"] for each in pages if "promo" in each["bundle_url"]],
    "provider": ProvidersManager().providers["promo-reports"].version,
    "options": conf.get_options_including_defaults("promo_reports") == list(Settings.model_fields),
    "default": conf.getint("promo_reports", "rows_per_file"),
    "defaults that count as set": sorted(section()),
    "from": promo_reports.__file__,
}))
""",
        tmp_path,
    )
    assert isinstance(found, dict)
    assert found.pop("from").startswith(str(installed))
    assert found == {
        "errors": [],
        "apps": ["/promo-reports"],
        "pages": ["reports"],
        "provider": "0.1.0",
        "options": True,
        "default": 1_000_000,
        "defaults that count as set": [],
    }


def test_the_shim_in_the_plugins_folder_steps_back(installed: Path, tmp_path: Path) -> None:
    """A folder of plugins that still has the package registers it no second time."""
    found = python(
        installed,
        """
import json
from airflow import plugins_manager
apps, _ = plugins_manager.get_fastapi_plugins()
print(json.dumps([each["url_prefix"] for each in apps if "promo" in each["url_prefix"]]))
""",
        tmp_path,
        AIRFLOW__CORE__PLUGINS_FOLDER=str(PROJECT / "plugins"),
    )
    assert found == ["/promo-reports"]


def test_what_reads_delivered_files_loads_no_airflow(installed: Path, tmp_path: Path) -> None:
    loaded = python(
        installed,
        """
import json, sys
import promo_reports, promo_reports.domain.manifest, promo_reports.delivery.reading
heavy = ("airflow", "boto3", "pandas", "pyarrow", "sqlalchemy", "fastapi")
print(json.dumps([each for each in heavy if each in sys.modules]))
""",
        tmp_path,
    )
    assert loaded == []


ALONE = """
import json, re, runpy, sys
from importlib.metadata import distribution, packages_distributions

def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()

def needed(name, seen):
    if canonical(name) not in seen:
        seen.add(canonical(name))
        for each in distribution(name).requires or ():
            if "extra ==" not in each:
                needed(re.match(r"[A-Za-z0-9_.-]+", each)[0], seen)
    return seen

class Absent:
    \"\"\"Finds no module of a distribution that the wheel does not ask for.\"\"\"
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

there = needed("promo-reports", set())
absent = {top for top, names in packages_distributions().items() if not {canonical(each) for each in names} & there}
assert {"airflow", "boto3", "fastapi", "psycopg2", "mysql"} <= absent
sys.meta_path.insert(0, Absent())
from promo_reports.cli.app import app
said = []
for words in json.loads(sys.argv[1]):
    try:
        app(words)
    except SystemExit as end:
        said.append(end.code)
print(json.dumps(said))
"""


def test_without_extras_the_commands_work_or_name_the_extra(installed: Path, tmp_path: Path) -> None:
    """Nothing but what the wheel asks for can be imported: as where the wheel alone is installed."""
    made, report = str(tmp_path / "promo"), "wallet_transactions_past_week"
    at_home = ["--home", made]
    commands = [
        ["init", made],
        [*at_home, "validate"],
        [*at_home, "list"],
        [*at_home, "prepare"],
        [*at_home, "schema", "--to", str(tmp_path / "schemas")],
        [*at_home, "preview", report],
        [*at_home, "preview", report, "--database", "postgresql://nobody@127.0.0.1:1/none"],
        [*at_home, "preview", report, "--database", "mysql://nobody@127.0.0.1:1/none"],
        [
            *at_home,
            "export",
            report,
            "--to",
            str(tmp_path / "out"),
            "--database",
            "postgresql://nobody@127.0.0.1:1/none",
        ],
        ["list"],
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(installed)}
    done = subprocess.run(
        (sys.executable, "-c", ALONE, json.dumps(commands)),
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert "Traceback" not in done.stderr
    for extra in ("airflow], or give the address with --database", "postgres].", "mysql]."):
        assert f"promo-reports[{extra}" in done.stderr
    assert done.stderr.count("promo-reports[postgres].") == 2
    assert "PROMO_REPORTS_HOME: is not set: name the directory of your project" in done.stderr
