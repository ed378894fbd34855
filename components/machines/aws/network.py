"""The network that machines are in: a VPC of the cluster's own, or one that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_aws import ec2

from components.machines.aws.base import Base
from components.machines.aws.services import service_endpoint

ANYWHERE = "0.0.0.0/0"
#: What the cloud controller manager chooses subnets by for balancers of Services: never those of machines, whose
#: addresses are given out here.
FOR_BALANCERS = {"kubernetes.io/role/elb": "1", "kubernetes.io/role/internal-elb": "1"}


@dataclass(frozen=True)
class NetworkArgs:
    """Arguments of a Network."""

    base: Base
    """What everything is made with."""


class Network(pulumi.ComponentResource):
    """A VPC with two subnets in each zone, one for machines alone and one for what stands before them.

    Machines' addresses are chosen here, so nothing that AWS gives addresses to may be in their subnets: balancers,
    gateways and the like are in the smaller ones.
    """

    vpc: pulumi.Input[str]
    """Id of the VPC."""
    machines: Mapping[str, pulumi.Input[str]]
    """Ids of the subnets for machines, by zone."""
    edges: Mapping[str, pulumi.Input[str]]
    """Ids of the subnets for what stands before them, by zone."""
    ways_out: Sequence[pulumi.Output[str]]
    """Addresses that machines are seen with from outside, where gateways of ours give them."""
    ready: Sequence[pulumi.Resource]
    """What has to be there before a machine starts: it goes out at once."""
    ground: pulumi.Resource
    """What goes with the whole cluster and with nothing less."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:Network", name, None, opts)
        base = args.base.within(self)
        network = base.options.network
        self.ways_out = []
        if network.range is None:
            # Rules hold that each is said in some way, and the account has given the ids of those with tags.
            self.vpc = network.vpc or ""
            self.machines = {zone: subnet.id or "" for zone, subnet in network.subnets.items()}
            self.edges = {zone: subnet.id or "" for zone, subnet in network.public_subnets.items()}
            self.ready = []
            self.ground = self
        else:
            self._make(base, network.range)
        self.register_outputs({"vpc": self.vpc})

    def _make(self, base: Base, whole: IPv4Network) -> None:
        network, name = base.options.network, base.name("vpc")
        vpc = ec2.Vpc(
            name,
            cidr_block=str(whole),
            # Names of private zones are answered only with both.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=base.tags(name),
            opts=base.opts(),
        )
        self.vpc, self.ground = vpc.id, vpc
        gateway = _gateway(base, vpc)
        machines = {zone: _subnet(base, vpc, zone, part) for zone, part in base.options.machine_subnets().items()}
        edges = {
            zone: _subnet(
                base, vpc, zone, part, "edge-", FOR_BALANCERS if base.options.cloud_controller_manager else {}
            )
            for zone, part in base.options.edge_subnets().items()
        }
        self.machines = {zone: subnet.id for zone, subnet in machines.items()}
        self.edges = {zone: subnet.id for zone, subnet in edges.items()}
        out = _table(base, vpc, "edge")
        ready = [_route(base, out, "edge", gateway_id=gateway.id)]
        ready += [_joined(base, out, subnet, f"edge-{zone}") for zone, subnet in edges.items()]
        inner = dict.fromkeys(machines, out) if network.public else self._inner(base, vpc, edges, ready)
        ready += [_joined(base, inner[zone], subnet, zone) for zone, subnet in machines.items()]
        tables = list({id(table): table for table in inner.values()}.values())
        if "s3" in network.endpoints:
            # A gateway, which costs nothing: a route of its own.
            routes = [table.id for table in tables]
            ready.append(service_endpoint(base, vpc.id, "s3", "Gateway", route_table_ids=routes))
        self.ready = ready

    def _inner(
        self, base: Base, vpc: ec2.Vpc, edges: Mapping[str, ec2.Subnet], ready: list[pulumi.Resource]
    ) -> dict[str, ec2.RouteTable]:
        """Return the table of each zone's machines: those of one gateway, or of none, share one."""
        nat = base.options.network.nat or "one"
        if nat == "none":
            table = _table(base, vpc, "machines")
            return dict.fromkeys(edges, table)
        zones = list(edges) if nat == "zone" else list(edges)[:1]
        tables = {}
        for zone in zones:
            what = zone if nat == "zone" else "machines"
            address = ec2.Eip(
                base.name(f"nat-{what}"), domain="vpc", tags=base.tags(base.name(f"nat-{what}")), opts=base.opts()
            )
            gateway = ec2.NatGateway(
                base.name(f"nat-{what}-gateway"),
                allocation_id=address.allocation_id,
                subnet_id=edges[zone].id,
                tags=base.tags(base.name(f"nat-{what}")),
                # A gateway without a way out of its own fails.
                opts=base.opts(depends_on=[*ready]),
            )
            self.ways_out = [*self.ways_out, address.public_ip]
            tables[zone] = _table(base, vpc, what)
            ready.append(_route(base, tables[zone], what, nat_gateway_id=gateway.id))
        return {zone: tables.get(zone, tables[zones[0]]) for zone in edges}


def _gateway(base: Base, vpc: ec2.Vpc) -> ec2.InternetGateway:
    name = base.name("internet")
    return ec2.InternetGateway(name, vpc_id=vpc.id, tags=base.tags(name), opts=base.opts())


def _subnet(
    base: Base, vpc: ec2.Vpc, zone: str, part: IPv4Network, kind: str = "", more: Mapping[str, str] | None = None
) -> ec2.Subnet:
    name = base.name(f"{kind}{zone}")
    return ec2.Subnet(
        name,
        vpc_id=vpc.id,
        availability_zone=zone,
        cidr_block=str(part),
        map_public_ip_on_launch=False,
        tags={**base.tags(name), **(more or {})},
        opts=base.opts(),
    )


def _table(base: Base, vpc: ec2.Vpc, what: str) -> ec2.RouteTable:
    name = base.name(f"{what}-routes")
    return ec2.RouteTable(name, vpc_id=vpc.id, tags=base.tags(name), opts=base.opts())


def _route(base: Base, table: ec2.RouteTable, what: str, **to: pulumi.Input[str]) -> ec2.Route:
    return ec2.Route(
        base.name(f"{what}-out"), route_table_id=table.id, destination_cidr_block=ANYWHERE, opts=base.opts(), **to
    )


def _joined(base: Base, table: ec2.RouteTable, subnet: ec2.Subnet, what: str) -> ec2.RouteTableAssociation:
    return ec2.RouteTableAssociation(
        base.name(f"{what}-table"), route_table_id=table.id, subnet_id=subnet.id, opts=base.opts()
    )
