"""The commands of docs/deploy.md that make roles of the FAB auth manager, for tests that log in with them."""

from __future__ import annotations

import re
import shlex

from devstack.stack import PROJECT


def documented_roles(heading: str) -> list[list[str]]:
    """Return the arguments of each `airflow roles` command below a heading, up to the next one."""
    text = (PROJECT / "docs" / "deploy.md").read_text()
    section = text.partition(f"\n### {heading}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    found = re.search(r"```sh\n(.+?)```", section, re.DOTALL)
    assert found, f"no commands below {heading}"
    lines = found[1].replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("airflow roles ")]
