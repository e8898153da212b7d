"""Write a new .env for docker-compose.yaml, with passwords and keys made at random: `python3 deploy/new_env.py`.

Needs nothing but Python. An existing .env is never touched: its keys are what the databases were made with.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from pathlib import Path

ENV_FILE = Path(__file__).resolve().parents[1] / ".env"

_TEMPLATE = """\
# Read by docker compose. Keep it out of git and in your secret store: docs/deploy.md, "Secrets".

# Who logs in, at this address. Published on loopback alone until a TLS proxy stands in front of it.
ADMIN_PASSWORD={admin}
VIEWER_PASSWORD={viewer}
PUBLIC_URL=http://localhost:8080
PUBLISH_ADDRESS=127.0.0.1:8080

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
    names = ("admin", "viewer", "postgres", "airflow", "redis", "owner", "reader")
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


def main() -> int:
    """Write the file with mode 0600; the exit status is 1 where there is one already."""
    try:
        descriptor = os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.stderr.write(f"{ENV_FILE} is there already, and its keys are in use. Move it away to make a new one.\n")
        return 1
    with os.fdopen(descriptor, "w") as file:
        file.write(new_env())
    sys.stdout.write(f"Wrote {ENV_FILE}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
