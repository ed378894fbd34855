"""What an `up` will do, as values; text.py and markdown.py write it."""

from __future__ import annotations

from dataclasses import dataclass

from components.plan.quorum import Tolerance
from components.plan.rolling import rolls
from components.plan.stages import Stage
from components.plan.transition import Role, Transition


@dataclass(frozen=True)
class Plan:
    """What an `up` will do, and what that means for those who use the cluster."""

    transition: Transition
    headline: str
    """All of it in one sentence."""
    stages: tuple[Stage, ...]
    """What happens, in order."""
    tolerances: tuple[Tolerance, ...]
    """Failures tolerated before, during and after."""
    interruptions: tuple[str, ...]
    """What users notice."""
    cautions: tuple[str, ...]
    """What is allowed and worth a second thought."""
    untouched: str
    """What is not touched; empty when that is nothing."""
    way_back: tuple[str, ...] = ()
    """How to undo it."""
    costs: tuple[str, ...] = ()
    """What costs money of what is made, as counts; nothing where hosts are there already."""

    @property
    def workers_in_turn(self) -> frozenset[str]:
        """Names of the workers that run and are changed or replaced: a pool takes them a few at a time."""
        machines = list(self.transition.of(Role.WORKER, self.transition.replaced))
        if rolls(self.transition):
            machines += self.transition.staying(Role.WORKER)
        else:
            machines += [m for m in self.transition.staying(Role.WORKER) if m.name in self.transition.retold]
        return frozenset(machine.name for machine in machines)
