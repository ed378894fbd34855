"""What is done for the nodes as a whole when all have joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components import hooks
from components.config import Cluster
from components.host import Host
from components.pki import ClusterPki
from components.remote import RemoteScript, Step
from components.render import nodes, proxy


@dataclass(frozen=True)
class NodesArgs:
    """Arguments of Nodes."""

    cluster: Cluster
    """The cluster file."""
    coordinator: Host
    """The control plane that acts for the cluster."""
    pki: ClusterPki
    """Admin credentials."""
    after: Sequence[pulumi.Resource]
    """What has to be there: every node."""


class Nodes(pulumi.ComponentResource):
    """Labels, annotations and taints of all nodes, applied by one step from one control plane; then the user's own.

    What a node has of ours is remembered on the node, so that a line which is gone from the file is taken back.
    """

    def __init__(self, name: str, args: NodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:Nodes", name, None, opts)
        files: dict[str, pulumi.Input[str]] = {
            "admin.conf": args.pki.inner_kubeconfig,
            "nodes": nodes.lines(args.cluster),
            "nodes.yaml": nodes.objects(args.cluster),
        }
        after = pulumi.ResourceOptions(parent=self, depends_on=[*args.after])
        marked = RemoteScript(f"{name}-nodes", args.coordinator, Step("mark-nodes", files=files), after)
        last = args.cluster.hooks.after_up
        if last:
            step = Step(
                "after-up",
                inputs={"KUBERNETES_VERSION": args.cluster.kubernetes.version, **proxy.inputs(args.cluster)},
                files={"admin.conf": args.pki.inner_kubeconfig, **hooks.files("after-up", last)},
                deadline_seconds=300 + sum(hook.timeout_seconds for hook in last),
            )
            then = pulumi.ResourceOptions(parent=self, depends_on=[marked])
            RemoteScript(f"{name}-after-up", args.coordinator, step, then)
        self.register_outputs({})
