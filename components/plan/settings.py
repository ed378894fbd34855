"""What the cluster's components are told anew, and which of them restart for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from components.plan import members
from components.plan.transition import Machine, Transition, kubelet
from components.plan.words import SHOWN, names, verb

_GATES = "kubernetes.featureGates"
#: Components of the control plane by the settings that their manifests are made of. A section ends in a dot.
_SERVERS = {
    "API server": ("kubernetes.apiServer.", "audit"),
    "controller manager": ("kubernetes.controllerManager.",),
    "scheduler": ("kubernetes.scheduler.",),
}


#: Fields by which a node has room for pods; whether it is less is plain of numbers alone.
_COUNTED, _RESERVED = ("maxPods", "podsPerCore"), ("systemReserved", "kubeReserved", "evictionHard", "evictionSoft")
#: What a kubelet takes unless it is told: 0 is no limit.
_DEFAULTS = {"maxPods": 110, "podsPerCore": 0}


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
    if transition.change("kubernetes.version"):
        return [
            f"{names(those)} {verb(those, 'takes', 'take')} new kubelet settings ({_fields(fields)}) with the upgrade."
            for fields, those in groups.items()
        ]
    return [
        f"{names(those)} {verb(those, 'restarts', 'restart')} the kubelet with new settings"
        f" ({_fields(fields)}), without a drain: pods run on meanwhile."
        for fields, those in groups.items()
    ]


def _fields(fields: frozenset[str]) -> str:
    return f"{', '.join(sorted(fields)[:SHOWN])}{' and more' if len(fields) > SHOWN else ''}"


def squeezed(transition: Transition) -> list[Machine]:
    """Return the machines whose kubelet is told of room for pods, and not clearly of more."""
    return [m for m in transition.after.values() if m.name in transition.retold and _may_have_less(transition, m)]


def _may_have_less(transition: Transition, machine: Machine) -> bool:
    fields = transition.retold[machine.name]
    before, after = (kubelet(document or {}, machine.name) for document in (transition.deployed, transition.wanted))
    for field in _COUNTED:
        was, now = (int(told.get(field, _DEFAULTS[field])) or sys.maxsize for told in (before, after))
        if now < was:
            return True
    return any(field in fields for field in _RESERVED)
