"""A pool of workers that are alike, joined all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.config import Cluster
from components.host import Host
from components.node import drain_inputs, evicted_node, prepared_node
from components.pki import ClusterPki
from components.remote import RemoteScript, Step
from components.render import kubeadm


@dataclass(frozen=True)
class WorkerPoolArgs:
    """Arguments of a WorkerPool."""

    cluster: Cluster
    """The cluster file."""
    hosts: Sequence[Host]
    """The workers."""
    pki: ClusterPki
    """Signs the identity that each worker joins with."""
    coordinator: Host
    """The control plane that takes out a worker which is lost."""
    join_after: Sequence[pulumi.Resource]
    """What has to be there before a worker joins. Preparing hosts waits for nothing."""


class WorkerPool(pulumi.ComponentResource):
    """Workers, each of two steps on its own host: prepared, then joined and Ready."""

    def __init__(self, name: str, args: WorkerPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:WorkerPool", name, None, opts)
        for host in args.hosts:
            prepared = prepared_node(
                f"{host.name}-prepare",
                host,
                args.cluster,
                control_plane=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
            RemoteScript(
                f"{host.name}-join",
                host,
                Step(
                    "join-worker",
                    undo="leave-worker",
                    inputs={"ENDPOINT": kubeadm.endpoint(args.cluster), **drain_inputs(args.cluster)},
                    files={
                        "kubeadm.yaml": kubeadm.join(args.cluster, host.name, host.address, control_plane=False),
                        "discovery.conf": args.pki.node_kubeconfig(host.name, prepared.stdout),
                    },
                ),
                pulumi.ResourceOptions(parent=self, depends_on=[*args.join_after, prepared]),
            )
            if host.lost:
                evicted_node(
                    host, args.coordinator, args.pki, pulumi.ResourceOptions(parent=self, depends_on=[*args.join_after])
                )
        self.register_outputs({})
