"""What Airflow's providers manager is told of this package, by the entry point `apache_airflow_provider`."""

from __future__ import annotations

from typing import Any


def provider_info() -> dict[str, Any]:
    """Return the provider's metadata (Airflow's `provider_info.schema.json`)."""
    return {
        "package-name": "promo-reports",
        "name": "Promo Reports",
        "description": "Exports of loyalty wallets, partner vouchers and promo campaigns as files that can be trusted.",
        "integrations": [{"integration-name": "Promo Reports", "tags": ["software"]}],
        "bundles": [{"integration-name": "Promo Reports", "python-modules": ["promo_reports.orchestration.bundle"]}],
    }
