"""Where hosts come from: what a provider makes, and what it cannot carry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.config import Cluster, HaproxyEndpoint, KubeVipEndpoint, NlbEndpoint
from components.faults import Fault, some
from components.placement import first_of, placed, prefix

_INSTEAD = "Choose nlb, which is made with the machines; or node-local, or external."
#: A balancer's name has 32 characters in AWS, and Pulumi makes it a name of its own with what it adds.
LONGEST_NAME = 20


def section(cluster: Cluster) -> Iterator[Fault]:
    """Yield a provider without its section, or a section without its provider."""
    if cluster.provider == "aws" and cluster.aws is None:
        yield Fault("aws", "is missing, and provider is aws", "Write under it at least region and network.")
    elif cluster.provider == "static" and cluster.aws is not None:
        yield Fault("aws", "is for machines that are made there, and provider is static", "Write `provider: aws`.")


def groups(cluster: Cluster) -> Iterator[tuple[str, Any]]:
    """Yield every group of hosts by its path, as far as it is known."""
    if cluster.knows("control_plane"):
        yield "controlPlane", cluster.control_plane
    if cluster.knows("etcd"):
        yield "etcd", cluster.etcd
    for pool, options in (cluster.workers if cluster.knows("workers") else {}).items():
        yield f"workers.{pool}", options


def sources(cluster: Cluster) -> Iterator[Fault]:
    """Yield groups whose hosts come from elsewhere than the provider says."""
    for path, group in groups(cluster):
        if not group.knows("machines"):
            continue
        listed = group.hosts if group.knows("hosts") else {}
        if cluster.provider == "static" and group.machines is not None:
            yield Fault(
                f"{path}.machines",
                "has machines made, and provider is static: hosts are there already",
                "Write `provider: aws` and the section aws, or list the hosts under hosts.",
            )
        elif cluster.provider == "aws" and group.machines is None and listed:
            yield Fault(
                f"{path}.hosts",
                f"names {some(list(listed))}, and with provider aws machines are made",
                "Write machines in its place, or leave out provider.",
            )
        elif group.machines is not None and not _made(cluster, path, group, listed):
            yield Fault(f"{path}.hosts", "stands beside machines", "Keep one of the two: provider aws makes machines.")


def _made(cluster: Cluster, path: str, group: Any, listed: Any) -> bool:
    """Whether the hosts of a group are those of its machines, or cannot be told apart from them."""
    if not listed or cluster.aws is None or not cluster.aws.knows("network"):
        return True
    subnets, machines = cluster.aws.machine_subnets(), group.machines
    if not subnets or not machines.knows("count", "skip", "first_address"):
        return True
    if machines.count is None:
        return False
    places = placed(machines.count, machines.skip, first_of(path, machines.first_address), subnets)
    return set(listed) == {f"{prefix(path)}-{place.number}" for place in places}


def endpoint(cluster: Cluster) -> Iterator[Fault]:
    """Yield a kind of endpoint that the network of the machines does not carry."""
    kind = cluster.endpoint
    if cluster.provider == "static":
        if isinstance(kind, NlbEndpoint):
            yield Fault(
                "endpoint.kind",
                "'nlb' is made with machines in AWS, and provider is static",
                "Choose external for a balancer that is there, or write `provider: aws`.",
            )
    elif isinstance(kind, HaproxyEndpoint):
        yield Fault(
            "endpoint.kind",
            "'haproxy' moves its address by VRRP, and a VPC hands out no packets for an address that it gave to nobody",
            _INSTEAD,
        )
    elif isinstance(kind, KubeVipEndpoint):
        how = "by ARP, and a VPC asks nobody by it" if kind.mode == "arp" else "by BGP, and a VPC takes no routes by it"
        yield Fault("endpoint.kind", f"'kube-vip' tells where its address is {how}", _INSTEAD)


def name(cluster: Cluster) -> Iterator[Fault]:
    """Yield a name that is too long for what is named after it."""
    if cluster.provider == "aws" and len(cluster.name) > LONGEST_NAME:
        yield Fault(
            "name",
            f"{cluster.name} is longer than {LONGEST_NAME} characters, and what is made in AWS is named after it",
            "Choose a shorter one.",
        )


def families(cluster: Cluster) -> Iterator[Fault]:
    """Yield a second family, which machines that are made have no addresses of."""
    if cluster.provider == "aws" and cluster.network.ipv6 is not None:
        yield Fault("network.ipv6", "needs an IPv6 address for each node, and machines get none", "Remove it.")


RULES = (section, sources, endpoint, name, families)
CAUTIONS = ()
