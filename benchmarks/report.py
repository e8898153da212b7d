"""docs/benchmarks.md from the figures that were kept: a section for each part that was measured, and a plot.

    python -m benchmarks.report

Sections of parts that were not measured here stay as they are, with the day on which they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.exports.one_core import MEASURED
from benchmarks.exports.shape_tables import SHAPES
from benchmarks.figures import Figure, Results, between, kept, number

DOCS = Path(__file__).resolve().parent.parent / "docs"
PARTS = (
    "export_path_1m",
    "export_path_5m",
    "export_path_20m",
    *(f"shapes_{name}" for name in SHAPES),
    *(f"one_core_{name}" for name in MEASURED),
    "read_delivered_1m",
    "read_delivered_5m",
    "copy_drivers",
    "parallel_ranges",
    "generic_path",
    "upload",
    "upload_memory",
    "store_in_bucket",
    "definitions",
    "small_export",
    "growth_rows",
    "growth_columns",
    "growth_definitions",
    "growth_history",
)
"""In the order of the page."""
BARS = (
    ("COPY to /dev/null, the limit", "COPY > /dev/null"),
    ("extract: copy, split, deflate, write", "extract"),
    ("whole export to disk", "whole export, to disk"),
    ("whole export to S3", "whole export, to S3"),
    ("psql | gzip -1, nothing split or checked", "psql | gzip -1"),
    ("psql | zip -6, nothing split or checked", "psql | zip -6"),
    ("SqlToS3Operator", "SqlToS3Operator"),
)
PLOTTED = "export_path_5m"
MARKER = "<!-- figures -->"
_SECTION = re.compile(r"^<!-- part: (\w+) -->\n", re.MULTILINE)
_DAY = re.compile(r"^- (\d+ \w+ \d+): (.*)$", re.MULTILINE)


def section(results: Results) -> str:
    """The tables of one part, one for each subject, with the day on which they were measured."""
    return "".join(_tables(results))


def _tables(results: Results) -> Iterator[str]:
    for subject in dict.fromkeys(figure.subject for figure in results.figures):
        yield f"## {subject}\n\nMeasured on {results.day}.\n\n"
        yield "| | measured | | lowest to highest | goal | |\n|---|--:|---|--:|--:|---|\n"
        for figure in results.figures:
            if figure.subject == subject:
                goal = "" if figure.goal is None else f"{'≥' if figure.at_least else '≤'} {figure.goal:,g}"
                verdict = "" if figure.goal is None else "reached" if figure.reached else "**missed**"
                told = ", ".join(each for each in (verdict, figure.note) if each)
                name = figure.name.replace("|", "\\|")
                measured = f"{number(figure.measured)} | {figure.unit} | {between(figure.spread)}"
                yield f"| {name} | {measured} | {goal} | {told} |\n"
        yield "\n"


def plot(figures: list[Figure], path: Path) -> None:
    """Draw bars of the export path beside its limit."""
    by_name = {figure.name: figure.measured for figure in figures}
    bars = [(label, 1.0 if label.startswith("COPY") else by_name[name]) for name, label in BARS if name in by_name]
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    drawn, axes = pyplot.subplots(figsize=(8, 2.8), layout="constrained")
    shown = axes.barh([label for label, _ in bars], [value for _, value in bars], color="#3b6fb6")
    axes.bar_label(shown, fmt="%.2f x", padding=3)
    axes.set_xlim(0, max(value for _, value in bars) * 1.12)
    axes.invert_yaxis()
    axes.set_title("Time for 5,000,000 rows, as a multiple of what PostgreSQL needs to send them", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    drawn.savefig(path, dpi=110, metadata={"Software": ""})


def write(measured: Mapping[str, Results], path: Path) -> None:
    """Put the sections below the page's own text, in the place of those that were there of the same parts."""
    text, _, before = path.read_text().partition(MARKER)
    head, *found = _SECTION.split(before)
    sections = dict(zip(found[::2], found[1::2], strict=True))
    sections |= {part: section(results) for part, results in measured.items()}
    days = dict(_DAY.findall(head)) | {results.day: results.machine for results in measured.values()}
    page = [f"{text}{MARKER}\n\n"]
    page += [f"- {day}: {on}\n" for day, on in days.items() if any(f"on {day}." in each for each in sections.values())]
    page.append("\n![Export path, 5,000,000 rows](benchmarks.png)\n\n")
    page += [f"<!-- part: {part} -->\n{sections[part]}" for part in PARTS if part in sections]
    path.write_text("".join(page).rstrip("\n") + "\n")


def main() -> None:
    """Print the figures, and write the page."""
    measured = {part: results for part in PARTS if (results := kept(part))}
    if PLOTTED in measured:
        plot(measured[PLOTTED].figures, DOCS / "benchmarks.png")
    write(measured, DOCS / "benchmarks.md")
    figures = [figure for results in measured.values() for figure in results.figures]
    for figure in figures:
        print(figure.line())
    goals = sum(figure.goal is not None for figure in figures)
    print(f"\n{len(figures)} figures, {goals} with a goal, {sum(not figure.reached for figure in figures)} missed")
    if left := [part for part in PARTS if part not in measured]:
        print(f"docs/benchmarks.md keeps its older figures of what was not measured here: {', '.join(left)}")


if __name__ == "__main__":
    main()
