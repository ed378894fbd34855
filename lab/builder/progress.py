"""What a person sees while things are built: one line an item, and how long the rest will take."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO


def duration(seconds: float) -> str:
    """Return a time as 5m31s, 31s or 0.4s."""
    if seconds < 1:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def rough(seconds: float) -> str:
    """Return a time that is a guess: whole minutes, or the word for less than one."""
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes else "less than a minute"


def left(expected: Sequence[float], took: Sequence[float]) -> float:
    """Return how many seconds the rest will take.

    `expected` is what every item takes on the machine of builds.yaml, `took` what the first ones took here: the rest
    is as much slower or faster as they were. Items of which some were in Go's cache say little, so the guess changes
    by no more than a factor of four either way.
    """
    done = len(took)
    ahead = sum(expected[done:])
    planned = sum(expected[:done])
    if planned <= 0:
        return ahead
    return ahead * min(4.0, max(0.25, sum(took) / planned))


@dataclass
class Progress:
    """Prints the lines. `expected` holds the seconds of each item that is to be built."""

    expected: Sequence[float]
    out: TextIO = field(default_factory=lambda: sys.stdout)
    took: list[float] = field(default_factory=list)

    def begin(self, label: str) -> None:
        """Say what is being built now."""
        width = len(str(len(self.expected)))
        print(f"[{len(self.took) + 1:{width}}/{len(self.expected)}] {label} … ", end="", file=self.out, flush=True)

    def end(self, seconds: float, built: bool = True) -> None:
        """Say how long it took and how long the rest will."""
        self.took.append(seconds)
        note = f" ({rough(left(self.expected, self.took))} left)" if len(self.took) < len(self.expected) else ""
        print(f"built in {duration(seconds)}{note}" if built else "up to date", file=self.out, flush=True)

    def fail(self) -> None:
        """End the line of an item that could not be built."""
        print("failed", file=self.out, flush=True)
