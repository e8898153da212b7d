"""The command `promo-reports`, for engineers without a running Airflow (docs/cli.md).

Exit status: 0 success, 1 an error to correct, 2 a temporary fault. Results go to standard output, everything else to
standard error. Each command imports what it needs when it runs, so that `--help` is fast.
"""

from __future__ import annotations


def main() -> None:
    """Run the command; the entry point of the installed script."""
    from promo_reports.cli.app import app
    from promo_reports.cli.interruption import end_on_sigterm

    end_on_sigterm()
    app(prog_name="promo-reports")
