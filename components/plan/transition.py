"""What differs between the cluster that is deployed and the one that is wanted, as typed facts without judgement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from components.render.document import merged

#: Mappings that count as one value: which of their keys differ says nothing more to a reader.
_WHOLE = frozenset(
    {
        "kubernetes.kubelet",
        "kubernetes.kubeProxy",
        "kubernetes.featureGates",
        "network.cni",
        "network.ipv6",
        "audit",
        "etcd.snapshots",
        "registries",
        "endpoint.statistics",
        "packages.kubernetes",
        "packages.containerd",
        "aws.bastion",
        "aws.network.vpcTags",
        "aws.network.subnets",
        "aws.network.publicSubnets",
        "aws.tags",
    }
)


#: The key by which a snapshot names the program that made it: no setting of the cluster's (components/plan/program.py).
PROGRAM = "program"

#: What nodes carry is told node by node: components/plan/marks.py.
_MARKS = frozenset({"labels", "annotations", "taints", "takesWork"})


class Role(StrEnum):
    """What a machine is for."""

    BALANCER = "load balancer"
    ETCD = "etcd host"
    CONTROL_PLANE = "control plane"
    WORKER = "worker"


@dataclass(frozen=True)
class Machine:
    """A host with its place in the cluster."""

    name: str
    address: str
    role: Role
    pool: str
    """The worker pool; empty for other roles."""
    lost: bool
    address6: str = ""
    """The second address, in a cluster of two families."""

    def __str__(self) -> str:
        return f"{self.name} ({self.address})"


@dataclass(frozen=True)
class Change:
    """A setting that differs."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Transition:
    """The way from what is deployed to what is wanted. Machines are in the order of the file."""

    deployed: Mapping[str, Any] | None
    """Snapshot of the last `up` that came to its end; None before the first."""
    wanted: Mapping[str, Any]
    """Snapshot of the cluster file."""

    @property
    def first(self) -> bool:
        """Whether nothing is deployed yet."""
        return self.deployed is None

    @property
    def etcd(self) -> str:
        """Where the wanted etcd is: `stacked`, on `hosts` of its own, or `external`, which is somebody else's."""
        return _etcd(self.wanted)

    @property
    def etcd_before(self) -> str:
        """Where the deployed one is. What was deployed before there was a choice is stacked."""
        return _etcd(self.deployed or self.wanted)

    @property
    def member_role(self) -> Role | None:
        """Who has the etcd members; None when that is nobody here, or would be somebody else than before."""
        if self.etcd != self.etcd_before:
            return None
        return {"stacked": Role.CONTROL_PLANE, "hosts": Role.ETCD}.get(self.etcd)

    @cached_property
    def before(self) -> dict[str, Machine]:
        """Every machine that is deployed, by name: in natural order, since the engine does not keep the file's."""
        return {
            m.name: m
            for m in sorted(_machines(self.deployed or {}), key=lambda m: (list(Role).index(m.role), _natural(m)))
        }

    @cached_property
    def after(self) -> dict[str, Machine]:
        """Every machine that is wanted, by name."""
        return {machine.name: machine for machine in _machines(self.wanted)}

    @cached_property
    def joining(self) -> list[Machine]:
        """Machines that are new."""
        return [m for m in self.after.values() if m.name not in self.before and not m.lost]

    @cached_property
    def leaving(self) -> list[Machine]:
        """Machines that live and whose line is gone."""
        return [m for m in self.before.values() if m.name not in self.after and not m.lost]

    @cached_property
    def evicted(self) -> list[Machine]:
        """Machines that are said to be lost from now on."""
        return [m for m in self._kept() if m.lost and not self.before[m.name].lost]

    @cached_property
    def forgotten(self) -> list[Machine]:
        """Machines that were lost, taken out before, and whose line is gone now."""
        return [m for m in self.before.values() if m.name not in self.after and m.lost]

    @cached_property
    def found(self) -> list[Machine]:
        """Machines that were lost, and of which the file says that they are not."""
        return [m for m in self._kept() if not m.lost and self.before[m.name].lost]

    @cached_property
    def reassigned(self) -> list[Machine]:
        """Machines whose role is another one."""
        return [m for m in self._kept() if m.role is not self.before[m.name].role]

    @cached_property
    def repooled(self) -> list[Machine]:
        """Workers that stand in another pool."""
        return [m for m in self._staying() if m.pool != self.before[m.name].pool]

    @cached_property
    def replaced(self) -> list[Machine]:
        """Machines that keep their name and have another address: other hardware, as far as the cluster can tell."""
        return [m for m in self._staying() if m.address != self.before[m.name].address]

    @cached_property
    def moved(self) -> list[Machine]:
        """Machines whose place in the cluster is another one after this: new, leaving, lost or on other hardware."""
        return [*self.joining, *self.leaving, *self.evicted, *self.replaced]

    @cached_property
    def changes(self) -> list[Change]:
        """Settings that differ. What the deployed snapshot does not know was not there when it was made."""
        old, new = dict(_settings(self.deployed or {})), dict(_settings(self.wanted))
        return [Change(path, old[path], new[path]) for path in new if path in old and old[path] != new[path]]

    def change(self, path: str) -> Change | None:
        """Return what became of one setting."""
        return next((change for change in self.changes if change.path == path), None)

    def of(self, role: Role, machines: list[Machine]) -> list[Machine]:
        """Return the machines that have a role."""
        return [machine for machine in machines if machine.role is role]

    def living(self, role: Role, *, deployed: bool = False) -> list[Machine]:
        """Return the machines of a role that are not lost, wanted ones or `deployed` ones."""
        return [m for m in (self.before if deployed else self.after).values() if m.role is role and not m.lost]

    def staying(self, role: Role) -> list[Machine]:
        """Return the machines of a role that are deployed, wanted and the same."""
        return [m for m in self._staying() if m.role is role and m not in self.replaced]

    @cached_property
    def retold(self) -> dict[str, frozenset[str]]:
        """What the kubelets of machines that stay are told anew: fields by the machine's name."""
        found = {}
        for machine in self._staying():
            if machine.role is not Role.BALANCER and machine not in self.replaced:
                before, after = kubelet(self.deployed or {}, machine.name), kubelet(self.wanted, machine.name)
                fields = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
                if fields:
                    found[machine.name] = frozenset(fields)
        return found

    def _kept(self) -> Iterator[Machine]:
        return (m for m in self.after.values() if m.name in self.before)

    def _staying(self) -> Iterator[Machine]:
        for machine in self._kept():
            old = self.before[machine.name]
            if machine.role is old.role and not machine.lost and not old.lost:
                yield machine


