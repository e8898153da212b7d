"""Write a new .env for docker-compose.yaml, with passwords and keys made at random: `python3 deploy/new_env.py`.

Needs nothing but Python. What an existing .env holds is never changed, since its keys are what the databases were made
with; variables that a later release asks for are added to it.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from pathlib import Path

ENV_FILE = Path(__file__).resolve().parents[1] / ".env"

ADDED_LATER = ("USER_PASSWORD", "REQUIREMENTS", "AUTH_MANAGER")
"""Variables that the first release's .env had not: any value of theirs fits the databases that are there."""

_TEMPLATE = """\
# Read by docker compose. Keep it out of git and in your secret store: docs/deploy.md, "Secrets".

# Who logs in, at this address. Published on loopback alone until a TLS proxy stands in front of it.
# admin may do everything, user creates reports, viewer looks.
ADMIN_PASSWORD={admin}
USER_PASSWORD={user}
VIEWER_PASSWORD={viewer}
PUBLIC_URL=http://localhost:8080
PUBLISH_ADDRESS=127.0.0.1:8080

# What the image is built from, and the auth manager: docs/deploy.md, "Roles of people", says how to have FAB instead.
REQUIREMENTS=requirements.txt
AUTH_MANAGER=airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager

# Airflow's keys. FERNET_KEY encrypts the connections in its database: without it they are lost.
FERNET_KEY={fernet}
JWT_SECRET={jwt}
API_SECRET_KEY={api}

# The servers of this compose file.
POSTGRES_PASSWORD={postgres}
AIRFLOW_DB_PASSWORD={airflow}
REDIS_PASSWORD={redis}

# The promo database. The two passwords are those of the demo's; AIRFLOW_CONN_PROMO_DB is the one that exports read.
PROMO_OWNER_PASSWORD={owner}
PROMO_READER_PASSWORD={reader}
AIRFLOW_CONN_PROMO_DB='{promo_db}'

# The bucket of include/account.yaml, on the S3 server of profile s3. With buckets of your own, empty COMPOSE_PROFILES.
COMPOSE_PROFILES=s3
S3_ACCESS_KEY={s3_access}
S3_SECRET_KEY={s3_secret}
AIRFLOW_CONN_BI_EXPORTS_S3='{bi_exports}'
"""


def new_env() -> str:
    """The text of a new .env; every password is letters, digits, - and _, which URLs and Airflow take as they are."""
    names = ("admin", "user", "viewer", "postgres", "airflow", "redis", "owner", "reader")
    passwords = {name: secrets.token_urlsafe(24) for name in names}
    s3_access, s3_secret = secrets.token_hex(10), secrets.token_urlsafe(30)
    promo_db = {
        "conn_type": "postgres",
        "host": "postgres",
        "port": 5432,
        "login": "promo_reader",
        "password": passwords["reader"],
        "schema": "promo",
    }
    bi_exports = {
        "conn_type": "aws",
        "login": s3_access,
        "password": s3_secret,
        "extra": {"endpoint_url": "http://s3:8333", "region_name": "us-east-1"},
    }
    return _TEMPLATE.format(
        **passwords,
        fernet=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        jwt=secrets.token_urlsafe(64),
        api=secrets.token_urlsafe(32),
        s3_access=s3_access,
        s3_secret=s3_secret,
        promo_db=json.dumps(promo_db),
        bi_exports=json.dumps(bi_exports),
    )


def added(text: str) -> list[str]:
    """The lines that an .env of an earlier release lacks."""
    held = {line.partition("=")[0].removeprefix("export ").strip() for line in text.splitlines()}
    lines = {line.partition("=")[0]: line for line in new_env().splitlines()}
    return [lines[name] for name in ADDED_LATER if name not in held]


def main() -> int:
    """Write the file with mode 0600, or add what it lacks; the exit status is 1 where there is nothing to do."""
    try:
        descriptor = os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _add()
    with os.fdopen(descriptor, "w") as file:
        file.write(new_env())
    sys.stdout.write(f"Wrote {ENV_FILE}\n")
    return 0


def _add() -> int:
    before = ENV_FILE.read_text()
    lines = added(before)
    if not lines:
        sys.stderr.write(f"{ENV_FILE} is there already, and its keys are in use. Move it away to make a new one.\n")
        return 1
    with ENV_FILE.open("a") as file:
        file.write("\n".join(["" if before.endswith("\n") else "\n", *lines, ""]))
    sys.stdout.write(f"Added to {ENV_FILE}: {', '.join(line.partition('=')[0] for line in lines)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
