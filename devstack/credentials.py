"""The passwords and keys of one data root: made at random once, kept in one file that only its owner reads."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path


def _password() -> str:
    return secrets.token_urlsafe(18)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, repr=False)
class Credentials:
    """Passwords by PostgreSQL role, Airflow's keys, and that of hashed columns.

    Losing the file means losing the data root it belongs to.
    """

    postgres: str = field(default_factory=_password)
    airflow: str = field(default_factory=_password)
    promo_owner: str = field(default_factory=_password)
    promo_reader: str = field(default_factory=_password)
    fernet_key: str = field(default_factory=_fernet_key)
    jwt_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    api_secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    hash_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @classmethod
    def kept_in(cls, path: Path) -> Credentials:
        """Read the file, or make it (mode 0600); what an earlier release did not keep is added to it."""
        kept = json.loads(path.read_text()) if path.exists() else {}
        made = cls(**kept)
        if asdict(made) == kept:
            return made
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(made), file, indent=2)
        unfinished.replace(path)
        return made
