"""Every service starts, says by its own health check that it is well, and is what the compose file asks for."""

from __future__ import annotations

import json

from tests.support.containers.deployment import Deployment
from tests.support.containers.docker import run
from tests.support.deploy.composition import ONE_OFF, names


def test_every_server_gets_healthy_and_every_one_off_ends_with_0(deployment: Deployment) -> None:
    deployment.wait_healthy(names(one_off=False))
    containers = deployment.containers()
    ended = {name: containers[name]["ExitCode"] for name in ONE_OFF if name != "demo-data"}
    assert ended == {"bucket": 0, "init": 0}


def test_no_server_was_started_twice(deployment: Deployment) -> None:
    identifiers = [deployment.containers()[name]["ID"] for name in names(one_off=False)]
    inspected = json.loads(run("docker", "inspect", *identifiers))
    assert {each["Name"]: each["RestartCount"] for each in inspected if each["RestartCount"]} == {}


def test_servers_run_without_root_on_a_file_system_that_they_cannot_write(deployment: Deployment) -> None:
    for name in names(one_off=False):
        assert deployment.compose("exec", "-T", name, "id", "-u").strip() != "0", name
        words = "touch /opt/written 2>/dev/null || touch /written 2>/dev/null || echo refused"
        assert deployment.compose("exec", "-T", name, "sh", "-c", words).strip() == "refused", name


def test_airflow_has_every_dag_and_no_import_error(deployment: Deployment) -> None:
    deployment.wait_answer()
    with deployment.api() as api:
        assert api.import_errors() == {}
        found = set(api.dag_ids())
    types = {path.stem for path in (deployment.directory / "report_types").glob("*.yaml")}
    reports = {path.stem for path in (deployment.directory / "reports").glob("*.yaml")}
    assert {f"promo_reports.type.{each}" for each in types} <= found
    assert {f"promo_reports.report.{each}" for each in reports} <= found
    assert "promo_reports.retention" in found


def test_any_user_of_group_0_goes_on_from_another(deployment: Deployment) -> None:
    """Such as OpenShift assigns: without an entry in /etc/passwd, on volumes where 50000 has written."""
    change = "promo-reports {} grocery_transactions_daily --by ada@example.com"
    as_assigned = ["run", "--rm", "--no-deps", "-T", "--user", "1000640000:0", "init", "sh", "-euc"]
    said = deployment.compose(*as_assigned, f"airflow db check; promo-reports prepare; {change.format('stop')}")
    assert said.count("already there, mode 2770\n") == 3
    deployment.compose("exec", "-T", "api-server", *change.format("resume").split())
    deployment.compose(*as_assigned, f"{change.format('stop')}; {change.format('resume')}")
    modes = deployment.compose(
        "exec", "-T", "worker", "find", "/var/lib/promo-reports/created", "-printf", "%y %m %G\n"
    )
    assert set(modes.splitlines()) == {"d 2770 0", "f 660 0"}
