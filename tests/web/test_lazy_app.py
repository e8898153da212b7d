"""The plugin as every component of Airflow loads it: cheap, registered once, and nothing of it under a wrong name."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from promo_reports.web import lazy_app
from promo_reports.web.airflow.host_app import AIRFLOW_APP
from promo_reports.web.lazy_app import ReportsApi

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("fastapi", "starlette", "sqlalchemy", "pandas", "pyarrow", "boto3", "botocore", "psycopg2", "httpx")


def python(code: str, *, plugins: Path = ROOT / "plugins") -> Any:
    """What a fresh interpreter prints last, as JSON."""
    environment = {**os.environ, "PYTHONPATH": str(plugins), "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins)}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout.strip().splitlines()[-1])


def test_importing_the_wrapper_loads_nothing_heavy() -> None:
    loaded = python(f"""
import json, sys
import promo_reports.web.lazy_app
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
""")
    assert loaded == []


def test_importing_the_plugin_loads_nothing_heavy_that_airflows_own_loader_does_not() -> None:
    """Every task does this, at its start."""
    loaded = python(f"""
import json, sys
import airflow.plugins_manager, airflow.timetables.base, airflow.sdk
before = set(sys.modules)
import promo_reports.airflow_plugin
new = set(sys.modules) - before
ours = ("promo_reports.web.app", "promo_reports.web.airflow.access", "promo_reports.web.routes")
print(json.dumps(sorted(name for name in new if name in ours or name.partition(".")[0] in {HEAVY!r})))
""")
    assert loaded == []


def test_airflows_loader_registers_one_page_and_one_api_and_runs_no_module_under_its_bare_stem() -> None:
    found = python("""
import json, sys
from pathlib import Path
before = set(sys.modules)
from airflow import plugins_manager
from airflow.configuration import conf
apps, _ = plugins_manager.get_fastapi_plugins()
external, react = plugins_manager._get_ui_plugins()
folder = Path(conf.get("core", "plugins_folder"))
stems = {path.stem for path in (folder / "promo_reports").rglob("*.py")} - {"__init__"}
bare = sorted(
    stem for stem in stems
    if str(getattr(sys.modules.get(stem), "__file__", "")).startswith(str(folder / "promo_reports"))
)
print(json.dumps({
    "errors": dict(plugins_manager.get_import_errors()),
    "apps": [(each["name"], each["url_prefix"], type(each["app"]).__name__) for each in apps
             if each["url_prefix"] == "/promo-reports"],
    "pages": [each for each in react if "promo-reports" in each["bundle_url"]],
    "bare": bare,
    "made": "promo_reports.web.app" in sys.modules,
}))
""")
    (page,) = found["pages"]
    assert found["errors"] == {}
    assert found["apps"] == [["Promo Reports", "/promo-reports", "ReportsApi"]]
    assert (page["name"], page["url_route"], page["destination"]) == ("Reports", "reports", "nav")
    assert page["bundle_url"].startswith("promo-reports/ui/main.js?v=")
    assert (found["bare"], found["made"]) == ([], False)


def test_a_folder_without_its_ignore_file_would_run_them(tmp_path: Path) -> None:
    """That this test can see what it looks for."""
    (tmp_path / "promo_reports").symlink_to(ROOT / "plugins" / "promo_reports")
    (tmp_path / "promo_reports_plugin.py").symlink_to(ROOT / "plugins" / "promo_reports_plugin.py")
    count = """
import json
from airflow._shared.module_loading import find_path_from_directory
from airflow.configuration import conf
folder = conf.get("core", "plugins_folder")
print(json.dumps(len([path for path in find_path_from_directory(folder, ".airflowignore") if path.endswith(".py")])))
"""
    assert python(count, plugins=tmp_path) > 50
    assert python(count) == 1


def test_the_application_is_made_once_and_knows_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    made, scopes = [], []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        scopes.append(scope)

    def make() -> Any:
        made.append(1)
        return app

    monkeypatch.setattr(lazy_app, "_make", make)
    api, root = ReportsApi(), object()

    async def requests() -> None:
        asked = [api({"type": "http", "app": root}, _never, _never) for _ in range(8)]
        await asyncio.gather(*asked)

    asyncio.run(requests())
    assert len(made) == 1
    assert len(scopes) == 8
    assert all(scope[AIRFLOW_APP] is root for scope in scopes)


@pytest.mark.parametrize("root", ["", "/airflow"])
@pytest.mark.parametrize("proxied", [True, False])
def test_a_newline_in_a_path_reaches_the_api_that_airflow_does_not_match(root: str, proxied: bool) -> None:
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    seen: list[tuple[str, str, object]] = []

    class Api:
        async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
            seen.append((scope["root_path"], scope["path"], scope["app"]))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ours"})

    api = Api()
    airflow = Starlette()
    airflow.mount(lazy_app.PREFIX, api)
    airflow.add_middleware(lazy_app.NewlinesInPaths, api=api)
    client = TestClient(airflow, root_path=root)
    before = "" if proxied else root  # a proxy may take the base path away
    for path in ("/api/a%0ab", "/%0a", "/api/a"):
        assert client.get(f"{before}{lazy_app.PREFIX}{path}").text == "ours"
        assert seen.pop()[::2] == (root + lazy_app.PREFIX, airflow)
    for path in ("/api/a%0ab", "/promo-reports%0a", "/promo-reportsx/a%0ab"):
        assert client.get(f"{before}{path}").status_code == 404


async def _never(*_: Any) -> Any:
    raise AssertionError("nothing is read or sent here")


def test_an_application_that_could_not_be_made_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def app(*_: Any) -> None:
        pass

    outcomes: list[Any] = [ImportError("away"), app]

    def make() -> Any:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(lazy_app, "_make", make)
    api = ReportsApi()

    async def requests() -> None:
        with pytest.raises(ImportError):
            await api({"app": None}, _never, _never)
        await api({"app": None}, _never, _never)

    asyncio.run(requests())
    assert outcomes == []
