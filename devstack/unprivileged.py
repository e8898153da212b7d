"""A user and a place for a server that refuses to run as root.

PostgreSQL does not start as root, and containers are often nothing but root. The server then runs as `nobody`, who must
be able to reach its files: not the case below /root or below a `mktemp -d`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from devstack.processes import User


def unprivileged_user() -> User | None:
    """The user a server must be run as: `nobody` when we are root, None (stay who you are) otherwise."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return User(65534, 65534)
    return User(nobody.pw_uid, nobody.pw_gid)


def reachable(path: Path, user: User | None) -> bool:
    """Whether the user can enter this directory; asked of the system, because modes alone do not tell."""
    if user is None:
        return True
    answer = subprocess.run(
        ["sh", "-c", 'cd "$1" && ls >/dev/null', "sh", str(path)],
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return answer.returncode == 0


def give_to(path: Path, user: User | None) -> None:
    """Make the directory private to the user."""
    if user is not None:
        os.chown(path, user.uid, user.gid)
    path.chmod(0o700)


def home_for(wanted: Path, user: User | None) -> Path:
    """A private directory of the user: the wanted one, or one under /var/tmp if the user cannot reach that.

    In the second case `<wanted>.location` remembers the place, so that the next start finds the same data.
    """
    wanted.mkdir(parents=True, exist_ok=True)
    give_to(wanted, user)
    if reachable(wanted, user):
        return wanted
    if remembered := _elsewhere(wanted, user):
        return remembered
    elsewhere = Path(tempfile.mkdtemp(prefix="promo-reports-", dir="/var/tmp"))
    give_to(elsewhere, user)
    location_note(wanted).write_text(f"{elsewhere}\n")
    return elsewhere


def forget_home(wanted: Path, user: User | None) -> None:
    """Delete the directory that `home_for` gave, wherever it is."""
    if elsewhere := _elsewhere(wanted, user):
        shutil.rmtree(elsewhere)
    shutil.rmtree(wanted, ignore_errors=True)
    location_note(wanted).unlink(missing_ok=True)


def location_note(wanted: Path) -> Path:
    """The file that says where the data really is, when it could not be where it was wanted."""
    return wanted.with_name(wanted.name + ".location")


def _elsewhere(wanted: Path, user: User | None) -> Path | None:
    """The remembered place, if it is still there and the user's own."""
    note = location_note(wanted)
    if user is None or not note.exists():
        return None
    place = Path(note.read_text().strip())
    if place.is_symlink() or not place.is_dir() or place.stat().st_uid != user.uid:
        return None
    return place


def run_error(program: Path, user: User | None) -> str | None:
    """Run `<program> --version` as the user; return None if that works, else what the system said."""
    try:
        answer = subprocess.run(
            [program, "--version"],
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return f"{program}: {error.strerror}"
    return (answer.stderr.strip() or f"status {answer.returncode}") if answer.returncode else None


def readable_copy(files: Iterable[Path], base: Path, copy: Path) -> None:
    """Copy files, with their places below `base`, so that every user can read and run them; complete, or not at all."""
    if copy.is_dir():
        return
    unfinished = copy.with_name(f"{copy.name}.copying")
    shutil.rmtree(unfinished, ignore_errors=True)
    for file in files:
        target = unfinished / file.relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        target.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
    for directory in (unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())):
        directory.chmod(0o755)
    unfinished.rename(copy)
