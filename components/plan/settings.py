"""What the cluster's components are told anew, and which of them restart for it."""

from __future__ import annotations

from collections.abc import Iterator

from components.plan import members
from components.plan.transition import Machine, Transition
from components.plan.words import SHOWN, names

_GATES = "kubernetes.featureGates"
#: Components of the control plane by the settings that their manifests are made of. A section ends in a dot.
_SERVERS = {
    "API server": ("kubernetes.apiServer.", "audit"),
    "controller manager": ("kubernetes.controllerManager.",),
    "scheduler": ("kubernetes.scheduler.",),
}


#: Fields by which a node has room for pods.
_ROOM = frozenset({"maxPods", "podsPerCore", "systemReserved", "kubeReserved", "evictionHard", "evictionSoft"})


def restarting(transition: Transition) -> list[str]:
    """Return the components of the control plane that restart with other settings, in that order on each host."""
    found = [component for component, prefixes in _SERVERS.items() if any(_changed(transition, prefixes))]
    return list(dict.fromkeys(["API server", *found])) if members.others(transition) else found


def _changed(transition: Transition, prefixes: tuple[str, ...]) -> Iterator[str]:
    for change in transition.changes:
        if change.path == _GATES or change.path.startswith(prefixes):
            yield change.path


def proxies(transition: Transition) -> bool:
    """Whether kube-proxy restarts with other settings."""
    return transition.change("kubernetes.kubeProxy") is not None or transition.change(_GATES) is not None


def retold(transition: Transition, machines: list[Machine]) -> list[str]:
    """Return a sentence for each set of fields that kubelets of these machines are told anew."""
    groups: dict[frozenset[str], list[Machine]] = {}
    for machine in machines:
        fields = transition.retold.get(machine.name)
        if fields:
            groups.setdefault(fields, []).append(machine)
    return [
        f"{names(those)}: the kubelet restarts with new settings ({', '.join(sorted(fields)[:SHOWN])}"
        f"{' and more' if len(fields) > SHOWN else ''}), without a drain, since pods run on meanwhile."
        for fields, those in groups.items()
    ]


def squeezed(transition: Transition) -> list[Machine]:
    """Return the machines whose kubelet is told how much room there is for pods."""
    return [m for m in transition.after.values() if transition.retold.get(m.name, frozenset()) & _ROOM]
