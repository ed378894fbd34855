"""Durations to figures, and figures to a verdict."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.benchmark.timeline import Span, together

#: `up` may take this many times as long as the script written by hand.
RATIO = 1.25
RESOURCES_A_WORKER = 2
DIALS_A_WORKER = 2


@dataclass(frozen=True)
class Run:
    """One timed run."""

    seconds: float
    """From the start of the command to its end."""
    spans: Sequence[Span]
    """What ran when."""
    dials: Mapping[str, int]
    """Connections opened to port 22, by host."""
    resources: Mapping[str, int]
    """Resources of the stack that run something on a host, by host; none for the script."""


@dataclass(frozen=True)
class Target:
    """A figure and what it may be at most."""

    what: str
    value: float
    most: float

    @property
    def holds(self) -> bool:
        """Whether the figure is within its bound."""
        return self.value <= self.most

    def __str__(self) -> str:
        """Return the target as one line."""
        return f"{'holds' if self.holds else 'MISSED':6}  {self.what}: {self.value:.3g}, at most {self.most:.3g}"


def ratio(ups: Sequence[Run], hands: Sequence[Run]) -> float:
    """Return how many times as long as the script `up` takes, by their medians."""
    return median(ups) / median(hands)


def median(runs: Sequence[Run]) -> float:
    """Return the median of runs in seconds."""
    return statistics.median(run.seconds for run in runs)


def summary(name: str, runs: Sequence[Run]) -> str:
    """Return each duration, and their minimum, median and maximum, as one line."""
    seconds = [run.seconds for run in runs]
    every = "  ".join(f"{s:.1f}" for s in seconds)
    return f"{name:8} {every}   min {min(seconds):.1f}  median {median(runs):.1f}  max {max(seconds):.1f} s"


def targets(ups: Sequence[Run], hands: Sequence[Run], workers: Sequence[str]) -> list[Target]:
    """Return what is promised, with the figures of these runs; counts are the worst worker's of any run."""
    return [
        Target("duration of up, in durations of the script", ratio(ups, hands), RATIO),
        Target("resources a worker", max(run.resources.get(w, 0) for run in ups for w in workers), RESOURCES_A_WORKER),
        Target("dials a worker", max(run.dials.get(w, 0) for run in ups for w in workers), DIALS_A_WORKER),
    ]


def phases(ups: Sequence[Run], hands: Sequence[Run]) -> str:
    """Return a table of the phases of both: median begin, end and duration in seconds."""
    sides = [_medians(runs) for runs in (ups, hands)]
    names = sorted({*sides[0], *sides[1]}, key=lambda name: min(side[name][0] for side in sides if name in side))
    width = max(len(name) for name in names)
    lines = [f"{'':{width}}  {'up':^22}  {'by hand':^22}", f"{'phase':{width}} " + "   begin     end    took " * 2]
    for name in names:
        cells = ["".join(f"{v:8.1f}" for v in side[name]) if name in side else f"{'-':>24}" for side in sides]
        lines.append(f"{name:{width}} " + " ".join(cells))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _medians(runs: Sequence[Run]) -> dict[str, tuple[float, float, float]]:
    """Return median begin, end and duration of each phase that is in every run."""
    wholes = [together(run.spans) for run in runs]
    shared = [name for name in wholes[0] if all(name in whole for whole in wholes)]
    return {
        name: (
            statistics.median(whole[name].begin for whole in wholes),
            statistics.median(whole[name].end for whole in wholes),
            statistics.median(whole[name].end - whole[name].begin for whole in wholes),
        )
        for name in shared
    }
