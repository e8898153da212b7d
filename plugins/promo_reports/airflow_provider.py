"""What Airflow's providers manager is told of this package, by the entry point `apache_airflow_provider`."""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo

from promo_reports.settings import Settings


def provider_info() -> dict[str, Any]:
    """Return the provider's metadata (Airflow's `provider_info.schema.json`)."""
    return {
        "package-name": "promo-reports",
        "name": "Promo Reports",
        "description": "Exports of loyalty wallets, partner vouchers and promo campaigns as files that can be trusted.",
        "integrations": [{"integration-name": "Promo Reports", "tags": ["software"]}],
        "bundles": [{"integration-name": "Promo Reports", "python-modules": ["promo_reports.orchestration.bundle"]}],
        "config": {
            "promo_reports": {
                "description": "Settings of Promo Reports; its environment variables PROMO_REPORTS_* win over them.",
                "options": {name: _option(field) for name, field in Settings.model_fields.items()},
            }
        },
    }


def _option(field: FieldInfo) -> dict[str, Any]:
    """Return the description of a setting; one whose default depends on the host, or on another setting, has none."""
    has_default = isinstance(field.default, int | str)
    return {
        "description": field.description,
        "version_added": None,
        "type": "integer" if isinstance(field.default, int) else "string",
        "example": None,
        "default": str(field.default) if has_default else None,
        "sensitive": False,
    }
