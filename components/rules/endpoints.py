"""Where the API is reached: what is wrong with an endpoint of any kind, and of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from components.config import Cluster, ExternalEndpoint, HaproxyEndpoint
from components.faults import Fault, some
from components.render import balancer
from components.rules.network import UNREACHABLE, ranges, unreachable


def address(cluster: Cluster) -> Iterator[Fault]:
    """Yield what is wrong with the endpoint's address, whatever its kind."""
    mine = cluster.endpoint.fixed_address()
    if mine is None:
        return
    yield from unreachable("endpoint.address", mine)
    for key, subnet in ranges(cluster).items():
        hosts = cluster.machines().values() if cluster.provider == "static" else ()
        # A range that has the hosts in it too is what is wrong, and is told as that.
        if mine in subnet and not any(host.knows("address") and host.address in subnet for _, host in hosts):
            yield Fault("endpoint.address", f"{mine} is in network.{key} {subnet}", "Choose one outside.")


def named(cluster: Cluster) -> Iterator[Fault]:
    """Yield a name that nodes would look up and find something else."""
    name = cluster.endpoint.dns_name()
    if name is None:
        return
    for path, (other, _) in cluster.machines().items():
        if other == name:
            yield Fault("endpoint.name", f"'{name}' is {path}'s own name", "Choose another, such as 'api.example.org'.")


def found_somehow(cluster: Cluster) -> Iterator[Fault]:
    """Yield an external endpoint that nobody could find."""
    endpoint = cluster.endpoint
    if isinstance(endpoint, ExternalEndpoint) and endpoint.address is None and endpoint.name is None:
        yield Fault(
            "endpoint",
            "has neither address nor name",
            "Give the balancer's address, its name in DNS, or both.",
        )


def somebodys(cluster: Cluster) -> Iterator[Fault]:
    """Yield an address that is a host's: one that moves between hosts, or a balancer's, is nobody's own."""
    mine = cluster.endpoint.fixed_address()
    external = isinstance(cluster.endpoint, ExternalEndpoint)
    remedy = "Name the balancer's own, which is another machine." if external else "Choose a free address."
    for path, (_, host) in cluster.machines().items():
        if host.knows("address") and host.address == mine and not _stands_alone(cluster, path):
            yield Fault("endpoint.address", f"{mine} belongs to {path}", remedy)


def _stands_alone(cluster: Cluster, path: str) -> bool:
    """Whether the host is the one control plane, named as the endpoint itself: nothing is between."""
    endpoint = cluster.endpoint
    itself = isinstance(endpoint, ExternalEndpoint) and endpoint.port == balancer.API_SERVER_PORT
    return itself and path.startswith("controlPlane.") and len(cluster.control_plane.hosts) == 1


def alone(cluster: Cluster) -> Iterator[Fault]:
    """Yield a control plane that is the endpoint itself."""
    mine = cluster.endpoint.fixed_address()
    for path, (name, host) in cluster.machines().items():
        if host.address == mine and _stands_alone(cluster, path):
            yield Fault(
                "endpoint.address",
                f"{mine} is {name}'s own: the API is lost with that host, and no second one can be added",
                "Name a balancer, or give a name of DNS alone, which can be pointed at one later.",
            )


def logins(cluster: Cluster) -> Iterator[Fault]:
    """Yield hosts that would be logged in to at the endpoint."""
    mine = cluster.endpoint.fixed_address()
    moving = mine is not None and isinstance(cluster.endpoint, HaproxyEndpoint)
    bastion = cluster.ssh.bastion if cluster.ssh.knows("bastion") else None
    if moving and bastion and bastion.knows("address") and bastion.address == str(mine):
        yield Fault(
            "ssh.bastion.address",
            f"{mine} is the virtual address, which moves between the balancers",
            "Give the bastion's own.",
        )
    for path, (_, host) in cluster.machines().items():
        if not host.knows("ssh", "lost") or not host.ssh.knows("address") or host.lost:
            continue
        if moving and host.ssh.address == str(mine):
            yield Fault(
                f"{path}.ssh.address",
                f"{host.ssh.address} is the virtual address, which moves between the balancers",
                "Give the host's own.",
            )


def balancers(cluster: Cluster) -> Iterator[Fault]:
    """Yield too few balancers."""
    if not isinstance(cluster.endpoint, HaproxyEndpoint):
        return
    hosts = cluster.endpoint.hosts
    if len(hosts) < 2:
        yield Fault(
            "endpoint.hosts",
            f"names {len(hosts)} balancer host{'s' if len(hosts) != 1 else ''}",
            "Name two or more, or the API is lost with that host.",
        )
    elif all(host.knows("lost") and host.lost for host in hosts.values()):
        yield Fault("endpoint.hosts", "are all lost", "One that lives has to answer for the API; add a host.")


def lonely_balancer(cluster: Cluster) -> Iterator[Fault]:
    """Yield balancers of which one alone lives."""
    living = [name for name, host in cluster.endpoint.balancers().items() if not host.lost]
    if len(living) == 1:
        yield Fault(
            "endpoint.hosts", f"{living[0]} alone is not lost, and the API is lost with it", "Add another host."
        )


