"""Write a new .env for docker-compose.yaml, with passwords and keys made at random: `python3 deploy/new_env.py`.

Needs nothing but Python. Passwords and keys that an existing .env holds are never changed, since databases were made
with them; variables that a later release asks for are added to it, and IMAGE_VERSION is set to what is checked out.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENV_FILE = ROOT / ".env"

_MOUNTED = ("reports", "report_types", "include")
"""Directories of the clone that containers see as they are: edits of these need no other image."""

ADDED_LATER = ("USER_PASSWORD", "REQUIREMENTS", "AUTH_MANAGER", "IMAGE_VERSION")
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

# The tag of the images, from what is checked out: deploy/new_env.py writes it anew after each `git pull`.
IMAGE_VERSION={version}

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
        version=image_version(),
        fernet=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        jwt=secrets.token_urlsafe(64),
        api=secrets.token_urlsafe(32),
        s3_access=s3_access,
        s3_secret=s3_secret,
        promo_db=json.dumps(promo_db),
        bi_exports=json.dumps(bi_exports),
    )


def image_version() -> str:
    """The version of `pyproject.toml`, and the commit where this is a clone: another tag for each commit.

    `-dirty` is added where what images are built from was edited. Ends with a sentence where git cannot tell the
    commit, since all states of the code would have one tag.
    """
    found = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit(f"{ROOT / 'pyproject.toml'} has no version.")
    if not (ROOT / ".git").exists():
        return found[1]
    if not shutil.which("git"):
        raise SystemExit(f"{ROOT} is a clone, and its commit is the images' tag: install git.")
    edited = _git(
        "status", "--porcelain", "--untracked-files=no", "--", ":/", *(f":(exclude,top){each}" for each in _MOUNTED)
    )
    return f"{found[1]}-{_git('rev-parse', '--short=12', 'HEAD')}{'-dirty' if edited else ''}"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ran.returncode:
        raise SystemExit(
            f"git cannot tell which commit {ROOT} is at, which is the images' tag: {ran.stderr.strip()}\n"
            "Run this as the user that the clone belongs to."
        )
    return ran.stdout.strip()


def updated(text: str) -> tuple[str, list[str]]:
    """An .env of an earlier release as this checkout needs it, and the lines that are new in it."""
    lines = {line.partition("=")[0]: line for line in new_env().splitlines()}
    held = {line.partition("=")[0].removeprefix("export ").strip() for line in text.splitlines()}
    text = re.sub(r"^(?:export )?IMAGE_VERSION=.*$", lines["IMAGE_VERSION"], text, flags=re.MULTILINE)
    lacking = [lines[name] for name in ADDED_LATER if name not in held]
    if lacking and not text.endswith("\n"):
        text += "\n"
    return "".join([text, *(f"{line}\n" for line in lacking)]), lacking


def main() -> int:
    """Write the file with mode 0600, or bring it up to date; the exit status is 1 where there is nothing to do."""
    try:
        descriptor = os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _update()
    with os.fdopen(descriptor, "w") as file:
        file.write(new_env())
    sys.stdout.write(f"Wrote {ENV_FILE}\n")
    return 0


def _update() -> int:
    before = ENV_FILE.read_text()
    after, lacking = updated(before)
    if after == before:
        sys.stderr.write(f"{ENV_FILE} is up to date, and its keys are in use. Move it away to make a new one.\n")
        return 1
    _replace(after)
    if lacking:
        sys.stdout.write(f"Added to {ENV_FILE}: {', '.join(line.partition('=')[0] for line in lacking)}\n")
    sys.stdout.write(f"The images are those of version {image_version()}\n")
    return 0


def _replace(text: str) -> None:
    """Write the file anew with its mode: whole, or not at all, since it has the only copy of the keys."""
    target = ENV_FILE.resolve()
    descriptor, unfinished = tempfile.mkstemp(prefix=".env-", dir=target.parent)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    shutil.copymode(target, unfinished)
    with suppress(PermissionError):
        os.chown(unfinished, target.stat().st_uid, target.stat().st_gid)
    Path(unfinished).replace(target)


if __name__ == "__main__":
    raise SystemExit(main())
