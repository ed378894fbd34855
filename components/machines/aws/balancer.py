"""The balancer before the API servers, its name, and every control plane behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import lb, route53

from components.config import NlbEndpoint
from components.machines.aws.base import Base
from components.machines.aws.guards import API, BALANCER, Guards, Path
from components.machines.aws.network import Network

PORT = API[0]


@dataclass(frozen=True)
class ApiBalancerArgs:
    """Arguments of an ApiBalancer."""

    base: Base
    """What everything is made with."""
    endpoint: NlbEndpoint
    """What the cluster file says about the endpoint."""
    network: Network
    """Where it is."""
    guards: Guards
    """What may reach it."""
    backends: Mapping[str, str]
    """Address of each control plane by name, also of those still to come."""
    public: Mapping[str, pulumi.Output[str]]
    """Public addresses of machines that have one, by name."""


class ApiBalancer(pulumi.ComponentResource):
    """A network load balancer in all zones, with every control plane behind it that says it is ready.

    Backends are addresses: whatever machine has one is behind it. It does not keep clients' addresses, since a control
    plane that is sent back to itself would not hear the answer.
    """

    there: Sequence[pulumi.Resource]
    """What has to be there before the first API server."""

    def __init__(self, name: str, args: ApiBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:ApiBalancer", name, None, opts)
        base = args.base.within(self)
        balancer = self._balancer(base, args)
        group = _targets(base, args.network.vpc)
        listener = lb.Listener(
            base.name("api-listener"),
            load_balancer_arn=balancer.arn,
            port=PORT,
            protocol="TCP",
            default_actions=[lb.ListenerDefaultActionArgs(type="forward", target_group_arn=group.arn)],
            tags=base.tags(base.name("api")),
            opts=base.opts(),
        )
        targets = [
            lb.TargetGroupAttachment(
                f"{plane}-behind-api", target_group_arn=group.arn, target_id=address, port=PORT, opts=base.opts()
            )
            for plane, address in args.backends.items()
        ]
        record = _record(base, args, balancer)
        self.there = [listener, record, *targets, *self._own_ways(args)]
        self.register_outputs({"name": balancer.dns_name})

    def _balancer(self, base: Base, args: ApiBalancerArgs) -> lb.LoadBalancer:
        public = args.endpoint.scheme == "public"
        own = base.options.network.range is not None
        subnets = args.network.edges if own or public else args.network.machines
        name = base.name("api")
        return lb.LoadBalancer(
            name,
            load_balancer_type="network",
            internal=not public,
            subnets=list(subnets.values()),
            security_groups=[args.guards.groups[BALANCER].id],
            enable_cross_zone_load_balancing=True,
            tags=base.tags(name),
            opts=base.opts(depends_on=[*args.network.ready]),
        )

    def _own_ways(self, args: ApiBalancerArgs) -> list[pulumi.Resource]:
        """Return what lets the cluster's own machines reach a public balancer: they come from outside, as all do."""
        if args.endpoint.scheme != "public":
            return []
        ways = {f"way-out-{number}": address for number, address in enumerate(args.network.ways_out, start=1)}
        return [
            args.guards.opened(Path(BALANCER, f"api-from-{what}", "tcp", API), pulumi.Output.concat(address, "/32"))
            for what, address in (ways | dict(args.public)).items()
        ]


def _targets(base: Base, vpc: pulumi.Input[str]) -> lb.TargetGroup:
    return lb.TargetGroup(
        base.name("api-targets"),
        vpc_id=vpc,
        port=PORT,
        protocol="TCP",
        target_type="ip",
        preserve_client_ip="false",
        deregistration_delay=30,
        # Connections to an API server that is gone are ended, so that clients look for another one.
        connection_termination=True,
        health_check=lb.TargetGroupHealthCheckArgs(
            protocol="HTTPS",
            port=str(PORT),
            path="/readyz",
            matcher="200",
            interval=10,
            timeout=6,
            healthy_threshold=2,
            unhealthy_threshold=2,
        ),
        tags=base.tags(base.name("api")),
        opts=base.opts(),
    )


def _record(base: Base, args: ApiBalancerArgs, balancer: lb.LoadBalancer) -> route53.Record:
    name = args.endpoint.name or ""
    zone: pulumi.Input[str]
    if args.endpoint.zone_id is None:
        # A zone of the name alone: it hides no other name of its domain from the VPC.
        zone = route53.Zone(
            base.name("api-zone"),
            name=name,
            comment=f"API of cluster {base.cluster.name}",
            vpcs=[route53.ZoneVpcArgs(vpc_id=args.network.vpc)],
            tags=base.tags(base.name("api")),
            opts=base.opts(),
        ).zone_id
    else:
        zone = args.endpoint.zone_id
    alias = route53.RecordAliasArgs(name=balancer.dns_name, zone_id=balancer.zone_id, evaluate_target_health=False)
    return route53.Record(base.name("api-name"), zone_id=zone, name=name, type="A", aliases=[alias], opts=base.opts())
