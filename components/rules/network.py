"""Addresses and ranges that have to fit together. How long a host's own network is, no file says."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from components.config import Cluster
from components.faults import Fault, some

#: What hosts do not have addresses in, and nobody routes.
UNREACHABLE = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")))
#: Ranges for private use, for carriers, for tests and for documentation: nobody on the internet has them.
_OWN = tuple(
    map(
        IPv4Network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15"),
            *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
        ),
    )
)
#: A range that is wider than this has everything in it, and is told as that alone.
WIDEST = 8
#: The controller manager counts no more parts of the range than this many bits can number.
_COUNTED_BITS = 16


def ranges(cluster: Cluster) -> dict[str, IPv4Network]:
    """Return the ranges of pods and services by key, as far as they are known and may be right."""
    network = cluster.network
    found = {}
    if network.knows("pod_subnet") and network.pod_subnet.prefixlen >= WIDEST:
        found["podSubnet"] = network.pod_subnet
    if network.knows("service_subnet") and network.service_subnet.prefixlen >= WIDEST:
        found["serviceSubnet"] = network.service_subnet
    return found


def is_public(thing: IPv4Address | IPv4Network) -> bool:
    """Whether an address or a range can be somebody's on the internet."""
    block = IPv4Network(thing)
    return not any(block.subnet_of(own) for own in (*_OWN, *UNREACHABLE))


def unreachable(path: str, address: IPv4Address) -> Iterator[Fault]:
    """Yield the fault of an address that other hosts cannot reach."""
    if any(address in block for block in UNREACHABLE):
        yield Fault(path, f"{address} is not an address that other hosts reach", "Give the one in their network.")


def reachable(cluster: Cluster) -> Iterator[Fault]:
    """Yield hosts' addresses that other hosts cannot reach."""
    found = {path: host.address for path, (_, host) in cluster.machines().items() if host.knows("address")}
    for path, address in found.items():
        yield from unreachable(path, address)


def pods_and_services(cluster: Cluster) -> Iterator[Fault]:
    """Yield ranges that overlap, hold hosts, or cannot be used."""
    found = ranges(cluster)
    for key, subnet in found.items():
        path = f"network.{key}"
        if any(subnet.overlaps(block) for block in UNREACHABLE):
            yield Fault(path, f"{subnet} holds addresses that are not routed", "Choose one such as 10.244.0.0/16.")
            continue
        held = [
            f"{name} ({host.address})"
            for name, host in cluster.machines().values()
            if host.knows("address") and host.address in subnet and cluster.provider == "static"
        ]
        if held:
            yield Fault(
                path, f"{subnet} holds the host{'s' * (len(held) > 1)} {some(held)}", "Choose one without hosts."
            )
    if len(found) == 2 and found["podSubnet"].overlaps(found["serviceSubnet"]):
        pods, services = found.values()
        yield Fault("network.podSubnet", f"{pods} overlaps serviceSubnet {services}", "Choose two separate ranges.")


def services(cluster: Cluster) -> Iterator[Fault]:
    """Yield a range of services that the API server or kubeadm would not take."""
    subnet = cluster.network.service_subnet
    if subnet.prefixlen < 12 or subnet.prefixlen > 28:
        yield Fault("network.serviceSubnet", f"{subnet} is not between /12 and /28", "Choose one such as 10.96.0.0/16.")


def pods(cluster: Cluster) -> Iterator[Fault]:
    """Yield a range of pods that has no part for each node, or more parts than the controller manager counts."""
    subnet, mask = cluster.network.pod_subnet, cluster.network.node_mask
    if subnet.prefixlen < WIDEST or subnet.prefixlen < mask - _COUNTED_BITS:
        largest = max(WIDEST, mask - _COUNTED_BITS)
        whole = "" if mask == 24 else f" with nodeMask {mask}"
        yield Fault(
            "network.podSubnet", f"{subnet} is larger than /{largest}{whole}", "Choose one such as 10.244.0.0/16."
        )
        return
    room, nodes = _room(cluster)
    if room < nodes:
        yield Fault(
            "network.podSubnet",
            f"{subnet} has room for {room} node{'s' if room != 1 else ''} with a /{mask} each, and there are {nodes}",
            "Choose a larger range; it cannot be changed later.",
        )


def _room(cluster: Cluster) -> tuple[int, int]:
    """Return how many nodes there are addresses for, and how many nodes there are."""
    nodes = cluster.most_nodes()
    length, mask = cluster.network.pod_subnet.prefixlen, cluster.network.node_mask
    return 2 ** (mask - length) if length <= mask else 0, nodes


def full(cluster: Cluster) -> Iterator[Fault]:
    """Yield a range of pods that the next node has no room in."""
    room, nodes = _room(cluster)
    if room == nodes:
        yield Fault(
            "network.podSubnet",
            f"{cluster.network.pod_subnet} has room for the {nodes} nodes that there are, and for no other",
            "Choose a larger range while you can; it cannot be changed later.",
        )


def few_services(cluster: Cluster) -> Iterator[Fault]:
    """Yield a range of services that is used up soon."""
    subnet = cluster.network.service_subnet
    if 24 < subnet.prefixlen <= 28:
        yield Fault(
            "network.serviceSubnet",
            f"{subnet} has room for {subnet.num_addresses - 2} services",
            "Choose a larger range while you can; it cannot be changed later.",
        )


def beside_hosts(cluster: Cluster) -> Iterator[Fault]:
    """Yield ranges that share a /24 with hosts, though they hold none."""
    first: dict[int, tuple[str, IPv4Address]] = {}
    for name, host in cluster.machines().values():
        first.setdefault(int(host.address) >> 8, (name, host.address))
    for key, subnet in ranges(cluster).items():
        found = [
            f"{name} ({address})"
            for block, (name, address) in first.items()
            if address not in subnet and subnet.overlaps(IPv4Network((block << 8, 24)))
        ]
        if found:
            yield Fault(
                f"network.{key}",
                f"{subnet} is beside {some(found)}, in one /24",
                "See that it is outside of the hosts' own network: what pods send there would not arrive.",
            )


def borrowed(cluster: Cluster) -> Iterator[Fault]:
    """Yield ranges that belong to somebody on the internet."""
    for key, subnet in ranges(cluster).items():
        if is_public(subnet):
            yield Fault(
                f"network.{key}",
                f"{subnet} holds public addresses: pods could not reach their owners",
                "Choose a private range, such as 10.244.0.0/16 or one of 172.16.0.0/12.",
            )


def domain(cluster: Cluster) -> Iterator[Fault]:
    """Yield a domain of services that hides other names."""
    ours = cluster.network.dns_domain
    if ours == "local":
        yield Fault(
            "network.dnsDomain",
            "'local' belongs to multicast DNS, and resolvers of many systems ask nobody else for it",
            "Choose another, such as 'cluster.local'.",
        )
    elif "." not in ours:
        yield Fault(
            "network.dnsDomain",
            f"'{ours}' is one label: whatever name ends in .{ours} is looked for in the cluster alone",
            "Choose one of two labels or more, such as 'cluster.local'.",
        )
    own = cluster.endpoint.dns_name()
    names = [*cluster.kubernetes.extra_cert_names, *([] if own is None else [own])]
    hidden = [name for name in names if f".{name}".endswith(f".{ours}")]
    if hidden:
        yield Fault(
            "network.dnsDomain",
            f"pods would look for {some(hidden)} among the cluster's own services of '{ours}' and not find it",
            "Choose a domain that no other name is in.",
        )


RULES = (reachable, pods_and_services, services, pods)
CAUTIONS = (full, few_services, beside_hosts, borrowed, domain)
