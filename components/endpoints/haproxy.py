"""The endpoint of the API: HAProxy on hosts of their own, one of which holds a virtual address by keepalived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.config import HaproxyEndpoint
from components.endpoints.parts import Endpoint, EndpointArgs
from components.host import Host
from components.remote import RemoteScript, Step
from components.render import balancer, proxy


@dataclass(frozen=True)
class LoadBalancerArgs:
    """Arguments of a LoadBalancer."""

    endpoint: HaproxyEndpoint
    """What the cluster file says about the endpoint."""
    hosts: Sequence[Host]
    """The balancer hosts."""
    backends: Mapping[str, str]
    """Address of each control plane by name, also of those still to come: the balancer is first."""
    ca_certificate: pulumi.Output[str]
    """PEM of the authority that signs the API servers' certificates."""
    way_out: Mapping[str, str]
    """The proxy that packages are fetched by, as scripts are told of it."""


class LoadBalancer(pulumi.ComponentResource):
    """Balancer hosts that share the API's virtual address. It is there before the first API server.

    The virtual address moves within seconds when its host, or that host's HAProxy, is lost.
    """

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:LoadBalancer", name, None, opts)
        for host in args.hosts:
            step = Step(
                "balance-api",
                undo="unbalance-api",
                inputs={"VIRTUAL_ADDRESS": str(args.endpoint.address), "PORT": str(args.endpoint.port), **args.way_out},
                files={
                    "haproxy.cfg": balancer.haproxy(args.endpoint, args.backends),
                    "keepalived.conf": balancer.keepalived(args.endpoint, host.name),
                    "kubernetes-ca.crt": args.ca_certificate,
                },
            )
            # A host whose address is another one stops balancing before the one that takes its name begins.
            mine = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
            RemoteScript(f"{host.name}-balance", host, step, mine)
        self.register_outputs({})


def endpoint(options: HaproxyEndpoint, args: EndpointArgs) -> Endpoint:
    """Build the balancers; the cluster starts when they answer."""
    balancers = LoadBalancer(
        args.cluster.name,
        LoadBalancerArgs(
            endpoint=options,
            hosts=[args.hosts[name] for name in options.hosts],
            backends=args.backends,
            ca_certificate=args.pki.ca_certificate,
            way_out=proxy.inputs(args.cluster),
        ),
    )
    return Endpoint(first=[balancers])
