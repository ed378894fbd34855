"""What some kubelets are told alone: those of the control plane, of a pool, of a host. Laid over what all are told, it
has to be as right as that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from components.config import Cluster, HostSpec
from components.faults import Fault
from components.render.document import merged
from components.rules import kubelet, kubelet_limits, kubelet_numbers

#: Fields that the hosts' preparation follows: they are the same for all.
SAME = {
    "cgroupDriver": "containerd is set up for the one of kubernetes.kubelet",
    "failSwapOn": "swap is kept or turned off on all hosts alike",
}
Settings = Mapping[str, Any]


def _levels(cluster: Cluster) -> Iterator[tuple[str, Settings, Settings]]:
    """Yield where something is told, what is told there, and what it is laid over."""
    everywhere = cluster.kubernetes.kubelet
    groups: list[tuple[str, Any]] = []
    if cluster.knows("control_plane"):
        groups.append(("controlPlane", cluster.control_plane))
    if cluster.knows("workers"):
        groups += [(f"workers.{pool}", options) for pool, options in cluster.workers.items()]
    for path, group in groups:
        own = group.kubelet if group.knows("kubelet") else {}
        if own:
            yield f"{path}.kubelet", own, everywhere
        for name, host in (group.hosts if group.knows("hosts") else {}).items():
            if host.knows("kubelet") and host.kubelet:
                yield f"{path}.hosts.{name}.kubelet", host.kubelet, merged(everywhere, own)


def _laid_over(rule: Callable[[Cluster], Iterator[Fault]]) -> Callable[[Cluster], Iterator[Fault]]:
    """Return a rule for kubelets as one for each level: what is wrong there and is right below it."""

    def faults(cluster: Cluster) -> Iterator[Fault]:
        for path, own, below in _levels(cluster):
            known = set(rule(_with(cluster, below)))
            for fault in rule(_with(cluster, merged(below, own))):
                if fault not in known:
                    yield Fault(path + fault.path.removeprefix(kubelet.PATH), fault.problem, fault.remedy)

    return faults


def _with(cluster: Cluster, settings: Settings) -> Cluster:
    return cluster.model_copy(update={"kubernetes": cluster.kubernetes.model_copy(update={"kubelet": settings})})


def same(cluster: Cluster) -> Iterator[Fault]:
    """Yield fields that cannot differ between nodes."""
    for path, own, _ in _levels(cluster):
        for key in SAME.keys() & own.keys():
            yield Fault(f"{path}.{key}", f"cannot be set for some nodes alone: {SAME[key]}", "Move it there.")


def nowhere(cluster: Cluster) -> Iterator[Fault]:
    """Yield kubelets' settings on hosts that have none."""
    for path, (_, host) in cluster.machines().items():
        group = path.partition(".")[0]
        if group not in ("controlPlane", "workers") and _told(host):
            yield Fault(f"{path}.kubelet", "is set on a host that runs no kubelet", "Remove it.")


def _told(host: HostSpec) -> bool:
    return host.knows("kubelet") and bool(host.kubelet)


#: A node of its own may have an id of its own.
_ALONE = tuple(rule for rule in kubelet.RULES if rule is not kubelet.everywhere)
RULES = (same, nowhere, *map(_laid_over, (*_ALONE, *kubelet_limits.RULES, *kubelet_numbers.RULES)))
CAUTIONS = tuple(map(_laid_over, (*kubelet.CAUTIONS, *kubelet_limits.CAUTIONS, *kubelet_numbers.CAUTIONS)))
