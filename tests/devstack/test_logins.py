"""Users of the two auth managers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from devstack.airflow import AirflowSetup
from devstack.credentials import Credentials
from devstack.logins import LOGINS, AuthManager, FabAuth, Login, SimpleAuth


def environment(auth: AuthManager, home: Path) -> dict[str, str]:
    setup = AirflowSetup(
        project=Path("/project"),
        home=home,
        metadata_url="postgresql://airflow:secret@127.0.0.1:1/airflow",
        credentials=Credentials(),
        auth=auth,
    )
    return setup.environment(8080)


def commands_of(auth: AuthManager) -> list[list[str]]:
    ran: list[list[str]] = []

    def run(commands: Sequence[Sequence[str]]) -> None:
        ran.extend(list(command) for command in commands)

    auth.create(run)
    return ran


def test_the_demos_users_look_create_and_administer(tmp_path: Path) -> None:
    assert {user: login.role for user, login in LOGINS.items()} == {
        "admin": "admin",
        "user": "user",
        "viewer": "viewer",
    }
    settings = environment(SimpleAuth(), tmp_path)
    assert settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "admin:admin,user:user,viewer:viewer"
    assert "AIRFLOW__CORE__AUTH_MANAGER" not in settings


def test_a_simple_users_role_need_not_be_its_name_and_its_password_is_for_the_owners_eyes(tmp_path: Path) -> None:
    auth = SimpleAuth({"ada": Login("a-password", "op")})
    settings = environment(auth, tmp_path)
    assert settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "ada:op"
    auth.prepare(tmp_path)
    passwords = Path(settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    assert json.loads(passwords.read_text()) == {"ada": "a-password"}
    assert passwords.stat().st_mode & 0o777 == 0o600
    assert commands_of(auth) == []


def test_fab_makes_roles_before_the_users_that_have_them(tmp_path: Path) -> None:
    auth = FabAuth({"ada": Login("a-password", "Analyst")}, [["roles", "create", "Analyst"]])
    settings = environment(auth, tmp_path)
    assert settings["AIRFLOW__CORE__AUTH_MANAGER"].endswith(".FabAuthManager")
    assert "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS" not in settings
    role, user = commands_of(auth)
    assert role == ["roles", "create", "Analyst"]
    assert user[:2] == ["users", "create"]
    options = dict(zip(user[2::2], user[3::2], strict=True))
    assert (options["--username"], options["--password"], options["--role"]) == ("ada", "a-password", "Analyst")
    assert options["--email"] == "ada@example.com"
