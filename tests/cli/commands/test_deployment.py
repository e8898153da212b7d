"""`promo-reports prepare` and `schema`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promo_reports.definitions.schema import json_schemas
from tests.support.shell import Shell


def test_prepare_makes_private_directories(shell: Shell, tmp_path: Path) -> None:
    data = tmp_path / "mount" / "data"
    environment = {"PROMO_REPORTS_DATA_DIR": str(data)}
    assert shell("list", **environment).exit_code == 2, "a store outside of the project must have been made"
    result = shell("prepare", **environment)
    assert (result.exit_code, result.stderr) == (0, "")
    names = ["created", "staging", "downloads"]
    assert [line.split()[1:] for line in result.stdout.splitlines()] == [
        [str(data / name), "made,", "mode", "0700"] for name in names
    ]
    made = [data / name for name in (*names, "created/definitions", "created/state")]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o700}
    assert shell("list", **environment).exit_code == 0


def test_prepare_leaves_alone_what_is_there(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o750)
    result = shell("prepare", PROMO_REPORTS_STAGING_DIR=str(tmp_path / "shared"))
    assert "already there, mode 0750; others than its owner may use it" in result.stdout
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o750
    assert shell("prepare").stdout.count("already there, mode 0700\n") == 2


def test_prepare_says_which_setting_is_wrong(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = shell("prepare", PROMO_REPORTS_DOWNLOAD_DIR=str(tmp_path / "file"))
    assert result.exit_code == 1
    assert f"error: PROMO_REPORTS_DOWNLOAD_DIR: {tmp_path}/file cannot be made: File exists" in result.stderr


def test_schema_is_printed(shell: Shell) -> None:
    schemas = json_schemas()
    assert shell("schema").stdout == schemas["definition.schema.json"]
    assert shell("schema", "report_type").stdout == schemas["report_type.schema.json"]
    json.loads(shell("schema").stdout)


def test_schemas_are_written(shell: Shell, tmp_path: Path) -> None:
    result = shell("schema", "--to", tmp_path / "schemas")
    assert result.exit_code == 0
    assert {path.name: path.read_text() for path in (tmp_path / "schemas").iterdir()} == json_schemas()
    assert result.stdout.splitlines() == [str(tmp_path / "schemas" / name) for name in json_schemas()]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reports"], "there is no schema 'reports'. Allowed: definition, report_type."),
        (["--to", "file"], "file cannot be written: File exists"),
    ],
)
def test_schema_mistakes(shell: Shell, tmp_path: Path, words: list[str], message: str) -> None:
    (tmp_path / "file").write_text("in the way")
    result = shell("schema", *[str(tmp_path / "file") if word == "file" else word for word in words])
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
