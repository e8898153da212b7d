"""The rules that docker-compose.yaml keeps. Without Docker: what it runs is run in test_pieces.py."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from devstack.airflow import REPORT_BUNDLE, AirflowSetup
from devstack.credentials import Credentials
from devstack.logins import LOGINS
from promo_reports.settings import Settings
from tests.support.deploy.composition import (
    AIRFLOW,
    PROJECT,
    VARIABLE,
    commands,
    compose,
    environment,
    known_options,
    mounts,
    names,
    services,
)

METADATA_SECRETS = {
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API__SECRET_KEY",
}
SECRET = re.compile(r"PASSWORD$|PASSWD|SECRET|_KEY|TOKEN|_CONN$|^AIRFLOW_CONN_|BROKER_URL|RESULT_BACKEND|AUTH$")
HOSTS = re.compile(r"(?:@|//)(postgres|redis|s3|api-server)\b")


@pytest.mark.parametrize("name", names())
def test_image_is_pinned(name: str) -> None:
    image, _, tag = services()[name]["image"].partition(":")
    if "build" in services()[name]:
        assert (image.startswith("promo-reports"), tag) == (True, "${IMAGE_VERSION:?run deploy/new_env.py}")
    else:
        assert re.match(r"\d+\.\d+", tag), f"{image}:{tag} is not a version"


@pytest.mark.parametrize("name", names(one_off=False))
def test_server_restarts_and_says_how_it_is(name: str) -> None:
    service = services()[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"].keys() >= {"test", "interval", "timeout", "retries"}


@pytest.mark.parametrize("name", names(one_off=True))
def test_one_off_ends(name: str) -> None:
    assert services()[name]["restart"] == "no"
    waiting = [service["depends_on"].get(name) for service in services().values() if "depends_on" in service]
    conditions = {each["condition"] for each in waiting if each}
    assert conditions == (set() if name == "demo-data" else {"service_completed_successfully"})


@pytest.mark.parametrize("name", names())
def test_service_can_do_little_harm(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert str(service["user"]).split(":")[0] not in ("root", "0")
    assert "privileged" not in service
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["deploy"]["resources"]["limits"].keys() == {"memory", "pids"}
    assert not [source for source, _ in mounts(name).values() if "docker.sock" in source]


def test_only_the_api_server_is_published() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["api-server"]
    assert [name for name, service in services().items() if "network_mode" in service] == []


def test_networks_are_closed() -> None:
    networks = compose()["networks"]
    reachable = {name for name, network in networks.items() if not (network or {}).get("internal")}
    assert reachable == {"front", "outside"}
    users = {each: [name for name, service in services().items() if each in service["networks"]] for each in networks}
    assert users["front"] == ["api-server"]
    assert users["outside"] == ["worker"]


@pytest.mark.parametrize("name", names())
def test_every_host_that_is_named_is_on_a_shared_network(name: str) -> None:
    text = json.dumps([environment(name), commands(name)])
    hosts = set(HOSTS.findall(text)) | set(services()[name].get("depends_on", {})) - {"init", "bucket"}
    apart = [host for host in hosts if not set(services()[host]["networks"]) & set(services()[name]["networks"])]
    # Of the addresses that every Airflow process is told, some use only a part.
    if name in AIRFLOW and name != "worker":
        apart = [host for host in apart if host != "api-server"]
    assert apart == []


@pytest.mark.parametrize("name", names())
def test_no_secret_is_written_down(name: str) -> None:
    written = {
        key: value for key, value in environment(name).items() if SECRET.search(key) and not VARIABLE.search(value)
    }
    assert written == {}


def test_no_variable_has_a_default() -> None:
    text = (PROJECT / "docker-compose.yaml").read_text()
    assert {rest for _, rest in VARIABLE.findall(text)} == {":?run deploy/new_env.py"}


@pytest.mark.parametrize("name", [*names(one_off=True), "worker", "s3", "redis", "postgres"])
def test_what_talks_to_the_outside_knows_nothing_of_airflows_database(name: str) -> None:
    assert name == "init" or not METADATA_SECRETS & environment(name).keys()


def test_users_need_a_password() -> None:
    env = environment("api-server")
    assert env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"
    users = dict(user.split(":") for user in env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(","))
    assert users == {name: login.role for name, login in LOGINS.items()}
    assert {f"{user.upper()}_PASSWORD" for user in users} <= env.keys()


def test_components_agree_on_the_settings_of_the_product() -> None:
    ours = [{key: env[key] for key in env if key.startswith("PROMO_REPORTS_")} for env in map(environment, AIRFLOW)]
    assert all(each == ours[0] for each in ours)
    assert ours[0]


def _settings() -> Settings:
    return Settings.from_environment(environment("worker"))


def test_settings_are_known_and_every_directory_is_mounted_where_it_is_used() -> None:
    settings = _settings()
    staging, downloads, store = map(str, (settings.staging, settings.downloads, settings.store))
    assert mounts("worker")[staging] == ("staging", True)
    assert mounts("worker")[downloads] == ("downloads", True)
    assert mounts("worker")[store] == ("created", False)
    assert mounts("api-server")[downloads] == ("downloads", False)
    assert mounts("api-server")[store] == ("created", True)
    assert mounts("dag-processor")[store] == ("created", False)
    assert {staging, downloads, store} <= mounts("init").keys()
    assert mounts("scheduler").keys() == {"/var/log/airflow"}


@pytest.mark.parametrize("name", ["api-server", "dag-processor", "worker"])
def test_what_engineers_write_is_seen_and_cannot_be_changed(name: str) -> None:
    settings = _settings()
    for directory in (settings.reports, settings.report_types, settings.home / "include"):
        source, writable = mounts(name)[str(directory)]
        assert (PROJECT / source).is_dir()
        assert not writable
    assert settings.account.is_relative_to(settings.home / "include")


@pytest.mark.parametrize("name", names())
def test_what_is_mounted_of_the_clone_has_a_label_that_containers_may_read(name: str) -> None:
    """SELinux refuses a container the files of a home directory; `z` labels them, for several containers."""
    volumes = [volume for volume in services()[name].get("volumes", []) if volume.startswith("./")]
    assert [volume for volume in volumes if not volume.endswith(":ro,z")] == []


def test_memory_is_writable_for_the_group() -> None:
    for name in AIRFLOW:
        assert services()[name]["tmpfs"] == ["/tmp", "/opt/airflow:uid=50000,gid=0,mode=2770"]


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflows_own_files_lie_apart_from_exports(name: str) -> None:
    bundles = Path(environment(name)["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH"])
    settings = _settings()
    assert not [each for each in (settings.staging, settings.downloads, settings.store) if bundles.is_relative_to(each)]
    assert [each for each in services()[name]["tmpfs"] if bundles.is_relative_to(each.partition(":")[0])]


def test_one_auth_manager_for_all_who_know_the_metadata_database() -> None:
    held = {name: environment(name).get("AIRFLOW__CORE__AUTH_MANAGER") for name in AIRFLOW}
    assert held.pop("worker") is None
    assert set(held.values()) == {"${AUTH_MANAGER:?run deploy/new_env.py}"}


def test_every_volume_is_declared_and_used() -> None:
    used = {source for name in names() for source, _ in mounts(name).values() if not source.startswith("./")}
    assert used == compose()["volumes"].keys()


def test_files_that_are_mounted_exist() -> None:
    sources = {source for name in names() for source, _ in mounts(name).values() if source.startswith("./")}
    assert [source for source in sources if not (PROJECT / source).exists()] == []


def test_bundles_are_those_of_the_demo_and_can_be_imported() -> None:
    bundles = json.loads(environment("worker")["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    assert REPORT_BUNDLE in bundles
    for bundle in bundles:
        module, _, name = bundle["classpath"].rpartition(".")
        assert hasattr(import_module(module), name)


@pytest.mark.parametrize("name", ["scheduler", "dag-processor"])
def test_parsing_is_set_as_in_the_demo(name: str, tmp_path: Path) -> None:
    demo = AirflowSetup(PROJECT, tmp_path, "postgresql://", Credentials()).environment(8080)
    for setting in (
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL",
        "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL",
        "DAG_PROCESSOR__STALE_DAG_THRESHOLD",
        "DAG_PROCESSOR__PRINT_STATS_INTERVAL",
        "SCHEDULER__PARSING_CLEANUP_INTERVAL",
    ):
        assert environment(name)[f"AIRFLOW__{setting}"] == demo[f"AIRFLOW__{setting}"]


def test_many_reports_may_be_due_in_one_minute() -> None:
    for setting in ("MAX_DAGRUNS_TO_CREATE_PER_LOOP", "MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE"):
        assert int(environment("scheduler")[f"AIRFLOW__SCHEDULER__{setting}"]) >= 100


def test_tasks_of_a_scheduler_that_is_gone_are_found_within_a_minute() -> None:
    from airflow.configuration import conf

    env = environment("scheduler")
    gone_after = conf.getint("scheduler", "scheduler_health_check_threshold")
    assert "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD" not in env
    assert gone_after + float(env["AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL"]) < 60


def test_a_task_outlasts_an_api_server_that_is_away_for_two_minutes() -> None:
    """Every wait is at least the shortest one; while its heartbeat waits, a task must not be taken for dead."""
    env = environment("worker")
    retries, shortest, longest = (
        float(env[f"AIRFLOW__WORKERS__EXECUTION_API_{each}"])
        for each in ("RETRIES", "RETRY_WAIT_MIN", "RETRY_WAIT_MAX")
    )
    assert (retries - 1) * shortest > 120
    silence = float(environment("scheduler")["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"])
    assert 120 + longest + 60 < silence


def test_a_task_ends_before_its_message_is_given_to_another_worker() -> None:
    seconds = int(environment("worker")["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"])
    assert seconds > _settings().execution_timeout_minutes * 60


def test_what_people_start_leaves_workers_for_scheduled_deliveries() -> None:
    """Beyond its slots a worker takes tasks in the order of their arrival, whatever their priority."""
    concurrency = int(environment("worker")["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
    slots = [int(environment("init")[f"{each}_AT_ONE_TIME"]) for each in ("EXPORTS", "ON_DEMAND")]
    assert min(slots) > 0
    assert concurrency >= sum(slots)


def test_the_bucket_is_the_accounts() -> None:
    (export,) = yaml.safe_load((PROJECT / "include" / "account.yaml").read_text())["partner_exports"]
    assert environment("bucket")["BUCKETS"] == export["bucket"]
    assert f"AIRFLOW_CONN_{export['connection'].upper()}" in environment("worker")


def test_connections_are_where_they_are_used_and_nowhere_else() -> None:
    held = {name: {key for key in environment(name) if key.startswith("AIRFLOW_CONN_")} for name in names()}
    bucket = {each for each in held["worker"] if each != "AIRFLOW_CONN_PROMO_DB"}
    assert held.pop("worker") == {"AIRFLOW_CONN_PROMO_DB", *bucket}
    # For the choices and the preview of the page; its downloads come from the download area.
    assert held.pop("api-server") == {"AIRFLOW_CONN_PROMO_DB"}
    assert bucket
    assert not any(held.values())


def test_settings_of_airflow_exist() -> None:
    known = known_options()
    unknown = []
    for name in AIRFLOW:
        for key in environment(name):
            if key.startswith("AIRFLOW__"):
                _, section, option = key.lower().split("__")
                if option not in known.get(section, {"options": {}})["options"]:
                    unknown.append(key)
    assert unknown == []


@pytest.mark.parametrize("name", names())
def test_commands_are_what_airflow_and_the_shells_understand(name: str) -> None:
    from airflow.cli.cli_parser import get_parser

    for program, *arguments in commands(name):
        if program == "airflow":
            get_parser().parse_args(arguments)
        elif program in ("bash", "sh"):
            subprocess.run([program, "-n", "-c", arguments[-1]], check=True)
            for line in arguments[-1].splitlines():
                if line.removeprefix("exec ").startswith("airflow "):
                    words = re.sub(r"\$\w+_AT_ONE_TIME", "4", line.removeprefix("exec "))
                    get_parser().parse_args(shlex.split(words)[1:])
        elif program == "python" and arguments[0] == "-c":
            assert len(arguments) == 2, "a comma has split the program"
            ast.parse(arguments[1])
