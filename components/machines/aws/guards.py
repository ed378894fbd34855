"""Security groups: one a role, with the paths that Kubernetes, etcd and the network of pods need, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_aws import ec2, vpc

from components.config import NlbEndpoint
from components.machines.aws.base import Base
from components.machines.aws.network import ANYWHERE

API, KUBELET, SSH, HTTPS = (6443, 6443), (10250, 10250), (22, 22), (443, 443)
CLIENTS, MEMBERS = (2379, 2379), (2379, 2380)
#: Path MTU discovery: without "fragmentation needed" large packets vanish.
FRAGMENTATION_NEEDED = (3, 4)
VXLAN = "udp/8472"
BALANCER, BASTION, SERVICES = "balancer", "bastion", "services"
PLANE, ETCD, WORKER = "control-plane", "etcd", "worker"
#: Services that the endpoints of each need an interface for; S3 is a route.
INTERFACES = {
    "ecr": ("ecr.api", "ecr.dkr"),
    "ssm": ("ssm", "ssmmessages", "ec2messages"),
    "ec2": ("ec2",),
    "autoscaling": ("autoscaling",),
}


@dataclass(frozen=True)
class Path:
    """What one role may send to another."""

    to: str
    what: str
    """A word for it, unique with its two ends."""
    protocol: str
    ports: tuple[int, int]
    """From and to; type and code of ICMP."""
    role: str = ""
    """Who sends, where that is a role."""
    range: str = ""
    """Who sends, where that is a range of addresses."""


@dataclass(frozen=True)
class GuardsArgs:
    """Arguments of Guards."""

    base: Base
    """What everything is made with."""
    vpc: pulumi.Input[str]
    """Id of the VPC."""


class Guards(pulumi.ComponentResource):
    """A security group for each role, and the paths between them. Node ports are open to nobody."""

    groups: dict[str, ec2.SecurityGroup]
    """The groups by role."""
    paths: Sequence[pulumi.Resource]
    """What has to be there before a machine starts."""

    def __init__(self, name: str, args: GuardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:Guards", name, None, opts)
        base = self._base = args.base.within(self)
        self.groups = {role: _group(base, args.vpc, role) for role in roles(base)}
        self.paths = [self.opened(path) for path in paths(base)] + [
            vpc.SecurityGroupEgressRule(
                base.name(f"{role}-out"),
                security_group_id=group.id,
                ip_protocol="-1",
                cidr_ipv4=ANYWHERE,
                tags=base.tags(base.name(f"{role}-out")),
                opts=base.opts(),
            )
            for role, group in self.groups.items()
        ]
        self.register_outputs({})

    def opened(self, path: Path, address: pulumi.Input[str] | None = None) -> vpc.SecurityGroupIngressRule:
        """Open a path; `address` is the one sender that is known only when it is made."""
        name = self._base.name(f"{path.to}-{path.what}")
        sender: dict[str, pulumi.Input[str]] = (
            {"referenced_security_group_id": self.groups[path.role].id}
            if path.role
            else {"cidr_ipv4": path.range if address is None else address}
        )
        return vpc.SecurityGroupIngressRule(
            name,
            security_group_id=self.groups[path.to].id,
            ip_protocol=path.protocol,
            from_port=path.ports[0],
            to_port=path.ports[1],
            tags=self._base.tags(name),
            opts=self._base.opts(),
            **sender,
        )


def roles(base: Base) -> list[str]:
    """Return the roles that there are."""
    cluster = base.cluster
    asked = {
        BALANCER: isinstance(cluster.endpoint, NlbEndpoint),
        BASTION: base.options.bastion is not None,
        SERVICES: bool(INTERFACES.keys() & set(base.options.network.endpoints)),
        PLANE: True,
        ETCD: bool(cluster.etcd.hosts),
        WORKER: bool(cluster.workers),
    }
    return [role for role, there in asked.items() if there]


def paths(base: Base) -> Iterator[Path]:
    """Yield every path that is known before anything is made."""
    there = roles(base)
    nodes = [role for role in (PLANE, WORKER) if role in there]
    machines = [role for role in (PLANE, ETCD, WORKER) if role in there]
    yield from _to_api(base, nodes)
    if base.cluster.etcd.stacked:
        yield Path(PLANE, "etcd", "tcp", MEMBERS, role=PLANE)
    elif ETCD in there:
        yield Path(ETCD, "etcd", "tcp", MEMBERS, role=ETCD)
        yield Path(ETCD, "etcd-from-control-plane", "tcp", CLIENTS, role=PLANE)
    for role in nodes:
        # From workers too: what scrapes kubelets, such as metrics-server, runs there.
        for sender in nodes:
            yield Path(role, f"kubelet-from-{sender}", "tcp", KUBELET, role=sender)
        for port in [VXLAN] if base.cluster.network.cni == "flannel" else dict.fromkeys(base.options.cni_ports):
            protocol, _, digits = port.partition("/")
            for sender in nodes:
                yield Path(role, f"pods-{protocol}-{digits}-from-{sender}", protocol, (int(digits),) * 2, role=sender)
    for role in machines:
        if BASTION in there:
            yield Path(role, "ssh-from-bastion", "tcp", SSH, role=BASTION)
        if SERVICES in there:
            yield Path(SERVICES, f"https-from-{role}", "tcp", HTTPS, role=role)
        yield from _from_ranges(role, "ssh", SSH, base.options.ssh_ranges)
    if base.options.bastion is not None:
        yield from _from_ranges(BASTION, "ssh", SSH, base.options.bastion.allowed_ranges)
    for role in there:
        yield Path(role, "fragmentation-needed", "icmp", FRAGMENTATION_NEEDED, range=ANYWHERE)


def _to_api(base: Base, nodes: Sequence[str]) -> Iterator[Path]:
    # Inside of the cluster the API is a service, whose backends are the control planes themselves.
    for role in nodes:
        yield Path(PLANE, f"api-from-{role}", "tcp", API, role=role)
    endpoint = base.cluster.endpoint
    if not isinstance(endpoint, NlbEndpoint):
        return
    yield Path(PLANE, "api-from-balancer", "tcp", API, role=BALANCER)
    if endpoint.scheme == "internal":  # to a public one they come from outside, as all do
        for role in nodes:
            yield Path(BALANCER, f"api-from-{role}", "tcp", API, role=role)
    own = base.options.network.range
    allowed = endpoint.allowed_ranges or ([own] if own and endpoint.scheme == "internal" else [])
    yield from _from_ranges(BALANCER, "api", API, allowed)


def _from_ranges(role: str, what: str, ports: tuple[int, int], senders: Sequence[IPv4Network]) -> Iterator[Path]:
    """Yield a path from each range, named after it: what is taken out of the list changes no other rule."""
    for sender in dict.fromkeys(senders):
        yield Path(role, f"{what}-from-{str(sender).replace('/', '-')}", "tcp", ports, range=str(sender))


def _group(base: Base, network: pulumi.Input[str], role: str) -> ec2.SecurityGroup:
    name = base.name(f"{role}-guard")
    return ec2.SecurityGroup(
        name,
        description=f"{role} of cluster {base.cluster.name}",
        vpc_id=network,
        tags=base.tags(name),
        opts=base.opts(),
    )
