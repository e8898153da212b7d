"""docs/benchmarks.md from the figures that were kept: a table for each subject, a plot, the machine and the versions.

    python -m benchmarks.report

The page is written when every part has been measured here; before, the figures are printed alone.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Figure, kept, number

DOCS = Path(__file__).resolve().parent.parent / "docs"
PARTS = (
    "export_path",
    "copy_drivers",
    "parallel_ranges",
    "generic_path",
    "definitions",
    "small_export",
    "growth_rows",
    "growth_columns",
    "growth_definitions",
    "growth_history",
)
LIBRARIES = (
    "apache-airflow",
    "psycopg2-binary",
    "psycopg",
    "isal",
    "zlib-ng",
    "numpy",
    "pyarrow",
    "pandas",
    "mysql-connector-python",
)
BARS = (
    ("COPY to /dev/null, the limit", "COPY > /dev/null"),
    ("extract: copy, split, deflate, write", "extract"),
    ("whole export to disk", "whole export, to disk"),
    ("whole export to S3", "whole export, to S3"),
    ("psql | zip -6, nothing split or checked", "psql | zip"),
    ("SqlToS3Operator", "SqlToS3Operator"),
)
PLOTTED = "5,000,000 rows"


def machine() -> str:
    """What it was measured on."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    gigabytes = f"{int(memory[1]) / (1 << 20):.0f} GiB" if memory else "unknown memory"
    name = processor[1] if processor else platform.machine()
    return f"{os.cpu_count()} cores ({name}), {gigabytes}, {platform.system()} {platform.release()}"


def versions() -> str:
    """Of everything that has a part in the figures."""
    found = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"Python {platform.python_version()}, {found}"


def tables(figures: list[Figure]) -> Iterator[str]:
    """A table for each subject, in the order in which they come."""
    for subject in dict.fromkeys(figure.subject for figure in figures):
        yield f"\n## {subject}\n\n| | measured | | goal | |\n|---|--:|---|--:|---|\n"
        for figure in figures:
            if figure.subject == subject:
                goal = "" if figure.goal is None else f"{'≥' if figure.at_least else '≤'} {figure.goal:,g}"
                verdict = "" if figure.goal is None else "reached" if figure.reached else "**missed**"
                told = ", ".join(each for each in (verdict, figure.note) if each)
                name = figure.name.replace("|", "\\|")
                yield f"| {name} | {number(figure.measured)} | {figure.unit} | {goal} | {told} |\n"


def plot(figures: list[Figure], path: Path) -> bool:
    """Bars of the export path beside its limit; whether there was anything to draw."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    by_name = {figure.name: figure.measured for figure in figures}
    bars = [(label, 1.0 if label.startswith("COPY") else by_name[f"{name}, {PLOTTED}"])
            for name, label in BARS if f"{name}, {PLOTTED}" in by_name]  # fmt: skip
    if not bars:
        return False
    drawn, axes = pyplot.subplots(figsize=(8, 2.8), layout="constrained")
    shown = axes.barh([label for label, _ in bars], [value for _, value in bars], color="#3b6fb6")
    axes.bar_label(shown, fmt="%.2f x", padding=3)
    axes.set_xlim(0, max(value for _, value in bars) * 1.12)
    axes.invert_yaxis()
    axes.set_title(f"Time for {PLOTTED}, as a multiple of what PostgreSQL needs to send them", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    drawn.savefig(path, dpi=110, metadata={"Software": ""})
    return True


def write(figures: list[Figure]) -> None:
    """Put the figures below the page's own text, in the place of those that were there."""
    before, _, _ = (DOCS / "benchmarks.md").read_text().partition("<!-- figures -->")
    page = [before, "<!-- figures -->\n\n", f"Measured on {date.today():%d %B %Y}, {machine()}. {versions()}.\n"]  # noqa: DTZ011
    if plot(figures, DOCS / "benchmarks.png"):
        page.append("\n![Export path, 5,000,000 rows](benchmarks.png)\n")
    page.extend(tables(figures))
    (DOCS / "benchmarks.md").write_text("".join(page))


def main() -> None:
    """Print the figures, and write the page."""
    figures = [figure for part in PARTS for figure in kept(part)]
    missing = [part for part in PARTS if not kept(part)]
    if not missing:
        write(figures)
    for figure in figures:
        print(figure.line())
    goals = sum(figure.goal is not None for figure in figures)
    print(f"\n{len(figures)} figures, {goals} with a goal, {sum(not figure.reached for figure in figures)} missed")
    if missing:
        print(f"docs/benchmarks.md is left as it was: not measured here yet are {', '.join(missing)}")


if __name__ == "__main__":
    main()
