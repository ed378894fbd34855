"""Hosts that run the API servers and, unless it is elsewhere, etcd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components import audit, manifests
from components.config import Cluster, ManifestSource
from components.endpoints.parts import Endpoint
from components.etcd_cluster import Etcd
from components.hooks import CONTROL_PLANE, node_hooks, seconds
from components.host import Host
from components.node import evicted_node, node_deadline, node_inputs, preparation, told
from components.pki import ClusterPki
from components.remote import RemoteScript, Step
from components.render import access, elastic, encryption, flannel, kubeadm, proxy


@dataclass(frozen=True)
class ControlPlaneArgs:
    """Arguments of a ControlPlane."""

    cluster: Cluster
    """The cluster file."""
    hosts: Sequence[Host]
    """The control planes, in the order they join in."""
    pki: ClusterPki
    """Authorities and admin credentials."""
    endpoint: Endpoint
    """Where the API is reached, and what that asks of control planes."""
    etcd: Etcd
    """Where the API servers keep everything, and what that asks of control planes."""


class ControlPlane(pulumi.ComponentResource):
    """The control planes, one after another: etcd takes one new member at a time, and upgrades restart one at a time.

    Starting the cluster is a step of its own that happens once in the life of a stack: it is in the state from then
    on, whatever becomes of the host it ran on. Every control plane, the first one too, then joins or finds that it has
    joined, and none of them can start a second cluster.
    """

    coordinator: Host
    """The control plane that acts for the cluster: the first one that lives, whichever that is now."""
    started: pulumi.Resource
    """Done when the first control plane is healthy: what workers wait for when the cluster is new."""
    settled: pulumi.Resource
    """Done when all of them are: what workers wait for in a cluster that runs, since no kubelet may be newer than an
    API server."""
    joined: Mapping[str, pulumi.Resource]
    """What makes each host a control plane and keeps it one, by name."""
    certificates: pulumi.Output[Mapping[str, str]]
    """What each control plane printed of its certificates' ends, JSON by host."""

    def __init__(self, name: str, args: ControlPlaneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:ControlPlane", name, None, opts)
        mine = pulumi.ResourceOptions(parent=self)
        ready = preparation(args.cluster, control_plane=True)
        prepared = {h.name: RemoteScript(f"{h.name}-prepare", h, ready, mine) for h in args.hosts}
        living = [h for h in args.hosts if not h.lost]
        self.coordinator = first = living[0]
        init = RemoteScript(
            f"{name}-init",
            first,
            _init(args, first),
            # Once in the life of the stack: later edits, a new first host among them, are the business of the steps
            # below.
            pulumi.ResourceOptions(
                parent=self,
                depends_on=[*args.endpoint.first, *args.etcd.first, prepared[first.name]],
                ignore_changes=["*"],
            ),
        )
        network = RemoteScript(
            f"{name}-network",
            first,
            _network(args),
            pulumi.ResourceOptions(parent=self, depends_on=[init, prepared[first.name]]),
        )
        # Its node is Ready when there is a network, so joining begins after that.
        before: pulumi.Resource = network
        joined: dict[str, RemoteScript] = {}
        for host in args.hosts:
            joined[host.name] = before = RemoteScript(
                f"{host.name}-join",
                host,
                _join(args, host, prepared[host.name].stdout),
                # A host whose address is another one is left before the one that takes its name joins.
                pulumi.ResourceOptions(
                    parent=self, depends_on=[before, prepared[host.name]], delete_before_replace=True
                ),
            )
            if host.lost:
                # One change of etcd's members at a time: those that follow join after the lost one is out.
                mine_after = pulumi.ResourceOptions(parent=self, depends_on=[before])
                before = evicted_node(host, first, args.cluster, args.pki, mine_after)
        # Also the other way round: when all is destroyed, a control plane outlives the workers.
        self.joined = joined
        self.started = joined[first.name]
        self.settled = before
        if args.cluster.manifests:
            RemoteScript(
                f"{name}-manifests",
                first,
                _manifests(args),
                pulumi.ResourceOptions(parent=self, depends_on=[before]),
            )
        self.certificates = pulumi.Output.all(**{h.name: joined[h.name].stdout for h in living})
        self.register_outputs({})


def _common(args: ControlPlaneArgs) -> dict[str, pulumi.Input[str]]:
    own = {**args.pki.control_plane_files(), **args.etcd.files, "admin.conf": args.pki.inner_kubeconfig}
    return {**own, **_server_files(args)}


def _server_files(args: ControlPlaneArgs) -> dict[str, pulumi.Input[str]]:
    """Return files that API servers are told of, by their names beside a script."""
    cluster, seed = args.cluster, args.pki.encryption_seed
    files: dict[str, pulumi.Input[str]] = {}
    if seed is not None:
        files[f"server/{kubeadm.ENCRYPTION}"] = seed.apply(
            lambda pem: encryption.configuration(cluster.encryption, pem)
        )
    if cluster.audit is not None:
        files[f"server/{kubeadm.AUDIT_POLICY}"] = audit.policy(cluster.audit)
    return files


def _init(args: ControlPlaneArgs, host: Host) -> Step:
    return Step(
        "start-cluster",
        inputs={
            "ENDPOINT": args.cluster.endpoint.server(),
            "KUBELET_CONFIG": kubeadm.kubelet_digest(args.cluster),
            "PROXY_CONFIG": kubeadm.kube_proxy_digest(args.cluster),
            "KUBERNETES_VERSION": args.cluster.kubernetes.version,
            **proxy.inputs(args.cluster),
            **args.etcd.inputs,
            **args.endpoint.start.inputs,
        },
        files={
            **_common(args),
            "kubeadm.yaml": told(
                host,
                lambda known: kubeadm.init(args.cluster, host.name, host.address, host.address6, provider_id=known),
            ),
            "cluster.yaml": kubeadm.serving(args.cluster, host.name, host.address, host.address6),
            **kubeadm.kubelet_patch(args.cluster, host.name),
            **args.endpoint.start.files,
            **node_hooks(args.cluster, CONTROL_PLANE),
        },
        deadline_seconds=900 + seconds(args.cluster),
    )


def _network(args: ControlPlaneArgs) -> Step:
    nodes = args.cluster.most_nodes()
    files: dict[str, pulumi.Input[str]] = {
        "admin.conf": args.pki.inner_kubeconfig,
        "manifests/10-node-leaves.yaml": access.node_leaves(),
    }
    if args.cluster.network.cni == "flannel":
        files["manifests/20-flannel.yaml"] = flannel.flannel(args.cluster)
    if args.cluster.elastic_pools():
        # In the set of what is taken out again when it is not wanted any more.
        files["network/elastic-pools.yaml"] = elastic.token_rights()
    return Step(
        "apply-manifests",
        inputs={
            "SEVERAL_NODES": "yes" if nodes > 1 else "no",
            # With the last of them goes the step that knows them: what is left of it is removed here.
            "FURTHER": "yes" if args.cluster.manifests else "no",
            **_way_out(args, manifests.network(args.cluster)),
        },
        files=files | manifests.files(manifests.network(args.cluster), "network"),
    )


def _manifests(args: ControlPlaneArgs) -> Step:
    files: dict[str, pulumi.Input[str]] = {"admin.conf": args.pki.inner_kubeconfig}
    return Step(
        "apply-further",
        inputs=_way_out(args, args.cluster.manifests),
        files=files | manifests.files(args.cluster.manifests, "further"),
    )


def _way_out(args: ControlPlaneArgs, sources: Sequence[ManifestSource]) -> Mapping[str, str]:
    """Return what a step that applies manifests is told of the proxy: nothing where it fetches none of them."""
    return proxy.inputs(args.cluster) if any(source.url for source in sources) else {}


def _join(args: ControlPlaneArgs, host: Host, prepared: pulumi.Output[str]) -> Step:
    return Step(
        "join-control-plane",
        undo="leave-control-plane",
        inputs={
            **node_inputs(args.cluster),
            "PROXY_CONFIG": kubeadm.kube_proxy_digest(args.cluster),
            **args.etcd.inputs,
            **args.endpoint.control_plane.inputs,
        },
        files={
            **_common(args),
            "kubeadm.yaml": told(
                host,
                lambda known: kubeadm.join(
                    args.cluster, host.name, host.address, host.address6, control_plane=True, provider_id=known
                ),
            ),
            "discovery.conf": args.pki.node_kubeconfig(host.name, prepared),
            "upgrade.yaml": kubeadm.upgrade(args.cluster),
            "cluster.yaml": kubeadm.serving(args.cluster, host.name, host.address, host.address6),
            "components.yaml": kubeadm.components(args.cluster),
            **kubeadm.kubelet_patch(args.cluster, host.name),
            "names": kubeadm.serving_names(args.cluster, host.name, host.address),
            **args.endpoint.control_plane.files,
            **node_hooks(args.cluster, CONTROL_PLANE),
        },
        deadline_seconds=node_deadline(args.cluster, 900),
    )
