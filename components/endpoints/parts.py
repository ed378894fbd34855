"""What a kind of endpoint gives to the rest of the cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.config import Cluster
from components.host import Host
from components.pki import ClusterPki


@dataclass(frozen=True)
class EndpointArgs:
    """What a kind may build with."""

    cluster: Cluster
    """The cluster file."""
    hosts: Mapping[str, Host]
    """Every host of it by name."""
    pki: ClusterPki
    """Authorities and admin credentials."""
    balancer: Callable[[], Sequence[pulumi.Resource]] | None = None
    """Makes the balancer of whoever makes the machines, with every control plane behind it; returns what has to be
    there before the first API server. None where hosts are there already."""

    @property
    def backends(self) -> Mapping[str, str]:
        """Address of each control plane by name, also of those still to come: the endpoint is first."""
        return {name: str(h.address) for name, h in self.cluster.control_plane.hosts.items() if not h.lost}


@dataclass(frozen=True)
class Additions:
    """What a step gets besides its own."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    """Plain variables, which show in previews: nothing secret."""
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Files beside the script, such as `static-pods/kube-vip.yaml`: plain text, so that a preview stays quick."""


@dataclass(frozen=True)
class Endpoint:
    """What an endpoint is to the rest of the cluster: nothing of it has to be there."""

    first: Sequence[pulumi.Resource] = ()
    """What has to be there before the first API server: `kubeadm init` asks for the API at the endpoint."""
    start: Additions = Additions()
    """For the step that starts the cluster."""
    control_plane: Additions = Additions()
    """For the step that makes a host a control plane and keeps it one: each `up` that changes it runs it again."""
    worker: Additions = Additions()
    """For the step that makes a host a worker and keeps it one."""
