"""What a stack tells of the machines that it makes, to the one that builds a cluster on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.host import Host, SshAccess
from components.machines.joined import VERSION
from components.machines.site import Site


@dataclass(frozen=True)
class InfrastructureArgs:
    """Arguments of Infrastructure."""

    site: Site
    """The machines, and what else their provider makes."""
    bootstrap: str
    """The stack that builds a cluster on them."""
    made: Mapping[str, Any]
    """What they are made from: the parts of the cluster file that count for them."""
    protect: bool
    """Whether nothing of it ends without saying so first."""


class Infrastructure(pulumi.ComponentResource):
    """All that a cluster stands on. It ends before anything else of it does, so what protects it protects all."""

    told: Mapping[str, Any]
    """What the other stack has to know; nothing in it is secret."""
    login_key: pulumi.Output[str] | None
    """The key to log in with, secret."""

    def __init__(self, name: str, args: InfrastructureArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        site = args.site
        there: Sequence[pulumi.Resource] = site.balancer() if site.balancer else ()
        mine = pulumi.ResourceOptions(depends_on=[*site.made, *there], protect=args.protect)
        super().__init__("kubeadm-ha:index:Infrastructure", name, None, pulumi.ResourceOptions.merge(mine, opts))
        living = [host for host in site.hosts.values() if not host.lost]
        access = living[0].ssh
        self.login_key = None if access.private_key is None else pulumi.Output.secret(access.private_key)
        self.told = {
            "version": VERSION,
            "bootstrap": args.bootstrap,
            "made": args.made,
            "hosts": {host.name: _machine(host) for host in living},
            **({"bastion": _login(access.bastion)} if access.bastion else {}),
            "footing": site.footing,
        }
        self.register_outputs({})

    def export(self) -> None:
        """Set the stack's outputs."""
        pulumi.export("infrastructure", self.told)
        pulumi.export("loginKey", self.login_key)


def _machine(host: Host) -> dict[str, Any]:
    known = {} if host.provider_id is None else {"providerId": host.provider_id}
    made = host.machine.id if isinstance(host.machine, pulumi.CustomResource) else ""
    return {**_login(host.ssh), **known, "machine": made}


def _login(access: SshAccess) -> dict[str, Any]:
    return {"address": access.address, "port": access.port, "user": access.user, "hostKey": access.host_key}
