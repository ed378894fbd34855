"""What the hosts reach that is none of them: somebody else's etcd, and proxies."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address
from urllib.parse import urlsplit

from components.config import Cluster
from components.faults import Fault, some
from components.rules.network import UNREACHABLE, ranges

#: Where etcd's clients are, and what its members are counted by: a balancer before them has another port.
_CLIENTS = 2379


def etcd(cluster: Cluster) -> Iterator[Fault]:
    """Yield members of somebody else's etcd at places that only a cluster which runs would have."""
    for number, url in enumerate(_endpoints(cluster)):
        yield from _reached(cluster, f"etcd.external.endpoints.{number}", urlsplit(url).hostname or "")


def proxies(cluster: Cluster) -> Iterator[Fault]:
    """Yield proxies at places that only a cluster which runs would have."""
    for key, url in (("http", cluster.proxy.http), ("https", cluster.proxy.https)):
        yield from _reached(cluster, f"proxy.{key}", urlsplit(url).hostname or "" if url else "")


def _reached(cluster: Cluster, path: str, name: str) -> Iterator[Fault]:
    try:
        address = IPv4Address(name)
    except AddressValueError:
        if name == "localhost" or f".{name}".endswith((".localhost", f".{cluster.network.dns_domain}")):
            own = "each host itself" if name.endswith("localhost") else "known to pods alone"
            yield Fault(path, f"{name} is {own}, and hosts have to reach it", "Name it as all hosts know it.")
        return
    if any(address in block for block in UNREACHABLE):
        yield Fault(path, f"{address} is not an address that other hosts reach", "Give the one in their network.")
    for key, subnet in ranges(cluster).items():
        if address in subnet:
            problem = f"{address} is in network.{key} {subnet}, which is there when the cluster is"
            yield Fault(path, problem, f"Give its address outside, or choose another network.{key}.")


def members(cluster: Cluster) -> Iterator[Fault]:
    """Yield somebody else's etcd that is on this cluster's hosts, or of as many members as it should not have."""
    urls = [urlsplit(url) for url in _endpoints(cluster)]
    there = {str(host.address): name for name, host in cluster.control_plane.hosts.items()}
    ours = [there[url.hostname] for url in urls if url.hostname in there]
    if ours:
        yield Fault(
            "etcd.external.endpoints",
            f"names the control plane{'s' * (len(ours) > 1)} {some(ours)}, where members would be run from here",
            "Remove etcd.external for those, unless somebody else has set up etcd there.",
        )
    if len(urls) > 1 and len(urls) % 2 == 0 and all(url.port == _CLIENTS for url in urls):
        yield Fault(
            "etcd.external.endpoints",
            f"names {len(urls)} members, which survive no more losses than {len(urls) - 1} would (etcd FAQ)",
            "Name those that are missing, or ask etcd's owner for an odd number.",
        )


def _endpoints(cluster: Cluster) -> list[str]:
    return cluster.etcd.external.endpoints if cluster.etcd.external is not None else []


RULES = (etcd, proxies)
CAUTIONS = (members,)
