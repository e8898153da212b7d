"""A project with as many report definitions as a benchmark wants, beside the product's report types and SQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FIXED = ("report_types", "include/sql", "include/account.yaml")

_TEXT = """\
id: {id}
name: {name}
report_type: wallet_transactions
owner: growth@example.com
filters:
  wallet: grocery-rewards
  transaction_type: [credit, expired]
frequency: {{interval: daily, delivery_time: "{at:%H:%M}"}}
starts_on: "{at:%Y-%m-%d}"
delivery:
  - partner_export: {{partner: amazon_s3, bucket: bi-exports, prefix: wallets}}
"""
_NEVER = datetime(2099, 1, 1, 6)  # noqa: DTZ001 - local to the account, as definitions are


@dataclass(frozen=True)
class ManyDefinitions:
    """The project at `home`; definitions are numbered from 0."""

    home: Path

    def prepare(self) -> None:
        """Make it, without definitions."""
        for name in FIXED:
            copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
            (self.home / name).parent.mkdir(parents=True, exist_ok=True)
            copy(PROJECT / name, self.home / name)
        self.reports.mkdir()

    @property
    def reports(self) -> Path:
        """Where the definitions lie."""
        return self.home / "reports"

    def write(self, report_id: str, *, name: str = "Daily credits", first_due: datetime = _NEVER) -> None:
        """Register or change one daily report; `first_due` is local to the account, by default never."""
        (self.reports / f"{report_id}.yaml").write_text(_TEXT.format(id=report_id, name=name, at=first_due))

    def fill(self, count: int) -> None:
        """Register what is missing of `count` definitions, none of them due."""
        present = sum(1 for _ in self._numbered())
        for number in range(present, count):
            self.write(f"numbered_{number:05}", name=f"Daily credits {number:05}")

    def remove(self, report_id: str) -> None:
        """Take one out."""
        (self.reports / f"{report_id}.yaml").unlink()

    def _numbered(self) -> Iterator[Path]:
        return self.reports.glob("numbered_*.yaml")
