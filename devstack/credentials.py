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
    """Passwords by PostgreSQL role, and Airflow's keys. Losing the file means losing the data root it belongs to."""

    postgres: str = field(default_factory=_password)
    airflow: str = field(default_factory=_password)
    promo_owner: str = field(default_factory=_password)
    promo_reader: str = field(default_factory=_password)
    fernet_key: str = field(default_factory=_fernet_key)
    jwt_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    api_secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @classmethod
    def kept_in(cls, path: Path) -> Credentials:
        """Read the file, or make it (mode 0600)."""
        if path.exists():
            return cls(**json.loads(path.read_text()))
        made = cls()
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(made), file, indent=2)
        unfinished.replace(path)
        return made
