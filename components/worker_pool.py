"""A pool of workers that are alike: joined all at once, changed a few at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pulumi

from components.config import Cluster
from components.endpoints.parts import Endpoint
from components.hooks import node_hooks
from components.host import Host
from components.node import evicted_node, node_deadline, node_inputs, preparation, told
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
    endpoint: Endpoint
    """Where the API is reached, and what that asks of workers."""
    coordinator: Host
    """The control plane that takes out a worker which is lost."""
    join_after: Sequence[pulumi.Resource]
    """What has to be there before a worker joins. Preparing hosts waits for nothing."""
    in_turn: Collection[str] = ()
    """Names of the workers that run and will be away for a while in this update: at most the pool's `maxUnavailable`
    of them at a time."""


class WorkerPool(pulumi.ComponentResource):
    """Workers, each of two steps on its own host: prepared, then joined and Ready."""

    joined: Sequence[pulumi.Resource]
    """Done when each worker that lives has joined and is Ready."""

    def __init__(self, name: str, args: WorkerPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:WorkerPool", name, None, opts)
        # An order alone changes nothing in a preview, so it is there only when it is needed: taking a pool apart goes
        # the same way back, and would be as slow.
        turns: list[pulumi.Resource] = []
        living: list[pulumi.Resource] = []
        same = _Same(args.cluster, args.endpoint, name)
        at_a_time = args.cluster.workers[name].max_unavailable
        for host in args.hosts:
            prepared = RemoteScript(f"{host.name}-prepare", host, same.preparation, pulumi.ResourceOptions(parent=self))
            takes_turns = host.name in args.in_turn
            before = [turns[-at_a_time]] if takes_turns and len(turns) >= at_a_time else []
            joined = RemoteScript(
                f"{host.name}-join",
                host,
                _join(args, same, host, prepared.stdout),
                pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[*args.join_after, prepared, *before],
                    # A host whose address is another one is left before the one that takes its name joins.
                    delete_before_replace=True,
                ),
            )
            if takes_turns:
                turns.append(joined)
            if not host.lost:
                living.append(joined)
            else:
                evicted_node(
                    host,
                    args.coordinator,
                    args.cluster,
                    args.pki,
                    pulumi.ResourceOptions(parent=self, depends_on=[*args.join_after]),
                )
        self.joined = living
        self.register_outputs({})


class _Same:
    """What every worker gets, made once: a pool may have a thousand."""

    def __init__(self, cluster: Cluster, endpoint: Endpoint, pool: str) -> None:
        self.inputs = {**node_inputs(cluster), **endpoint.worker.inputs}
        self.files = {**endpoint.worker.files, **node_hooks(cluster, pool)}
        self.preparation = preparation(cluster, control_plane=False)
        self.upgrade = kubeadm.upgrade(cluster)


def _join(args: WorkerPoolArgs, same: _Same, host: Host, prepared: pulumi.Output[str]) -> Step:
    return Step(
        "join-worker",
        undo="leave-worker",
        inputs=same.inputs,
        files={
            "kubeadm.yaml": told(
                host,
                lambda known: kubeadm.join(
                    args.cluster, host.name, host.address, host.address6, control_plane=False, provider_id=known
                ),
            ),
            "discovery.conf": args.pki.node_kubeconfig(host.name, prepared),
            "upgrade.yaml": same.upgrade,
            **kubeadm.kubelet_patch(args.cluster, host.name),
            **same.files,
        },
        deadline_seconds=node_deadline(args.cluster, 900),
    )
