"""What an `up` will do, as values; text.py and markdown.py write it."""

from __future__ import annotations

from dataclasses import dataclass

from components.plan.quorum import Tolerance
from components.plan.stages import Stage
from components.plan.transition import Transition


@dataclass(frozen=True)
class Plan:
    """What an `up` will do, and what that means for those who use the cluster."""

    transition: Transition
    headline: str
    """All of it in one sentence."""
    stages: tuple[Stage, ...]
    """What happens, in order."""
    tolerances: tuple[Tolerance, ...]
    """Losses that can be taken before, during and after."""
    interruptions: tuple[str, ...]
    """What users notice."""
    cautions: tuple[str, ...]
    """What is allowed and worth a second thought."""
    untouched: str
    """What is not touched; empty when that is nothing."""
