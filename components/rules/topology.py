"""Which hosts there are: how many of each kind, by what names and addresses, and how they are logged in to."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import Cluster, HostSpec
from components.faults import Fault


def counts(cluster: Cluster) -> Iterator[Fault]:
    """Yield a kind of host that there are too many or too few of."""
    yield from _control_planes(cluster)
    yield from _pools(cluster)


def _control_planes(cluster: Cluster) -> Iterator[Fault]:
    if not cluster.knows("control_plane") or not cluster.control_plane.knows("hosts"):
        return
    hosts = cluster.control_plane.hosts
    if not hosts:
        yield Fault(
            "controlPlane.hosts",
            "names no host",
            "Name one, three, five or seven; to end the cluster, `pulumi destroy`.",
        )
    elif all(host.knows("lost") and host.lost for host in hosts.values()):
        yield Fault("controlPlane.hosts", "are all lost", "One that lives has to take the others out.")
    elif len(hosts) > 7:
        yield Fault(
            "controlPlane.hosts",
            f"names {len(hosts)} hosts",
            "More than 7 etcd members make every write slower (etcd FAQ); name 3, 5 or 7.",
        )


def _pools(cluster: Cluster) -> Iterator[Fault]:
    for pool, options in (cluster.workers if cluster.knows("workers") else {}).items():
        if options.knows("hosts") and not options.hosts and not options.elastic:
            yield Fault(f"workers.{pool}.hosts", "names no host", "Name one, or remove the pool.")


def names(cluster: Cluster) -> Iterator[Fault]:
    """Yield a name that two hosts have."""
    first: dict[str, str] = {}
    for path, (name, _) in cluster.machines().items():
        if name in first:
            yield Fault(path, f"the name {name} stands at {first[name]} too", "Rename one.")
        first.setdefault(name, path)


def addresses(cluster: Cluster) -> Iterator[Fault]:
    """Yield an address that two hosts have; of machines that are made a rule of their own tells."""
    if cluster.provider != "static":
        return
    first: dict[int, str] = {}
    for path, (_, host) in cluster.machines().items():
        if not host.knows("address"):
            continue
        other = first.setdefault(int(host.address), path)
        if other != path:
            yield Fault(path, f"{host.address} is the address of {other} too", _apart(path, other))


def _apart(*paths: str) -> str:
    roles = {path.partition(".")[0] for path in paths}
    if roles == {"endpoint", "controlPlane"}:
        return "Give each host its own: HAProxy and an API server would want the same port."
    if len(roles) == 2:
        return "Give each host its own: a host has one role."
    return "Give each host its own."


def logins(cluster: Cluster) -> Iterator[Fault]:
    """Yield hosts that would be logged in to at one and the same place."""
    common = cluster.ssh
    if common.address is not None:
        yield Fault(
            "ssh.address",
            f"{common.address} would be where every host is logged in to",
            "Write it at the host that it belongs to, under its ssh.",
        )
        return
    first: dict[tuple[str, int, str], tuple[str, HostSpec]] = {}
    for path, (_, host) in cluster.machines().items():
        if not host.knows("address", "ssh", "lost") or not host.ssh.knows("address", "port", "bastion") or host.lost:
            continue
        # Behind another bastion the same address may be another host's.
        bastion = host.ssh.bastion or common.bastion
        through = bastion.address if bastion and bastion.knows("address") else ""
        place = _place(host), host.ssh.port or common.port or 22, through
        other, there = first.setdefault(place, (path, host))
        where = f"{place[0]} port {place[1]} is where"
        if other != path and host.ssh.address is not None:
            yield Fault(f"{path}.ssh.address", f"{where} {other} is logged in to too", "Give each its own.")
        elif other != path and there.ssh.address is not None:
            yield Fault(f"{other}.ssh.address", f"{where} {path} is logged in to too", "Give each its own.")


def _place(host: HostSpec) -> str:
    return host.ssh.address or str(host.address)


def edges(cluster: Cluster) -> Iterator[Fault]:
    """Yield hosts with addresses that are rarely a host's."""
    found = {path: host.address for path, (_, host) in cluster.machines().items()}
    virtual = cluster.endpoint.fixed_address()
    for path, address in (found | ({"endpoint.address": virtual} if virtual else {})).items():
        end = address.packed[-1]
        if end in (0, 255):
            yield Fault(
                path,
                f"{address} ends in .{end}, which in a /24 is {'everybody' if end else 'the network itself'}",
                "See that it is a host's: in a larger range it can be.",
            )


RULES = (counts, names, addresses, logins)
CAUTIONS = (edges,)
