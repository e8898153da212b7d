"""What ten thousand report definitions cost on this machine: parsing, waiting, noticing, starting, scheduling, memory.

    .venv/bin/python -m benchmarks.airflow.definitions [--definitions 10000]

It starts PostgreSQL, an S3 server and Airflow on a project of its own, whose definitions grow in steps, and removes
everything again; some 15 minutes. CPU is user and system time of a component's whole process tree, parsers that have
ended included: for the dag-processor that is the parsers, the manager that forks them and its side of the metadata
database; not PostgreSQL. Memory is the tree's PSS. Figures are kept at the default number only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.airflow.many_definitions import PROJECT, ManyDefinitions
from benchmarks.airflow.process_tree import cpu_seconds, memory_mb
from benchmarks.figures import Figure, keep
from promo_reports.domain.dates.timezones import load_timezone

if TYPE_CHECKING:
    from benchmarks.airflow.parsed_dags import ParsedDags
    from devstack.stack import Stack

DEFINITIONS, FEW, DUE = 10_000, 10, 500
SUBJECT, GROWTH = "Ten thousand definitions", "Growth by definitions"
ZONE = load_timezone("America/New_York")
STEADY_SECONDS, SETTLING_SECONDS = 60, 20
NEW, CHANGED, REMOVED = 9, 5, 3


class Measured:
    """A running Airflow with definitions, and the figures of it so far."""

    def __init__(
        self, stack: Stack, many: ManyDefinitions, few: ManyDefinitions, dags: ParsedDags, definitions: int
    ) -> None:
        self.stack, self.many, self.few, self.dags, self.definitions = stack, many, few, dags, definitions
        self.figures: list[Figure] = []
        self.growth: list[Figure] = []

    def grow(self) -> None:
        """Register more and more definitions; what each one costs, and what then is paid for nothing."""
        for count in [*(size for size in (100, 1_000) if size < self.definitions), self.definitions]:
            present, cpu, begun = self.dags.count(), self.cpu(), time.perf_counter()
            self.many.fill(count)
            seconds_until(lambda count=count: self.dags.count() >= count, every=0.5)  # type: ignore[misc]
            parse = (self.cpu() - cpu) / (count - present) * 1000
            took = time.perf_counter() - begun
            time.sleep(SETTLING_SECONDS)
            inside = self.inside()
            self.grown(count, parse, inside)
        self.told("CPU of the dag-processor for the first parse of a definition", parse, "ms", goal=80.0)
        self.told("first parse of all, with two parsers at a time", took, "s")
        self.told("start of a task until it has its DAG, CPU", inside["start"], "ms")
        ratio = inside["start"] / inside["start_in_other"]
        self.told(f"the same, to that with {FEW} definitions", ratio, "times", goal=1.1)

    def grown(self, count: int, parse: float, inside: dict[str, float]) -> None:
        """The figures of one step."""
        memory = memory_mb(self.stack.pids["dag-processor"])
        for name, value, unit in (
            ("CPU of a refresh that finds nothing changed", inside["unchanged_refresh"] / 1000, "s"),
            ("CPU of the first refresh", inside["first_refresh"] / 1000, "s"),
            ("CPU of the first parse of a definition", parse, "ms"),
            ("memory of the dag-processor", memory, "MB"),
        ):
            self.growth.append(Figure(GROWTH, f"{count:,} definitions: {name}", value, unit))
            print(self.growth[-1].line(), flush=True)

    def rest(self) -> None:
        """Nothing changes."""
        cpu = self.cpu()
        time.sleep(STEADY_SECONDS)
        share = (self.cpu() - cpu) / STEADY_SECONDS * 100
        self.told("dag-processor while nothing changes", share, "% of a core", goal=5.0)

    def change(self) -> None:
        """Register, edit and remove single definitions at times that have nothing to do with refreshes."""
        chance = random.Random(1)  # noqa: S311 - moments, not secrets
        new, changed, removed = [], [], []
        for number in range(NEW):
            time.sleep(chance.uniform(5, 10))
            self.many.write(f"new_{number}")
            new.append(seconds_until(lambda number=number: self.dags.is_scheduled(f"new_{number}")))  # type: ignore[misc]
        for number in range(CHANGED):
            time.sleep(chance.uniform(5, 10))
            name = f"Changed {number}"
            self.many.write(f"new_{number}", name=name)
            changed.append(seconds_until(lambda number=number, name=name: self.dags.is_named(f"new_{number}", name)))  # type: ignore[misc]
        for number in range(REMOVED):
            time.sleep(chance.uniform(5, 10))
            self.many.remove(f"new_{number}")
            removed.append(seconds_until(lambda number=number: self.dags.is_stale(f"new_{number}")))  # type: ignore[misc]
        self.told("new definition until its DAG is scheduled, median", statistics.median(new), "s", goal=5.0)
        self.told("the same, longest", max(new), "s")
        self.told("changed definition until it is parsed, median", statistics.median(changed), "s")
        self.told("removed definition until its DAG is stale, median", statistics.median(removed), "s")

    def schedule(self) -> None:
        """Start the scheduler, and have many reports due in the same minute."""
        due = datetime.now(ZONE).replace(second=0, microsecond=0, tzinfo=None) + timedelta(minutes=5)
        for number in range(DUE):
            self.many.write(f"due_{number:03}", first_due=due)
        count = self.definitions + NEW - REMOVED + DUE
        took = seconds_until(lambda: self.dags.count() >= count, every=0.5)
        self.told(f"{DUE} definitions at once until all are scheduled", took, "s")
        self.stack.airflow.launch_scheduler()
        self.stack.airflow.wait_ready()
        scheduler = self.stack.pids["scheduler"]
        time.sleep(SETTLING_SECONDS)
        cpu, begun = cpu_seconds(scheduler), time.perf_counter()
        time.sleep(30)
        share = (cpu_seconds(scheduler) - cpu) / (time.perf_counter() - begun) * 100
        self.told("scheduler while nothing is due", share, "% of a core")
        time.sleep(max(0.0, due.replace(tzinfo=ZONE).timestamp() - time.time()))
        cpu = cpu_seconds(scheduler)
        made = seconds_until(lambda: self.dags.runs("due_", "queued", "running", "success", "failed") >= DUE)
        running = made + seconds_until(lambda: self.dags.runs("due_", "running", "success", "failed") >= DUE)
        tasks = running + seconds_until(lambda: self.dags.scheduled_tasks("due_") >= DUE)
        self.told(f"{DUE} reports due in one minute until all have a run", made, "s")
        self.told("the same, until all runs have begun", running, "s")
        self.told("the same, until all extracts wait for a slot", tasks, "s")
        self.told("the same, CPU of the scheduler and its two tasks", cpu_seconds(scheduler) - cpu, "s")
        self.told("memory of the scheduler, with its two tasks", memory_mb(scheduler), "MB")

    def remember(self) -> None:
        """What the other components hold, once each has worked with all the definitions."""
        with self.stack.airflow.api() as api:
            for offset in range(0, 1_000, 100):
                api.call("GET", "/dags", params={"limit": 100, "offset": offset})
        for name in ("api-server", "dag-processor"):
            self.told(f"memory of the {name}", memory_mb(self.stack.pids[name]), "MB")

    def cpu(self) -> float:
        """CPU seconds of the dag-processor so far."""
        return cpu_seconds(self.stack.pids["dag-processor"])

    def inside(self) -> dict[str, float]:
        """See `inside_airflow`."""
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.airflow.inside_airflow", "numbered_00000", str(self.few.home)],
            cwd=PROJECT,
            env={**self.stack.airflow.environment, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'plugins'}"},
            stdout=subprocess.PIPE,
            check=True,
        )
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found

    def told(self, name: str, value: float, unit: str, *, goal: float | None = None) -> None:
        """Take a figure down, and show it."""
        self.figures.append(Figure(SUBJECT, name, value, unit, goal))
        print(self.figures[-1].line(), flush=True)


@contextmanager
def measured(definitions: int) -> Iterator[Measured]:
    """All of the product but the scheduler, on a project without definitions."""
    import psycopg2

    from benchmarks.airflow.parsed_dags import ParsedDags
    from devstack.airflow import REPORT_BUNDLE
    from devstack.stack import Stack

    with tempfile.TemporaryDirectory(prefix="promo-reports-definitions-") as place:
        root = Path(place)
        many, few = ManyDefinitions(root / "project"), ManyDefinitions(root / "few")
        for project in (many, few):
            project.prepare()
        few.fill(FEW)
        stack = Stack(
            root / "stack",
            bundles=(REPORT_BUNDLE,),
            settings={"PROMO_REPORTS_HOME": str(many.home)},
            load_promo=False,
            durable=False,
            any_port=True,
            parallelism=2,
        )
        stack.launch()
        try:
            schema = (PROJECT / "include" / "demo" / "schema.sql").read_text()
            with closing(psycopg2.connect(stack.promo.owner_url)) as promo, promo, promo.cursor() as cursor:
                cursor.execute(schema)
            stack.wait_promo()
            with closing(psycopg2.connect(stack.airflow.setup.metadata_url)) as database:
                yield Measured(stack, many, few, ParsedDags(database), definitions)
        finally:
            stack.destroy()


def main() -> None:
    """Measure, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--definitions", type=int, default=DEFINITIONS)
    definitions = parser.parse_args().definitions
    with measured(definitions) as airflow:
        airflow.grow()
        airflow.rest()
        airflow.change()
        airflow.remember()
        airflow.schedule()
    if definitions == DEFINITIONS:
        keep("definitions", airflow.figures)
        keep("growth_definitions", airflow.growth)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.path.append(str(PROJECT / "plugins"))
    from benchmarks.airflow.parsed_dags import seconds_until

    main()
