"""Two families of addresses: all nodes have both or none has, and the ranges of the second one fit."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address, IPv6Network

from components.config import Cluster, HostSpec
from components.faults import Fault

_UNREACHABLE = {
    IPv6Network("::/8"): "is kept for the system",
    IPv6Network("fe80::/10"): "is known on one cable only",
    IPv6Network("ff00::/8"): "is for groups",
}
#: Length of what each node gets of the range of pods, and how many such parts the controller manager can count.
NODE_MASK = 64
_COUNTED_BITS = 16


def nodes(cluster: Cluster) -> Iterator[Fault]:
    """Yield nodes with one family where the cluster has two, and hosts with two where it has one."""
    dual = cluster.network.ipv6 is not None
    if cluster.provider != "static":  # machines that are made have one family, which is told as that
        return
    for path, host in _hosts(cluster):
        node = not path.startswith(("endpoint.", "etcd."))
        if dual and node and host.address6 is None and not host.lost:
            yield Fault(f"{path}.address6", "is missing, and network.ipv6 is set", "Give every node one, or none.")
        elif host.address6 is not None and not node:
            what = "at a load balancer, and the endpoint is" if path.startswith("endpoint.") else "at etcd, which has"
            yield Fault(f"{path}.address6", f"is {what} IPv4", "Remove it.")
        elif host.address6 is not None and not dual:
            yield Fault(f"{path}.address6", "is set, and the cluster has IPv4 alone", "Set network.ipv6, or remove it.")


def addresses(cluster: Cluster) -> Iterator[Fault]:
    """Yield IPv6 addresses that other hosts do not reach, that two hosts have, or that are pods' or services'."""
    first: dict[IPv6Address, str] = {}
    for path, host in _hosts(cluster):
        if host.address6 is None:
            continue
        for block, why in _UNREACHABLE.items():
            if host.address6 in block:
                yield Fault(f"{path}.address6", f"{host.address6} {why}", "Give the one in the nodes' network.")
        other = first.setdefault(host.address6, path)
        if other != path:
            yield Fault(f"{path}.address6", f"{host.address6} is the address of {other} too", "Give each its own.")


def held(cluster: Cluster) -> Iterator[Fault]:
    """Yield ranges that overlap, or that hold hosts."""
    ranges = _ranges(cluster)
    for key, subnet in ranges.items():
        path = f"network.ipv6.{key}"
        if any(subnet.overlaps(block) for block in _UNREACHABLE):
            yield Fault(path, f"{subnet} holds addresses that are not routed", "Choose one such as fd00:10::/56.")
        inside = [
            f"{path.rpartition('.')[2]} ({h.address6})"
            for path, h in _hosts(cluster)
            if h.address6 and h.address6 in subnet
        ]
        if inside:
            yield Fault(path, f"{subnet} holds {', '.join(inside[:5])}", "Choose one without hosts.")
    if len(ranges) == 2 and ranges["podSubnet"].overlaps(ranges["serviceSubnet"]):
        pods, services = ranges.values()
        yield Fault(
            "network.ipv6.podSubnet", f"{pods} overlaps serviceSubnet {services}", "Choose two separate ranges."
        )


def pods(cluster: Cluster) -> Iterator[Fault]:
    """Yield a range of pods that has no /64 for each node, or more than the controller manager counts."""
    if cluster.network.ipv6 is None:
        return
    subnet = cluster.network.ipv6.pod_subnet
    path = "network.ipv6.podSubnet"
    if subnet.prefixlen < NODE_MASK - _COUNTED_BITS:
        yield Fault(path, f"{subnet} is larger than /48", "Choose one between /48 and /63, such as fd00:10::/56.")
        return
    count = len(cluster.control_plane.hosts) + sum(len(pool.hosts) for pool in cluster.workers.values())
    room = 2 ** (NODE_MASK - subnet.prefixlen) if subnet.prefixlen <= NODE_MASK else 0
    if room < count:
        yield Fault(
            path,
            f"{subnet} has room for {room} node{'s' if room != 1 else ''} with a /64 each, and there are {count}",
            "Choose a larger range, such as a /56; it cannot be changed later.",
        )


def services(cluster: Cluster) -> Iterator[Fault]:
    """Yield a range of services that the API server does not take."""
    if cluster.network.ipv6 is None:
        return
    subnet = cluster.network.ipv6.service_subnet
    if not 108 <= subnet.prefixlen <= 124:
        yield Fault(
            "network.ipv6.serviceSubnet", f"{subnet} is not between /108 and /124", "Choose one such as fd00:11::/112."
        )


def _hosts(cluster: Cluster) -> Iterator[tuple[str, HostSpec]]:
    for path, (_, host) in cluster.machines().items():
        if host.knows("address6", "lost"):
            yield path, host


def _ranges(cluster: Cluster) -> dict[str, IPv6Network]:
    ipv6 = cluster.network.ipv6
    if ipv6 is None:
        return {}
    found = {}
    if ipv6.knows("pod_subnet"):
        found["podSubnet"] = ipv6.pod_subnet
    if ipv6.knows("service_subnet"):
        found["serviceSubnet"] = ipv6.service_subnet
    return found


RULES = (nodes, addresses, held, pods, services)
CAUTIONS = ()
