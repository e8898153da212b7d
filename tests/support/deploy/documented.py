"""Commands of the documentation, for tests that run them word for word."""

from __future__ import annotations

import re

from devstack.stack import PROJECT


def commands(page: str, heading: str) -> list[str]:
    """The blocks of shell commands below a heading of docs/<page>, up to the next heading."""
    text = (PROJECT / "docs" / page).read_text()
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/{page} has no heading {heading!r}"
    blocks = re.findall(r"```sh\n(.+?)```", found[1], re.DOTALL)
    assert blocks, f"no commands below {heading!r} of docs/{page}"
    return blocks
