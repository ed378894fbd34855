"""Durations and sizes to a curve, and the curve to a verdict."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab.benchmark.figures import Target
from tests.benchmark.stopwatch import Measured

#: A preview may take this many times as long as that of as many plain commands.
RATIO = 1.2
RESOURCES_A_WORKER = 2
CHECKS_SECONDS = 1.0
#: A node of the largest stack may cost this many times what it costs in the one before: linear, with room for noise.
GROWTH = 1.5
PYTHON = "pulumi-language-python-exec"
ENGINE = "pulumi"


@dataclass(frozen=True)
class Point:
    """Both programs at one size."""

    nodes: int
    resources: int
    """Resources in all, the stack's own included; the same for both."""
    ours: Sequence[Measured]
    bare: Sequence[Measured]

    @property
    def ratio(self) -> float:
        """How many times as long ours takes, by the run of each that was disturbed least."""
        return least(self.ours) / least(self.bare)

    @property
    def median_ratio(self) -> float:
        """The same by medians."""
        return median(self.ours) / median(self.bare)


def least(runs: Sequence[Measured]) -> float:
    """Return the shortest duration."""
    return min(run.seconds for run in runs)


def median(runs: Sequence[Measured]) -> float:
    """Return the median duration."""
    return statistics.median(run.seconds for run in runs)


def processor(runs: Sequence[Measured], program: str | None = None) -> float:
    """Return the least seconds of processor that a run used, of all its programs or of one."""
    return min(sum(s for name, s in run.processor_seconds.items() if program in (None, name)) for run in runs)


def memory(runs: Sequence[Measured], program: str) -> float:
    """Return the most memory that a program held in any run, in MiB."""
    return max(run.memory.get(program, 0.0) for run in runs)


def growth(points: Sequence[Point]) -> list[float]:
    """Return what a node costs between two sizes, in costs of a node between the two before them.

    1 is a straight line. Less than three sizes say nothing.
    """
    costs = [
        (least(after.ours) - least(before.ours)) / (after.nodes - before.nodes) for before, after in pairwise(points)
    ]
    return [after / before for before, after in pairwise(costs) if before > 0]


def table(points: Sequence[Point]) -> str:
    """Return the curve: a line for each size."""
    lines = [
        "                        seconds, least (median)         ratio          processor s       MiB, ours (bare)",
        " nodes  resources       ours            bare       least  median      ours    bare     Python      engine",
    ]
    for point in points:
        lines.append(
            f"{point.nodes:6}  {point.resources:9}  {_seconds(point.ours)}  {_seconds(point.bare)}"
            f"  {point.ratio:8.2f}{point.median_ratio:8.2f}"
            f"  {processor(point.ours):8.1f}{processor(point.bare):8.1f}"
            f"  {_sizes(point, PYTHON)}  {_sizes(point, ENGINE)}"
        )
    return "\n".join(lines) + "\n"


def _seconds(runs: Sequence[Measured]) -> str:
    return f"{least(runs):6.2f} ({median(runs):5.2f})"


def _sizes(point: Point, program: str) -> str:
    return f"{memory(point.ours, program):4.0f} ({memory(point.bare, program):3.0f})"


def targets(points: Sequence[Point], *, worker_resources: int, checks_seconds: float) -> list[Target]:
    """Return what is promised, with the figures of these runs."""
    found = [Target(f"{p.nodes} nodes, in durations of the bare program", p.ratio, RATIO) for p in points]
    if len(points) >= 3:
        found.append(Target("cost of a node in the largest stack, in costs of one before", growth(points)[-1], GROWTH))
    return [
        *found,
        Target("resources a worker", worker_resources, RESOURCES_A_WORKER),
        Target(f"seconds of checks and plan, {points[-1].nodes} nodes", checks_seconds, CHECKS_SECONDS),
    ]
