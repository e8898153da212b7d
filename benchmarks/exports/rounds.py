"""Alternating rounds: everything that is compared takes its turn in each, and ratios are taken within a round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterator, Mapping

from benchmarks.exports.export_commands import Measured
from benchmarks.figures import Figure, number

COPY = "COPY to /dev/null"
"""The kind that begins each round, and that the others are compared to."""


class Rounds:
    """What each kind of run gave in each round; those in `once` are run in the first one only."""

    def __init__(self, subject: str, kinds: Mapping[str, Callable[[], Measured]], once: Collection[str] = ()) -> None:
        self.subject, self.kinds, self._once = subject, kinds, once
        self._all: list[dict[str, Measured]] = []

    def run(self, rounds: int) -> None:
        """Measure, and tell each run as it ends."""
        for round_number in range(1, rounds + 1):
            self._all.append({})
            for kind, measure in self.kinds.items():
                if round_number == 1 or kind not in self._once:
                    measured = self._all[-1][kind] = measure()
                    told = ", ".join(f"{name} {number(value)}" for name, value in measured.items())
                    print(f"  {self.subject}, round {round_number}: {kind:18} {told}", flush=True)

    def values(self, kind: str, figure: str = "seconds") -> list[float]:
        """A figure of each round that has the kind, in its own unit."""
        return [each[kind][figure] for each in self._all if kind in each]

    def ratios(self, kind: str, figure: str = "seconds", to: str = COPY, to_figure: str = "seconds") -> list[float]:
        """The ratio to another kind's figure in each round that has both; the other's seconds where none is named."""
        both = (each for each in self._all if kind in each and to in each)
        return [each[kind][figure] / each[to][to_figure] for each in both]

    def median(self, kind: str, figure: str = "seconds") -> float:
        """The median of a figure over the rounds."""
        return statistics.median(self.values(kind, figure))

    def figure(
        self,
        name: str,
        values: list[float],
        unit: str,
        goal: float | None = None,
        *,
        at_least: bool = False,
        note: str = "",
    ) -> Iterator[Figure]:
        """The line of the median with its spread; none where no round has such a run."""
        if values:
            several = len(values) == 1 < len(self._all)
            told = ", ".join(each for each in (note, "one run" if several else "") if each)
            spread = (min(values), max(values)) if len(values) > 1 else ()
            yield Figure(self.subject, name, statistics.median(values), unit, goal, at_least, told, spread)
