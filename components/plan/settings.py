"""What the cluster's components are told anew, and which of them restart for it."""

from __future__ import annotations

from collections.abc import Iterator

from components.plan.transition import Transition

_GATES = "kubernetes.featureGates"
#: Components of the control plane by the settings that their manifests are made of. A section ends in a dot.
_SERVERS = {
    "API server": ("kubernetes.apiServer.", "audit"),
    "controller manager": ("kubernetes.controllerManager.",),
    "scheduler": ("kubernetes.scheduler.",),
}


def restarting(transition: Transition) -> list[str]:
    """Return the components of the control plane that restart with other settings, in that order on each host."""
    return [component for component, prefixes in _SERVERS.items() if any(_changed(transition, prefixes))]


def _changed(transition: Transition, prefixes: tuple[str, ...]) -> Iterator[str]:
    for change in transition.changes:
        if change.path == _GATES or change.path.startswith(prefixes):
            yield change.path


def listed(words: list[str]) -> str:
    """Return words as a sentence has them: `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
