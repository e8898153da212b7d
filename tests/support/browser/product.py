"""The product as the browser tests see it: the stack of the end-to-end tests, and the page's API beside the browser."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import yaml

from tests.support.end_to_end.live import ALL_TYPES, BUCKET, Live, to, until

WALLET = "Fresh"
"""Title of the wallet with a row every hour of the last ten days."""
WALLET_ID = "fresh"
MISSING = "missing"
"""A bucket that the account names and nobody makes, so that deliveries to it fail."""

LAKE = "lake"
"""A bucket whose folder tells days apart and has no id of an export, so that it takes recurring reports alone."""


class Product(Live):
    """A running product; `call` is the page's API with a user's bearer token, for what a test needs to be there."""

    def __init__(self, root: Path, **options: Any) -> None:
        super().__init__(root, **options)
        path = self.home / "include" / "account.yaml"
        account = yaml.safe_load(path.read_text())
        first = account["partner_exports"][0]
        patterned = {**first, "bucket": LAKE, "folder": "{report_id}/dt={start:%Y-%m-%d}"}
        account["partner_exports"] += [{**first, "bucket": MISSING}, patterned]
        path.write_text(yaml.safe_dump(account))

    @property
    def url(self) -> str:
        """Airflow's root, without a slash at its end."""
        return self.stack.airflow.url

    def address(self, path: str) -> str:
        return f"{self.url}/promo-reports/{path}"

    def password(self, user: str) -> str:
        return self.stack.airflow.setup.auth.logins[user].password

    def call(
        self, method: str, path: str, body: Any = None, *, user: str = "admin", expect: int | None = None
    ) -> dict[str, Any]:
        """One call of the page's API; fails unless it is a success, or has the status that is expected."""
        with self.stack.airflow.api(user) as api:
            headers = {"Authorization": f"Bearer {api.token()}", "Idempotency-Key": uuid.uuid4().hex}
        url = self.address(f"api/{path}")
        answer = httpx.request(method, url, json=body, headers=headers, timeout=60, trust_env=False)
        right = answer.is_success if expect is None else answer.status_code == expect
        assert right, f"{method} {url}: {answer.status_code} {answer.text[:2000]}"
        return cast(dict[str, Any], answer.json())

    def create_export(self, name: str, *, user: str = "admin", **more: Any) -> dict[str, Any]:
        """A one-time export of the last week of the fresh wallet, started."""
        definition = {
            "name": name,
            "report_type": "wallet_transactions",
            "filters": {"wallet": WALLET_ID, "transaction_source": "all", "transaction_type": list(ALL_TYPES)},
            "frequency": "one_time",
            "date_range": "past_7_days",
            "delivery": ["download"],
            **more,
        }
        return cast(dict[str, Any], self.call("POST", "reports", definition, user=user)["export"])

    def create_report(self, name: str, *, user: str = "admin", **more: Any) -> dict[str, Any]:
        """A daily report of the fresh wallet, delivered to a bucket."""
        definition = {
            "name": name,
            "report_type": "wallet_transactions",
            "filters": {"wallet": WALLET_ID, "transaction_source": "all", "transaction_type": list(ALL_TYPES)},
            "frequency": {"interval": "daily", "delivery_time": "06:00"},
            "delivery": [to(BUCKET)],
            **more,
        }
        return cast(dict[str, Any], self.call("POST", "reports", definition, user=user)["report"])

    def details(self, export_id: int) -> dict[str, Any]:
        """All that the page's API says of an export."""
        return self.call("GET", f"exports/{export_id}")

    def ended(self, export_id: int) -> dict[str, Any]:
        """The export once it is no longer Creating."""

        def outcome() -> dict[str, Any] | None:
            found = self.details(export_id)
            return None if found["status"] == "creating" else found

        return cast(dict[str, Any], until(outcome, f"the end of export {export_id}"))

    def export_named(self, name: str) -> dict[str, Any]:
        """The one export of this name."""
        (found,) = self.call("GET", f"exports?{urlencode({'q': name})}")["items"]
        return self.details(found["id"])
