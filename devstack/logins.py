"""Who may log in to the demo's Airflow, and the auth managers that know them: Airflow's simple one, or FAB.

The passwords are fit for loopback only, which is where we listen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

Settings = Mapping[str, Mapping[str, object]]
"""Airflow's options by section."""
RunCommands = Callable[[Sequence[Sequence[str]]], None]
"""Runs commands of `airflow`, each given as its arguments."""


class Login(NamedTuple):
    """Password and role of a user; the role as the auth manager writes it."""

    password: str
    role: str


LOGINS: Mapping[str, Login] = {
    "admin": Login("admin", "admin"),
    "user": Login("user", "user"),
    "viewer": Login("viewer", "viewer"),
}
"""The demo's users. A `user` creates reports, a `viewer` only looks."""


class AuthManager(Protocol):
    """How users get into one Airflow."""

    @property
    def logins(self) -> Mapping[str, Login]:
        """Every user by name."""

    def settings(self, home: Path) -> Settings:
        """What Airflow is told."""

    def prepare(self, home: Path) -> None:
        """Write the files that Airflow reads at its start."""

    def create(self, run: RunCommands) -> None:
        """Make the users in the migrated metadata database."""


@dataclass(frozen=True)
class SimpleAuth:
    """SimpleAuthManager, Airflow's default: roles are viewer, user, op and admin; passwords lie in a file."""

    logins: Mapping[str, Login] = field(default_factory=lambda: LOGINS)

    def settings(self, home: Path) -> Settings:
        """Name the users and the file of their passwords."""
        users = ",".join(f"{user}:{login.role}" for user, login in self.logins.items())
        return {
            "core": {
                "simple_auth_manager_users": users,
                "simple_auth_manager_passwords_file": _passwords(home),
            }
        }

    def prepare(self, home: Path) -> None:
        """Write the passwords, for the owner's eyes only."""
        _passwords(home).write_text(json.dumps({user: login.password for user, login in self.logins.items()}))
        _passwords(home).chmod(0o600)

    def create(self, run: RunCommands) -> None:
        """Nothing: it keeps no users in the database."""


@dataclass(frozen=True)
class FabAuth:
    """The FAB auth manager: users and roles lie in the database; its own roles are Viewer, User, Op and Admin.

    `roles` is made with each start: arguments of `airflow`, as an operator would type them (docs/deploy.md).
    """

    logins: Mapping[str, Login]
    roles: Sequence[Sequence[str]] = ()

    def settings(self, home: Path) -> Settings:
        """Name the auth manager; whoever tests logs in more often than people do."""
        return {
            "core": {"auth_manager": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"},
            "fab": {"auth_rate_limited": False},
        }

    def prepare(self, home: Path) -> None:
        """Nothing: it reads no file of ours."""

    def create(self, run: RunCommands) -> None:
        """Make the roles and the users; what is there already stays as it is."""
        users = [
            [
                *("users", "create", "--username", user, "--password", login.password, "--role", login.role),
                *("--firstname", user.capitalize(), "--lastname", "Demo", "--email", f"{user}@example.com"),
            ]
            for user, login in self.logins.items()
        ]
        run([*self.roles, *users])


def _passwords(home: Path) -> Path:
    return home / "simple_auth_manager_passwords.json"
