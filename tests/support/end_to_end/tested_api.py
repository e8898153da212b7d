"""The product as `make test-api` runs it: a real stack whose users have every role that an operator can give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devstack.logins import FabAuth, Login
from tests.support.deploy.roles import documented_roles
from tests.support.end_to_end.live import SOON, Live
from tests.support.end_to_end.reports_api import Caller, daily, transactions

ONE_TYPE = "WalletAnalyst"
LOGINS: Mapping[str, Login] = {
    "viewer": Login("viewer", "Viewer"),
    "user": Login("user", "User"),
    "op": Login("op", "Op"),
    "one type": Login("analyst", ONE_TYPE),
    "admin": Login("admin", "Admin"),
}
NOBODY = "nobody"
ROLES = (NOBODY, *LOGINS)
IDS = ("export_id", "report_id", "report_type", "filter_name", "destination_id")


@dataclass(frozen=True)
class Api:
    """Address below which the OpenAPI's paths lie, the tokens by role, and what is there by the parameter of a path."""

    url: str
    tokens: Mapping[str, str]
    ids: Mapping[str, object]

    def headers(self, role: str) -> dict[str, str]:
        """The credential of a role; none for nobody."""
        return {"Authorization": f"Bearer {self.tokens[role]}"} if role in self.tokens else {}


@contextmanager
def tested_api(root: Path) -> Iterator[Api]:
    """Start everything, with an export that is Created and a recurring report that makes no run."""
    create_role, *add_permissions = documented_roles("One report type only")
    live = Live(root, auth=FabAuth(LOGINS, [*documented_roles("Everybody who may see Airflow"), create_role]))
    try:
        live.start()
        live.api.wait_for_dag("promo_reports.type.wallet_transactions", timeout=SOON)
        live.stack.airflow.run_commands(add_permissions)
        tokens = {}
        for role in LOGINS:
            with live.stack.airflow.api(role) as api:
                tokens[role] = api.token()
        admin = Caller(live, "admin", tokens["admin"])
        export = admin.created(admin.create(transactions("Created", "fuel-points"))["id"])
        report = admin.create(daily("Never due", "fuel-points"))
        admin.http.close()
        live.api.wait_for_dag(f"promo_reports.report.{report['id']}", timeout=SOON)
        ids = (export["id"], report["id"], "wallet_transactions", "wallet", "download")
        yield Api(f"{live.stack.airflow.url}/promo-reports", tokens, dict(zip(IDS, ids, strict=True)))
    finally:
        live.stop()
