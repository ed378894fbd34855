"""What a judgement is made of. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum


class State(Enum):
    """How one part of the cluster is."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


class Verdict(IntEnum):
    """The exit status."""

    AVAILABLE = 0
    """Highly available: every part can take a loss, and everything the stack names is there."""
    DEGRADED = 1
    """It works, and something is missing."""
    DOWN = 2
    """The API or the quorum is down, or nothing can be said."""


@dataclass(frozen=True)
class Check:
    """One part of the cluster: a row of the table."""

    name: str
    detail: str
    faults: tuple[str, ...] = ()
    """What is wrong, a sentence each without its full stop."""
    ready: int | None = None
    wanted: int | None = None
    losses: int | None = None
    """How many more it can lose; below zero it is already too few. None where that is not counted."""
    fatal: bool = False
    """With a fault here the API is down, or nothing can be said."""

    @property
    def state(self) -> State:
        """Return how it is."""
        if not self.faults:
            return State.OK
        return State.DOWN if self.fatal else State.DEGRADED


@dataclass(frozen=True)
class Judgement:
    """The whole cluster."""

    checks: tuple[Check, ...]
    control_planes: int | None
    """How many control planes can be lost now; None when that is not known."""
    balancers: int | None
    dns: int | None

    @property
    def verdict(self) -> Verdict:
        """Return the exit status."""
        states = {check.state for check in self.checks}
        if State.DOWN in states:
            return Verdict.DOWN
        return Verdict.DEGRADED if State.DEGRADED in states else Verdict.AVAILABLE

    @property
    def faults(self) -> list[str]:
        """Return all that is wrong, the worst first."""
        worst_first = sorted(self.checks, key=lambda check: check.state is not State.DOWN)
        return [fault for check in worst_first for fault in check.faults]


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str], most: int = 6) -> str:
    """Return words with commas; of a long list its beginning."""
    more = [f"and {len(words) - most} more"] if len(words) > most else []
    return ", ".join([*words[:most], *more])
