"""A virtual address on the control planes: where it can be, and who has to be told of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from components.config import Cluster, KubeVipEndpoint
from components.config.endpoints import LOCAL_PORT
from components.faults import Fault, some
from components.rules.network import UNREACHABLE, ranges, unreachable


def _options(cluster: Cluster) -> Iterator[KubeVipEndpoint]:
    """Yield the endpoint, if it is of this kind."""
    if isinstance(cluster.endpoint, KubeVipEndpoint):
        yield cluster.endpoint


def port(cluster: Cluster) -> Iterator[Fault]:
    """Yield a port that nothing would answer at."""
    for endpoint in _options(cluster):
        if endpoint.port != LOCAL_PORT:
            yield Fault(
                "endpoint.port",
                f"{endpoint.port} is not the API servers' own: kube-vip moves an address and passes nothing on",
                f"Remove it, or set {LOCAL_PORT}; for another port choose kind haproxy.",
            )


def mode(cluster: Cluster) -> Iterator[Fault]:
    """Yield what the mode lacks, and what belongs to the other one."""
    for endpoint in _options(cluster):
        if endpoint.mode == "bgp" and endpoint.knows("bgp") and endpoint.bgp is None:
            yield Fault(
                "endpoint.bgp",
                "is missing: without routers to tell, nobody learns where the address is",
                "Add it, such as `bgp: {asNumber: 64513, peers: [{address: 192.0.2.1, asNumber: 64512}]}`.",
            )
        if endpoint.mode == "arp" and endpoint.bgp is not None:
            yield Fault("endpoint.bgp", "belongs to mode bgp, and the mode is arp", "Set `mode: bgp`, or remove it.")


def interface(cluster: Cluster) -> Iterator[Fault]:
    """Yield an interface that no neighbour is behind."""
    for endpoint in _options(cluster):
        if endpoint.mode == "arp" and endpoint.interface == "lo":
            yield Fault(
                "endpoint.interface",
                "lo has no neighbours that could be told of the address",
                "Remove it, and the interface with the host's own address is taken.",
            )
        elif re.match(r"(flannel|cni|cali|cilium|veth|docker|kube-ipvs|virbr)", endpoint.interface or ""):
            yield Fault(
                "endpoint.interface",
                f"{endpoint.interface} is made for pods, when the cluster is there",
                "Name the one that hosts are connected by, or remove it.",
            )


def peers(cluster: Cluster) -> Iterator[Fault]:
    """Yield routers that cannot be reached, or are none."""
    for endpoint in _options(cluster):
        first: dict[IPv4Address, int] = {}
        for number, peer in enumerate(endpoint.bgp.peers if endpoint.bgp else ()):
            path = f"endpoint.bgp.peers.{number}.address"
            yield from unreachable(path, peer.address)
            if peer.address == endpoint.address:
                yield Fault(path, f"{peer.address} is the virtual address itself", "Name the router's own.")
            if peer.address in first:
                there = f"endpoint.bgp.peers.{first[peer.address]}"
                yield Fault(path, f"{peer.address} is the address of {there} too", "Remove one.")
            first.setdefault(peer.address, number)
            for name, host in cluster.control_plane.hosts.items():
                if host.knows("address") and host.address == peer.address:
                    yield Fault(path, f"{peer.address} is the control plane {name}", "Name a router.")


def logins(cluster: Cluster) -> Iterator[Fault]:
    """Yield hosts that would be logged in to at the virtual address."""
    for endpoint in _options(cluster):
        for path, (_, host) in cluster.machines().items():
            if host.knows("ssh") and host.ssh.knows("address") and host.ssh.address == str(endpoint.address):
                yield Fault(
                    f"{path}.ssh.address",
                    f"{host.ssh.address} is the virtual address, which moves between the control planes",
                    "Give the host's own.",
                )


def _around(address: IPv4Address, length: int) -> IPv4Network:
    return IPv4Network((address, length), strict=False)


def segment(cluster: Cluster) -> Iterator[Fault]:
    """Yield an address that is announced by ARP, and is nowhere near a control plane."""
    for endpoint in _options(cluster):
        mine = endpoint.address
        if endpoint.mode != "arp" or any(mine in block for block in (*UNREACHABLE, *ranges(cluster).values())):
            continue  # or told already, and another one will be chosen
        near = _around(mine, 16)
        planes = cluster.control_plane.hosts.items()
        far = [f"{name} ({host.address})" for name, host in planes if host.address not in near]
        if far:
            yield Fault(
                "endpoint.address",
                f"{mine} is in another network than {some(far)}",
                "Choose a free address of the control planes' own subnet: ARP announces it there and nowhere else;"
                " between subnets use `mode: bgp`.",
            )


def segment_perhaps(cluster: Cluster) -> Iterator[Fault]:
    """Yield an address that may not be where its mode needs it."""
    for endpoint in _options(cluster):
        mine = endpoint.address
        near, close = _around(mine, 16), _around(mine, 24)
        planes = cluster.control_plane.hosts.items()
        outside = [f"{name} ({h.address})" for name, h in planes if h.address not in close and h.address in near]
        if endpoint.mode == "arp" and outside:
            yield Fault(
                "endpoint.address",
                f"{mine} is not in the same /24 as {some(outside)}",
                "See that both are in one subnet: ARP announces the address there and nowhere else.",
            )
        inside = [f"{name} ({host.address})" for name, host in planes if host.address in close]
        if endpoint.mode == "bgp" and inside:
            yield Fault(
                "endpoint.address",
                f"{mine} is in the same /24 as {some(inside)}",
                "See that it is outside of the hosts' subnet: neighbours ask for it by ARP there, not the router.",
            )


def far_peers(cluster: Cluster) -> Iterator[Fault]:
    """Yield routers that may be further away than their session is let to go."""
    for endpoint in _options(cluster):
        for number, peer in enumerate(endpoint.bgp.peers if endpoint.bgp else ()):
            beside = any(host.address in _around(peer.address, 16) for host in cluster.control_plane.hosts.values())
            if endpoint.bgp and peer.as_number != endpoint.bgp.as_number and not peer.multihop and not beside:
                yield Fault(
                    f"endpoint.bgp.peers.{number}.multihop",
                    f"{peer.address} is in another network than the control planes, and one hop away at most",
                    "Set `multihop: true` if other routers are in between.",
                )


def reserved_systems(cluster: Cluster) -> Iterator[Fault]:
    """Yield numbers of systems that nobody may have: routers turn such a peer away."""
    for endpoint in _options(cluster):
        if endpoint.bgp is None:
            continue
        named = {"endpoint.bgp.asNumber": endpoint.bgp.as_number}
        named |= {f"endpoint.bgp.peers.{n}.asNumber": peer.as_number for n, peer in enumerate(endpoint.bgp.peers)}
        for path, number in named.items():
            if number in (23456, 65535, 4294967295):
                yield Fault(path, f"{number} is reserved (RFC 7300, RFC 6793)", "64512 to 65534 are for private use.")


#: Longer, and a control plane that is lost is asked for long.
LONG_HOLD = 120


def slow_peers(cluster: Cluster) -> Iterator[Fault]:
    """Yield routers that send to a lost control plane for long."""
    for endpoint in _options(cluster):
        if endpoint.bgp is not None and endpoint.bgp.hold_seconds > LONG_HOLD:
            yield Fault(
                "endpoint.bgp.holdSeconds",
                f"is {endpoint.bgp.hold_seconds}: so long a router sends to a control plane that is lost",
                "Remove it: 9 is the default.",
            )


RULES = (port, mode, interface, peers, logins, segment)
CAUTIONS = (segment_perhaps, far_peers, reserved_systems, slow_peers)
