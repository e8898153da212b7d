"""Errors as printed text and exit status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from typer.core import TyperGroup
from typer.exceptions import TyperException

from promo_reports.errors import InvalidInput, Problem, PromoReportsError, SourceUnavailable, StoreError

MISTAKE, MAY_PASS = 1, 2

COMMAND_LINE = "command line"
_REQUEST = "request"


class Commands(TyperGroup):
    """The group of all commands, which turns their errors into text and exit status."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run one command and end the process."""
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False})
        except PromoReportsError as error:
            status = show(error)
        except TyperException as error:
            status = _say(error.format_message(), f"See {_help_of(error)}")
        raise SystemExit(status if isinstance(status, int) else 0)


def usage_error(option: str, message: str) -> InvalidInput:
    """Return the error for an invalid option or argument."""
    return InvalidInput("The command line", [Problem(COMMAND_LINE, option, message)])


def show(error: PromoReportsError) -> int:
    """Print what happened and what to do on standard error; return the exit status."""
    if isinstance(error, InvalidInput):
        for line in lines_of(error):
            _say(line)
        return MISTAKE
    if not error.retryable:
        return _say(error.reason, error.fix)
    fix = error.fix.removesuffix(SourceUnavailable.AGAIN).strip()
    again = "Then run the command again." if isinstance(error, StoreError) else "This may pass: run the command again."
    _say(error.reason, fix, again)
    return MAY_PASS


def lines_of(error: InvalidInput) -> Iterator[str]:
    """Yield one line for each problem; the place is left out where it is the request itself."""
    for problem in error.problems:
        if problem.where == COMMAND_LINE:
            yield f"{problem.path}: {problem.message}"
        else:
            yield problem.message if problem.where == _REQUEST else str(problem)


def _say(reason: str, *more: str) -> int:
    from rich.text import Text

    from promo_reports.cli.console import notes

    console = notes()
    console.print(Text.assemble(("error: ", "bold red"), reason))
    for line in more:
        if line:
            console.print(f"  {line}")
    return MISTAKE


def _help_of(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context is not None else 'promo-reports'} --help"
