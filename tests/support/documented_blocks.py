"""Blocks of shell commands of a documentation page, as a reader would run them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```sh\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = "not run"
STAYS_RUNNING = "stays running"


class Block(NamedTuple):
    """Commands, and the comment right before them: empty, or how they differ from those that just run and end."""

    note: str
    commands: str


def blocks(page: Path, heading: str) -> list[Block]:
    """Return the blocks of the section with this heading (`## ...`), in their order."""
    sections = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = (each for each in sections if each.partition("\n")[0] == heading)
    return [Block(found["note"] or "", found["commands"]) for found in BLOCK.finditer(section)]


@dataclass
class Terminal:
    """A shell that runs blocks one after another: each has the directory and the variables that the last one left."""

    environment: dict[str, str]
    directory: Path
    replaced: Mapping[str, str] = field(default_factory=dict)
    """What a reader puts into the place of the page's examples, such as an address."""

    def text(self, block: Block) -> str:
        """Return the commands with the reader's own values."""
        commands = block.commands
        for example, own in self.replaced.items():
            commands = commands.replace(example, own)
        return commands

    def run(self, block: Block) -> str:
        """Run a block to its end, and return what it printed; fail if a command of it does."""
        read_end, write_end = os.pipe()
        script = f"{self.text(block)}\nenv -0 >&{write_end}\n"
        with os.fdopen(read_end, "rb") as left:
            with subprocess.Popen(
                ("bash", "-euo", "pipefail", "-c", script),
                env=self.environment,
                cwd=self.directory,
                pass_fds=[write_end],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process:
                os.close(write_end)
                printed, _ = process.communicate()
            assert process.returncode == 0, f"{block.commands}\n{printed}"
            variables = left.read().decode().split("\0")
        self.environment = dict(each.split("=", 1) for each in variables if each)
        self.directory = Path(self.environment["PWD"])
        return printed
