"""A real SFTP server on loopback: Debian's sshd with keys of its own, for exports to a partner's server.

It runs as an unprivileged user, who is the only one that can log in. Sessions begin in `root`.
"""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devstack.processes import ServerError, ServerProcess, accepts_connections, free_port
from devstack.unprivileged import forget_home, give_to, home_for, unprivileged_user

PREFERRED_PORT = 54322


class SftpServer:
    """The server process, in a directory of its own; `denied` are requests of sftp-server that it is to lack."""

    def __init__(self, directory: Path, *, port: int | None = None, denied: Sequence[str] = ()) -> None:
        self._wanted = directory
        self._preferred_port = PREFERRED_PORT if port is None else port
        self._denied = tuple(denied)
        self._user = unprivileged_user()
        self._process: ServerProcess | None = None
        self.port = 0
        self.login = pwd.getpwuid(self._user.uid).pw_name if self._user else getpass.getuser()
        self.home = home_for(directory, self._user)
        self.root = self.home / "files"
        """Where sessions begin."""
        self.own(self.root)

    @property
    def host_key(self) -> str:
        """The server's public key: its kind and its data."""
        return " ".join((self.home / "host_key.pub").read_text().split()[:2])

    @property
    def private_key(self) -> str:
        """The key that lets the user in."""
        return (self.home / "client_key").read_text()

    def own(self, directory: Path) -> None:
        """Make a directory, and give it with all that is in it to the user."""
        directory.mkdir(parents=True, exist_ok=True)
        give_to(directory, self._user)
        if self._user is not None:
            for path in directory.rglob("*"):
                os.chown(path, self._user.uid, self._user.gid)

    def start(self) -> None:
        """Start the server, and wait until it listens."""
        program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if program is None:
            raise ServerError("There is no sshd: install openssh-server.")
        for name in ("host_key", "client_key"):
            self._make_key(self.home / name)
        shutil.copyfile(self.home / "client_key.pub", self.home / "authorized_keys")
        self.port = free_port(self._preferred_port)
        self._write_configuration()
        for path in self.home.iterdir():
            if self._user and path.is_file():
                os.chown(path, self._user.uid, self._user.gid)
        self._process = ServerProcess(
            "The SFTP server",
            [program, "-D", "-e", "-f", self.home / "sshd_config"],
            log=self.home / "sshd.log",
            user=self._user,
            whole_group=True,
            grace=5.0,
        )
        self._process.start()
        self._process.wait_until(lambda: accepts_connections(self.port), timeout=60.0)

    def stop(self) -> None:
        """Stop the server and its sessions; harmless if it is not running."""
        if self._process:
            self._process.stop()
            self._process = None

    def destroy(self) -> None:
        """Stop the server, and delete its files."""
        self.stop()
        forget_home(self._wanted, self._user)

    def new_host_key(self) -> None:
        """Have another host key from now on, as after a new installation."""
        self.stop()
        for path in self.home.glob("host_key*"):
            path.unlink()
        self.start()

    def _make_key(self, path: Path) -> None:
        if not path.exists():
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def _write_configuration(self) -> None:
        sftp = f"internal-sftp -d {self.root} -u 0077" + (f" -P {','.join(self._denied)}" if self._denied else "")
        lines = [
            f"ListenAddress 127.0.0.1:{self.port}",
            f"HostKey {self.home / 'host_key'}",
            f"AuthorizedKeysFile {self.home / 'authorized_keys'}",
            "PidFile none",
            "StrictModes no",  # the directories above belong to others
            "UsePAM yes",  # without it an account that has no password counts as locked
            "MaxStartups 100",
            "MaxSessions 100",
            f"Subsystem sftp {sftp}",
            f"ForceCommand {sftp}",
        ]
        (self.home / "sshd_config").write_text("\n".join(lines) + "\n")

    def __enter__(self) -> SftpServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()
