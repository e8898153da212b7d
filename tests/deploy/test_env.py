"""deploy/new_env.py: every variable of the compose file, each secret new, and documented."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.support.deploy.composition import PROJECT, VARIABLE, services

SCRIPT = PROJECT / "deploy" / "new_env.py"


def _run(root: Path) -> subprocess.CompletedProcess[str]:
    script = root / "deploy" / SCRIPT.name
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(SCRIPT.read_text())
    if not (root / "pyproject.toml").exists():
        (root / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    return subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)


def _read(root: Path) -> dict[str, str]:
    lines = [line for line in (root / ".env").read_text().splitlines() if line and not line.startswith("#")]
    return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    assert _run(tmp_path).returncode == 0
    return _read(tmp_path)


def test_holds_every_variable_and_no_other(env: dict[str, str]) -> None:
    used = {name for name, _ in VARIABLE.findall((PROJECT / "docker-compose.yaml").read_text())}
    assert env.keys() == used | {"COMPOSE_PROFILES"}
    assert all(env.values())


def test_each_secret_is_another_each_time(tmp_path: Path, env: dict[str, str]) -> None:
    _run(tmp_path / "other")
    other = _read(tmp_path / "other")
    same = {"PUBLIC_URL", "PUBLISH_ADDRESS", "COMPOSE_PROFILES", "REQUIREMENTS", "AUTH_MANAGER", "IMAGE_VERSION"}
    assert {name for name in env if env[name] == other[name]} == same
    secrets = [value for name, value in env.items() if re.search(r"PASSWORD|KEY|SECRET", name)]
    assert len(set(secrets)) == len(secrets)
    # Airflow expands `$`, and URLs hold these as they are.
    assert [value for value in secrets if not re.fullmatch(r"[\w=-]{20,}", value)] == []
    Fernet(env["FERNET_KEY"])


def test_only_its_owner_reads_it_and_it_is_never_replaced(tmp_path: Path, env: dict[str, str]) -> None:
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    again = _run(tmp_path)
    assert again.returncode == 1
    assert "up to date" in again.stderr
    assert _read(tmp_path) == env


@pytest.mark.parametrize("end", ["\n", ""])
def test_what_an_earlier_release_had_not_is_added_and_nothing_is_changed(
    tmp_path: Path, env: dict[str, str], end: str
) -> None:
    later = ("USER_PASSWORD", "REQUIREMENTS", "AUTH_MANAGER", "IMAGE_VERSION")
    file = tmp_path / ".env"
    lines = [line for line in file.read_text().splitlines() if not line.startswith(later)]
    before = "\n".join([*lines, "MINE=1"]) + end
    file.write_text(before)
    ran = _run(tmp_path)
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (0, f"Added to {file}: {', '.join(later)}")
    assert file.read_text().startswith(before.rstrip("\n"))
    assert file.stat().st_mode & 0o777 == 0o600
    after = _read(tmp_path)
    assert after.keys() == env.keys() | {"MINE"}
    assert {name for name in env if after[name] != env[name]} == {"USER_PASSWORD"}
    assert _run(tmp_path).returncode == 1
    assert _read(tmp_path) == after


def _git(root: Path, *arguments: str) -> str:
    as_somebody = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", root, *as_somebody, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_images_of_each_state_of_the_code_have_a_tag_of_their_own(tmp_path: Path, env: dict[str, str]) -> None:
    """An upgrade builds beside the image that runs, and checking the earlier commit out names that one again."""
    assert env["IMAGE_VERSION"] == "1.2.0"  # of an archive, which knows no commit
    (tmp_path / ".gitignore").write_text(".env\n")
    _git(tmp_path, "init", "--quiet")
    tags = []
    for version in ("1.2.0", "1.3.0"):
        (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
        _git(tmp_path, "add", "--all")
        _git(tmp_path, "commit", "--quiet", "--message", version)
        ran = _run(tmp_path)
        tags.append(_read(tmp_path)["IMAGE_VERSION"])
        assert tags[-1] == f"{version}-{_git(tmp_path, 'rev-parse', '--short=12', 'HEAD')}"
        assert (ran.returncode, ran.stdout) == (0, f"The images are those of version {tags[-1]}\n")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert {name: value for name, value in _read(tmp_path).items() if name != "IMAGE_VERSION"} == {
        name: value for name, value in env.items() if name != "IMAGE_VERSION"
    }
    _git(tmp_path, "checkout", "--quiet", "HEAD~1")
    assert _run(tmp_path).returncode == 0
    assert _read(tmp_path)["IMAGE_VERSION"] == tags[0]
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.1"\n')
    _run(tmp_path)
    assert _read(tmp_path)["IMAGE_VERSION"].endswith("-dirty")
    assert re.fullmatch(r"[\w][\w.-]{0,127}", _read(tmp_path)["IMAGE_VERSION"])  # what Docker takes as a tag


def test_what_is_mounted_may_be_edited_without_another_image(tmp_path: Path) -> None:
    account = tmp_path / "include" / "account.yaml"
    account.parent.mkdir()
    account.write_text("timezone: UTC\n")
    _git(tmp_path, "init", "--quiet")
    assert _run(tmp_path).returncode == 1  # there is no commit yet
    _git(tmp_path, "add", "--all")
    _git(tmp_path, "commit", "--quiet", "--message", "first")
    account.write_text("timezone: Europe/Berlin\n")
    assert _run(tmp_path).returncode == 0
    assert _read(tmp_path)["IMAGE_VERSION"] == f"1.2.0-{_git(tmp_path, 'rev-parse', '--short=12', 'HEAD')}"


def test_a_clone_whose_commit_git_does_not_tell_gets_no_tag(tmp_path: Path, env: dict[str, str]) -> None:
    """All states of the code would have one tag, as where root runs it on the clone of another user."""
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    ran = _run(tmp_path)
    assert ran.returncode == 1
    assert "git cannot tell which commit" in ran.stderr
    assert _read(tmp_path) == env


def test_connections_lead_to_the_servers_of_the_compose_file(env: dict[str, str]) -> None:
    promo, bucket = (json.loads(env[f"AIRFLOW_CONN_{name}"]) for name in ("PROMO_DB", "BI_EXPORTS_S3"))
    assert promo["host"] in services()
    assert (promo["login"], promo["password"]) == ("promo_reader", env["PROMO_READER_PASSWORD"])
    assert (bucket["login"], bucket["password"]) == (env["S3_ACCESS_KEY"], env["S3_SECRET_KEY"])
    assert bucket["extra"]["endpoint_url"] == services()["bucket"]["environment"]["AWS_ENDPOINT_URL_S3"]


def test_is_published_on_loopback_alone(env: dict[str, str]) -> None:
    assert env["PUBLISH_ADDRESS"].startswith("127.0.0.1:")


def test_every_variable_is_documented(env: dict[str, str]) -> None:
    documented = (PROJECT / "docs" / "deploy.md").read_text()
    assert [name for name in env if f"`{name}`" not in documented] == []
