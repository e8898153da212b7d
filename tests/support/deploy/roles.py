"""The commands of docs/deploy.md that make roles of the FAB auth manager, for tests that log in with them."""

from __future__ import annotations

import shlex

from tests.support.deploy.documented import commands


def documented_roles(heading: str) -> list[list[str]]:
    """Return the arguments of each `airflow roles` command below a heading, up to the next one."""
    lines = "".join(commands("deploy.md", heading)[:1]).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("airflow roles ")]