def _machines(document: Mapping[str, Any]) -> Iterator[Machine]:
    yield from _group(document.get("endpoint", {}), Role.BALANCER, "")
    yield from _group(document.get("etcd", {}), Role.ETCD, "")
    yield from _group(document.get("controlPlane", {}), Role.CONTROL_PLANE, "")
    for pool, options in document.get("workers", {}).items():
        yield from _group(options, Role.WORKER, pool)


def kubelet(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what the kubelet of a machine is told in a snapshot: one of before a key had it has nothing there."""
    kubernetes = document.get("kubernetes", {})
    everywhere = dict(kubernetes.get("kubelet") or {})
    gates = {**(kubernetes.get("featureGates") or {}), **(everywhere.get("featureGates") or {})}
    told = everywhere | ({"featureGates": gates} if gates else {})
    for group in (document.get("controlPlane", {}), *document.get("workers", {}).values()):
        host = group.get("hosts", {}).get(name)
        if host is not None:
            return merged(merged(told, group.get("kubelet") or {}), host.get("kubelet") or {})
    return told


def _etcd(document: Mapping[str, Any]) -> str:
    section = document.get("etcd", {})
    return "hosts" if section.get("hosts") else "external" if section.get("external") else "stacked"


def _natural(machine: Machine) -> list[tuple[int, str]]:
    """Return a key that puts worker-10 after worker-9."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"([0-9]+)", machine.name)]


def _group(section: Mapping[str, Any], role: Role, pool: str) -> Iterator[Machine]:
    for name, host in section.get("hosts", {}).items():
        yield Machine(name, str(host["address"]), role, pool, bool(host.get("lost")), str(host.get("address6") or ""))


def _settings(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        path = f"{prefix}{key}"
        if path == PROGRAM:
            continue
        if isinstance(value, Mapping) and path not in _WHOLE and key != "kubelet":
            if key != "hosts" and key not in _MARKS:
                yield from _settings(value, f"{path}.")
        elif key not in _MARKS:
            yield path, value
