"""Policies on which hosts there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from components.config import Cluster
from components.faults import Fault
from components.policies.policy import Subject, policy

#: The label that says where a node is.
ZONE = "topology.kubernetes.io/zone"


@policy("warn")
def even_etcd(subject: Subject) -> Iterator[Fault]:
    """An even number of etcd members: it bears no more losses than one fewer, and needs one more to agree."""
    cluster = subject.cluster
    members = _members(cluster)
    if members and members % 2 == 0:
        yield Fault(
            "controlPlane.hosts" if cluster.etcd.stacked else "etcd.hosts",
            f"{members} etcd members survive no more losses than {members - 1} would (etcd FAQ)",
            "Name one more or one fewer: even numbers are for the way to an odd one.",
        )


@policy("warn")
def single_control_plane(subject: Subject) -> Iterator[Fault]:
    """One control plane, whose loss is the cluster's."""
    if _living(subject.cluster) == 1:
        yield Fault("controlPlane.hosts", "with one control plane any loss ends the cluster", "Name three.")


@policy("warn")
def single_etcd_member(subject: Subject) -> Iterator[Fault]:
    """One host with etcd, whose loss is that of all data."""
    if subject.cluster.etcd.hosts and _members(subject.cluster) == 1:
        yield Fault("etcd.hosts", "with one etcd member its loss ends the cluster", "Name three.")


def _members(cluster: Cluster) -> int:
    """Return how many etcd members there are, none for an etcd of somebody else's."""
    hosts = cluster.control_plane.hosts if cluster.etcd.stacked else cluster.etcd.hosts
    return sum(not host.lost for host in hosts.values())


def _living(cluster: Cluster) -> int:
    return sum(not host.lost for host in cluster.control_plane.hosts.values())


@policy("warn")
def no_workers(subject: Subject) -> Iterator[Fault]:
    """No worker, and control planes that take no ordinary pods."""
    if not subject.cluster.control_plane.takes_work and not any(
        pool.elastic or not all(host.lost for host in pool.hosts.values()) for pool in subject.cluster.workers.values()
    ):
        yield Fault(
            "workers",
            "there is no worker, and control planes take no ordinary pods",
            "Name hosts in a pool, or set controlPlane.takesWork.",
        )


@policy("warn")
def single_zone(subject: Subject) -> Iterator[Fault]:
    """Control planes of which all, or the majority of etcd's members on them, are in one zone by their labels."""
    cluster = subject.cluster
    hosts = [name for name, host in cluster.control_plane.hosts.items() if not host.lost]
    zones = Counter(cluster.marks_of(name).labels.get(ZONE) for name in hosts)
    zone, most = zones.most_common(1)[0]
    # Of machines that are made a rule of their own tells where the majority is.
    majority = cluster.etcd.stacked and cluster.provider == "static" and len(hosts) > 2 and None not in zones
    if zone is not None and (most == len(hosts) > 1 or (majority and most >= len(hosts) - len(hosts) // 2)):
        which = "are all" if most == len(hosts) else f"{most} of {len(hosts)} etcd members are"
        yield Fault(
            "controlPlane.hosts",
            f"{which} in the zone {zone}, by their label {ZONE}",
            "Spread them over three zones: of two, one holds the majority.",
        )


@policy("off")
def single_worker_pool(subject: Subject) -> Iterator[Fault]:
    """A pool of one worker: while it is drained its pods have nowhere of their kind to go."""
    for name, pool in subject.cluster.workers.items():
        if len(pool.hosts) == 1:
            yield Fault(f"workers.{name}.hosts", "names one host, and has none while that is drained", "Name two.")
