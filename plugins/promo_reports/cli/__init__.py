"""The command `promo-reports`, for engineers without a running Airflow (docs/cli.md).

Exit status: 0 done, 1 a mistake that somebody must correct, 2 a fault that may pass. Results go to standard output,
everything else to standard error. Each command imports what it needs when it runs, so that `--help` is there at once.
"""

from __future__ import annotations


def main() -> None:
    """The entry point of the installed command."""
    from promo_reports.cli.app import app
    from promo_reports.cli.interruption import end_on_sigterm

    end_on_sigterm()
    app(prog_name="promo-reports")
