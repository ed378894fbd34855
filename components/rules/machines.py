"""Machines that a provider makes: their addresses, numbers and volumes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import PurePosixPath
from typing import Any

from components.config import Cluster
from components.faults import Fault
from components.placement import KEPT, LARGEST, SMALLEST, ZONE, first_of, numbers
from components.rules.provider import groups


@dataclass(frozen=True)
class Span:
    """The addresses of a group, the same in each zone's subnet, counted from its beginning."""

    path: str
    first: int
    last: int


def spans(cluster: Cluster) -> Iterator[Span]:
    """Yield the addresses of every group that is made, as far as they are known."""
    if cluster.provider != "aws" or cluster.aws is None or not cluster.aws.knows("network"):
        return
    whole = cluster.aws.network.range if cluster.aws.network.knows("range") else None
    if whole is not None and not LARGEST <= whole.prefixlen <= SMALLEST:
        return  # told as that
    zones = len(cluster.aws.machine_subnets())
    for path, group in groups(cluster):
        machines = group.machines if group.knows("machines") else None
        if machines is None or getattr(machines, "auto_scaling", None) is not None:
            continue
        if zones and machines.knows("count", "skip", "first_address") and machines.count:
            first = first_of(path, machines.first_address)
            yield Span(path, first, first + (numbers(machines.count, machines.skip)[-1] - 1) // zones)


def overlaps(cluster: Cluster) -> Iterator[Fault]:
    """Yield groups that would have each other's addresses."""
    taken = sorted(spans(cluster), key=lambda span: (span.first, span.path))
    for number, span in enumerate(taken):
        other = next((o for o in taken[:number] if o.last >= span.first), None)
        if other is not None:
            free = max(o.last for o in taken) // 50 * 50 + 50
            yield Fault(
                f"{span.path}.machines.firstAddress",
                f"addresses {span.first} to {span.last} of each subnet are {other.path}'s too, which has"
                f" {other.first} to {other.last}",
                f"Set it to a free number that leaves both room to grow, such as {free}.",
            )


def room(cluster: Cluster) -> Iterator[Fault]:
    """Yield a group that its subnets have no room for."""
    if cluster.provider != "aws" or cluster.aws is None:
        return
    subnets = cluster.aws.machine_subnets()
    smallest: IPv4Network | None = min(subnets.values(), key=lambda subnet: subnet.num_addresses, default=None)
    for span in spans(cluster):
        if smallest is not None and span.last > smallest.num_addresses - 2:
            yield Fault(
                f"{span.path}.machines.count",
                f"takes the addresses {span.first} to {span.last} of each subnet, and {smallest} has"
                f" {max(smallest.num_addresses - KEPT - 1, 0)}, {KEPT} to {smallest.num_addresses - 2}",
                "Choose fewer machines, a smaller firstAddress, more zones or larger subnets.",
            )


def known_numbers(cluster: Cluster) -> Iterator[Fault]:
    """Yield machines that are said to be lost and were never there."""
    for path, group in groups(cluster):
        machines = group.machines if group.knows("machines") else None
        if machines is None or not machines.knows("count", "skip", "lost") or not machines.count:
            continue
        there = numbers(machines.count, machines.skip)
        for number in machines.lost:
            if number not in there:
                skipped = " is skipped, so it is" if number in machines.skip else " is"
                yield Fault(
                    f"{path}.machines.lost",
                    f"number {number}{skipped} no machine",
                    f"There are {there[0]} to {there[-1]}; remove it when the machine has been taken out.",
                )


def data_directory(cluster: Cluster) -> Iterator[Fault]:
    """Yield a folder of etcd's data that no volume can be mounted above."""
    asked = [
        path
        for path, group in groups(cluster)
        if group.knows("machines") and group.machines is not None and getattr(group.machines, "etcd_volume_gib", None)
    ]
    above = PurePosixPath(cluster.etcd.data_directory).parent
    if asked and (len(above.parts) < 3 or str(above) in ("/var/lib", "/var/log", "/usr/local")):
        yield Fault(
            "etcd.dataDirectory",
            f"{cluster.etcd.data_directory} is to be in a volume that is mounted at {above}, which is the system's",
            "Choose a folder one level deeper, such as '/srv/etcd/data', or leave it out.",
        )
    if "controlPlane" in asked and not cluster.etcd.stacked:
        yield Fault(
            "controlPlane.machines.etcdVolumeGib", "is for a member that is not there", "Write it under etcd.machines."
        )


def small_volumes(cluster: Cluster) -> Iterator[Fault]:
    """Yield volumes that etcd's data does not fit on: a full disk stops it, and the API with it."""
    for path, group in groups(cluster):
        size = getattr(group.machines, "etcd_volume_gib", None) if group.knows("machines") else None
        if size and size <= cluster.etcd.quota_gib:
            yield Fault(
                f"{path}.machines.etcdVolumeGib",
                f"is {size}, and etcd's data may grow to {cluster.etcd.quota_gib} GiB, etcd.quotaGib, beside its log"
                " and snapshots",
                f"Choose {2 * cluster.etcd.quota_gib + 2} or more.",
            )


#: With less the system and its images leave no room for pods'.
_NARROW = 20


def narrow_volumes(cluster: Cluster) -> Iterator[Fault]:
    """Yield volumes that images and logs soon fill: pods are evicted then, and a control plane's etcd stops."""
    for path, group in groups(cluster):
        size = group.machines.volume_gib if group.machines is not None else None
        if size is not None and size < _NARROW:
            yield Fault(
                f"{path}.machines.volumeGib",
                f"is {size}, which the system, images and logs fill within weeks",
                f"Choose {_NARROW} or more; 50 is the default.",
            )


def skipped_nobody(cluster: Cluster) -> Iterator[Fault]:
    """Yield numbers to skip that no machine would have had."""
    for path, group in groups(cluster):
        machines = group.machines
        if machines is None or not machines.count:
            continue
        last = numbers(machines.count, machines.skip)[-1]
        beyond = [number for number in machines.skip if number > last]
        if beyond:
            yield Fault(
                f"{path}.machines.skip",
                f"names {', '.join(map(str, beyond))}, and machines have the numbers up to {last}",
                "See which one was meant: a number that comes later would be skipped then.",
            )


def in_one_zone(cluster: Cluster) -> Iterator[Fault]:
    """Yield a zone that takes the majority of etcd's members with it."""
    if cluster.provider != "aws" or cluster.etcd.external is not None:
        return
    path = "controlPlane" if cluster.etcd.stacked else "etcd"
    hosts: Mapping[str, Any] = cluster.control_plane.hosts if cluster.etcd.stacked else cluster.etcd.hosts
    living = Counter(host.labels.get(ZONE) for host in hosts.values() if not host.lost)
    members = sum(living.values())
    zone, most = living.most_common(1)[0]
    if members > 2 and members - most <= members // 2:
        yield Fault(
            f"{path}.machines",
            f"{most} of {members} etcd members are in {zone}: with that zone the API is lost",
            "Name three zones or more under aws.network.",
        )


RULES = (overlaps, room, known_numbers, data_directory, small_volumes)
CAUTIONS = (in_one_zone, narrow_volumes, skipped_nobody)
