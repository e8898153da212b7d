"""A backup of docs/runbook.md, restored by its commands on a host that has lost every volume."""

from __future__ import annotations

from pathlib import Path

from tests.support.containers.deployment import Deployment
from tests.support.containers.exports import Export, create_report, listed, report_ids
from tests.support.deploy.documented import commands

BEFORE, AFTER = "Before the backup", "After the backup"


def test_a_backup_is_restored_as_the_runbook_says(deployment: Deployment, tmp_path: Path) -> None:
    back_up, restore = commands("runbook.md", "Backup and restore")
    kept = create_report(deployment, "Kept by the backup")
    export = Export.start(deployment, BEFORE)
    export.wait()
    deployment.sh(back_up.replace("/somewhere/safe/", str(tmp_path)))
    env = (tmp_path / ".env").read_text()
    # The ledger is not the product's: its server has backups of its own.
    deployment.sh("docker compose exec -T postgres pg_dump --username postgres --format custom promo > promo.dump")
    lost = create_report(deployment, "Made after the backup")
    modes = _modes(deployment)
    Export.start(deployment, AFTER).wait()

    deployment.compose("down", "--volumes")
    (deployment.directory / ".env").write_text(env)
    deployment.sh(restore)

    deployment.sh(
        "docker compose exec -T postgres pg_restore --username postgres --dbname promo --exit-on-error < promo.dump"
    )
    deployment.wait_answer()
    assert _modes(deployment).items() <= modes.items()
    assert kept in report_ids(deployment)
    assert lost not in report_ids(deployment)
    assert [each["status"] for each in listed(deployment, BEFORE)] == ["created"]
    assert listed(deployment, AFTER) == []
    with deployment.api() as api:
        api.wait_for_dag(f"promo_reports.report.{kept}")
    again = Export.start(deployment, "After the restore")
    again.wait()
    again.check()


def _modes(deployment: Deployment) -> dict[str, str]:
    """The modes of all that is in the store, by path: any user of group 0 goes on from what another has made."""
    find = "cd /var/lib/promo-reports/created && find . -printf '%p %m\\n'"
    found = deployment.sh(f'docker compose run --rm --no-deps -T init sh -c "{find}"')
    return dict(line.rsplit(" ", 1) for line in found.splitlines())
