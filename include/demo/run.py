"""`make demo`: the whole product at work on real data, then yours until Ctrl-C.

python -m include.demo.run [--keep | --no-keep] [--root .data/demo]
python -m include.demo.run --stop        stop a demo that runs in another terminal
python -m include.demo.run --remove      stop it and delete its data
"""

from __future__ import annotations

import argparse
import logging
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

from devstack.airflow_client import AirflowClientError
from devstack.data_root_lock import AlreadyRunningError, stop_running
from devstack.logins import LOGINS
from devstack.processes import ServerError
from devstack.stack import PROJECT, Stack
from include.demo.export_runs import ExportEnd, ExportRun, ExportRuns
from include.demo.exports import demo_exports


class InterruptedBySignal(BaseException):
    """SIGINT, SIGTERM or SIGHUP: the demo is to stop."""


class Demo:
    """One `make demo`, which says what it does and after how many seconds."""

    def __init__(self, root: Path, *, keep: bool) -> None:
        self._console = Console(highlight=False)
        self._started = time.monotonic()
        self._keep = keep
        self._stack = Stack(root, progress=self.say)

    def say(self, line: str, style: str = "") -> None:
        """Print a line with the seconds since the start."""
        elapsed = time.monotonic() - self._started
        self._print(f"[dim]{elapsed:6.1f} s[/]  {escape(line)}", style=style)

    def run(self) -> int:
        """Start, export, show, wait, stop; the exit status of the command."""
        status = 1
        try:
            self._stack.launch()
            self._stack.wait_promo()
            ends = self._export_everything()
            self._show(ends)
            status = 0 if all(end.succeeded for end in ends) else 1
            self._greet()
            if self._keep:
                self._stay()
        except InterruptedBySignal:
            self.say("Stopping")
        except AlreadyRunningError as error:
            self._print(escape(str(error)), style="red")
            return 1
        except (ServerError, AirflowClientError) as error:
            self.say(f"{error}\nAll logs are in {self._stack.logs}", style="red")
            status = 1
        finally:
            # From here on another Ctrl-C must not leave the stack half stopped.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self._stack.stop()
        self.say("Everything is stopped; the data stays for the next start (make clean deletes it)")
        return status

    def _export_everything(self) -> list[ExportEnd]:
        """Run the first export alone, waiting for the scheduler when it starts, then all others at the same time."""
        first, *others = demo_exports()
        with self._stack.airflow.api() as api:
            runs = ExportRuns(api, self._stack.s3.client(), logs=self._stack.airflow.setup.home / "logs")
            triggered = [runs.trigger(first)]
            self._stack.wait_ready()
            ends = self._follow(runs, triggered)
            return ends + self._follow(runs, [runs.trigger(export) for export in others])

    def _follow(self, runs: ExportRuns, triggered: list[ExportRun]) -> list[ExportEnd]:
        ends = []
        for end in runs.ends(triggered, meanwhile=self._stack.check):
            ends.append(end)
            self._say_end(end)
        return ends

    def _say_end(self, end: ExportEnd) -> None:
        name = f"{_report_type(end)}, {end.run.export.conf['name']}"
        if end.succeeded:
            self.say(f"Created: {name}: {end.deliveries[0].rows:,} rows in {end.seconds:.1f} s", style="green")
        else:
            self.say(f"Creation failed: {name}: {end.failure}", style="red")

    def _show(self, ends: list[ExportEnd]) -> None:
        """Print each export with whole, copyable addresses: no table, whose cells would break them."""
        for end in sorted(ends, key=lambda end: end.run.triggered_at):
            facts = [f"[red]{end.state}[/]", f"{end.seconds:.1f} s"]
            if end.deliveries:
                rows, size = end.deliveries[0].rows, end.deliveries[0].bytes
                facts = [f"{rows:,} rows", _size(size), f"{end.seconds:.1f} s"]
            name = escape(str(end.run.export.conf["name"]))
            self._print(f"\n[bold]{escape(_report_type(end))}[/]  {name}  [dim]({', '.join(facts)})[/]")
            for delivery in end.deliveries:
                for address in delivery.files:
                    self._print(f"    file      {escape(_short(address))}")
                self._print(f"    manifest  {escape(_short(delivery.manifest))}")
            if not end.succeeded:
                self._print(f"    [red]{escape(end.failure)}[/]")

    def _greet(self) -> None:
        stack = self._stack
        logins = "   ".join(f"{user} / {login.password}" for user, login in LOGINS.items())
        self._print(
            f"\n  Airflow                        [bold]{stack.airflow.url}[/]\n"
            f"  Logins, for this machine only  {logins}\n"
            f"  S3 endpoint                    {stack.s3.endpoint_url}  (any key)\n"
            f"  Promo database, read-only      {escape(stack.promo.reader_url)}\n"
            f"  Logs and data                  {escape(str(stack.root))}\n"
        )

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(text, style=style, soft_wrap=True)

    def _stay(self) -> None:
        self.say("Ctrl-C stops everything")
        while True:
            self._stack.restart_ended()
            time.sleep(1.0)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.demo.run", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--root", type=Path, default=PROJECT / ".data" / "demo", help="where all of its data lies")
    parser.add_argument("--keep", action=argparse.BooleanOptionalAction, default=True, help="stay up until Ctrl-C")
    parser.add_argument("--stop", action="store_true", help="stop a demo that runs in another terminal")
    parser.add_argument("--remove", action="store_true", help="stop it and delete its data")
    options = parser.parse_args(arguments)
    root = options.root.absolute()
    if options.stop or options.remove:
        return _stop(root, remove=options.remove)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    return Demo(root, keep=options.keep).run()


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise InterruptedBySignal


def _stop(root: Path, *, remove: bool) -> int:
    try:
        pid = stop_running(root)
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Stopped the demo of process {pid}." if pid else f"No demo runs on {root}.")
    if remove and root.exists():
        Stack(root).destroy()
        shutil.rmtree(root)
        print(f"Deleted {root}.")
    return 0


def _report_type(end: ExportEnd) -> str:
    return end.run.export.dag_id.rpartition(".")[2]


def _short(address: str) -> str:
    path = address.removeprefix("file://")
    return str(Path(path).relative_to(PROJECT)) if Path(path).is_relative_to(PROJECT) else path


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


if __name__ == "__main__":
    sys.exit(main())