def ports(cluster: Cluster) -> Iterator[Fault]:
    """Yield what the balancers' port collides with."""
    if not isinstance(cluster.endpoint, HaproxyEndpoint):
        return
    port = cluster.endpoint.port
    yield from _taken(cluster, cluster.endpoint, "endpoint.port", port, "6443")


def statistics(cluster: Cluster) -> Iterator[Fault]:
    """Yield what the port of the page of statistics collides with."""
    if not isinstance(cluster.endpoint, HaproxyEndpoint) or cluster.endpoint.statistics is None:
        return
    path, port = "endpoint.statistics.port", cluster.endpoint.statistics.port
    such = "8405" if port != 8405 else "8406"
    if port == cluster.endpoint.port:
        yield Fault(path, f"{port} is the API's, endpoint.port", f"Choose another, such as {such}.")
    yield from _taken(cluster, cluster.endpoint, path, port, such)


def _taken(cluster: Cluster, endpoint: HaproxyEndpoint, path: str, port: int, such: str) -> Iterator[Fault]:
    """Yield what else has a port on the balancers."""
    if port == balancer.HEALTH_PORT:
        yield Fault(path, f"{balancer.HEALTH_PORT} is where HAProxy says that it is alive", "Choose another.")
    for name, host in endpoint.hosts.items():
        behind = host.ssh.address is not None  # another machine may forward the port
        if not behind and port == (host.ssh.port or cluster.ssh.port or 22):
            yield Fault(path, f"{port} is sshd's on {name}", f"Choose another, such as {such}.")
            return


def _near(address: IPv4Address, length: int) -> IPv4Network:
    return IPv4Network((address, length), strict=False)


def segment(cluster: Cluster) -> Iterator[Fault]:
    """Yield a virtual address that is nowhere near a balancer: it is answered for by ARP, in one network."""
    if not isinstance(cluster.endpoint, HaproxyEndpoint):
        return
    mine = cluster.endpoint.address
    if any(mine in block for block in (*UNREACHABLE, *ranges(cluster).values())):
        return  # told already, and another one will be chosen
    near = _near(mine, 16)
    far = [f"{name} ({host.address})" for name, host in cluster.endpoint.hosts.items() if host.address not in near]
    if far:
        yield Fault(
            "endpoint.address",
            f"{mine} is in another network than {some(far)}",
            "Choose a free address of the balancers' own subnet: it is announced there and nowhere else.",
        )


def segment_perhaps(cluster: Cluster) -> Iterator[Fault]:
    """Yield a virtual address that may be outside of the balancers' network."""
    if not isinstance(cluster.endpoint, HaproxyEndpoint):
        return
    mine = cluster.endpoint.address
    near, close = _near(mine, 16), _near(mine, 24)
    far = [
        f"{name} ({host.address})"
        for name, host in cluster.endpoint.hosts.items()
        if host.address not in close and host.address in near
    ]
    if far:
        yield Fault(
            "endpoint.address",
            f"{mine} is not in the same /24 as {some(far)}",
            "See that both are in one subnet: the address is announced there and nowhere else.",
        )


#: Shorter, and what somebody has open by hand is cut off while nothing is said.
SHORT = 300
#: Ports below that are others' by agreement, but for those of TLS and of sshd.
_OTHERS, _COMMON = 1024, (22, 443)


def short(cluster: Cluster) -> Iterator[Fault]:
    """Yield times after which HAProxy ends what is quiet and not dead."""
    if not isinstance(cluster.endpoint, HaproxyEndpoint):
        return
    for key in ("client", "server"):
        lasting = getattr(cluster.endpoint.timeouts, key)
        if lasting < SHORT:
            yield Fault(
                f"endpoint.timeouts.{key}",
                f"is {lasting} seconds: `kubectl exec`, `logs -f` and quiet watches are cut off after that",
                "Remove it: 14400 is the default.",
            )


def octal(cluster: Cluster) -> Iterator[Fault]:
    """Yield ports that are hardly the API's or sshd's: a number with a 0 in front is read as an octal one."""
    found = {"endpoint.port": getattr(cluster.endpoint, "port", None), "ssh.port": cluster.ssh.port}
    for path, port in found.items():
        if port is not None and port < _OTHERS and port not in _COMMON:
            yield Fault(
                path,
                f"is {port}, which is somebody else's port by agreement",
                f"See that it was meant: YAML reads a number that begins with 0, such as 0{port:o}, as octal.",
            )


def multicast(cluster: Cluster) -> Iterator[Fault]:
    """Yield a name in a domain that many systems ask no server for."""
    name = cluster.endpoint.dns_name()
    # One in the domain of services is told as that.
    if not name or not name.endswith(".local") or f".{name}".endswith(f".{cluster.network.dns_domain}"):
        return
    if isinstance(cluster.endpoint, ExternalEndpoint) and cluster.endpoint.address is None:
        yield Fault(
            "endpoint.name",
            f"'{name}' is in .local, which belongs to multicast DNS: resolvers of many systems ask no server",
            "Choose a name in another domain, or give the address too.",
        )


RULES = (address, named, found_somehow, somebodys, logins, balancers, ports, statistics, segment)
CAUTIONS = (alone, lonely_balancer, segment_perhaps, short, octal, multicast)
