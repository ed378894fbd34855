"""An operating system made ready for Kubernetes: kernel, container runtime, kubeadm's packages, images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pulumi

from components import hooks, releases
from components.config import Cluster, PackageRepository
from components.files import read
from components.host import Host
from components.pki import ClusterPki
from components.remote import RemoteScript, Step
from components.render import containerd, etcd, kubeadm, proxy


def evicted_node(
    lost: Host, coordinator: Host, cluster: Cluster, pki: ClusterPki, opts: pulumi.ResourceOptions | None = None
) -> RemoteScript:
    """Return the step that takes `lost` out of the cluster, run on a control plane that lives."""
    inputs = {"ETCD": etcd.inputs(cluster)["ETCD"], "LOST_NAME": lost.name, "LOST_ADDRESS": lost.address}
    step = Step("evict-lost-node", inputs=inputs, files={"admin.conf": pki.inner_kubeconfig})
    return RemoteScript(f"{lost.name}-evict", coordinator, step, opts)


def preparation(cluster: Cluster, *, control_plane: bool) -> Step:
    """Return the step that prepares a host, the same for all of a kind; it prints the node's certificate request."""
    version = cluster.kubernetes.version
    images = releases.node_images(version, flannel=cluster.network.cni == "flannel")
    if control_plane:
        images += releases.control_plane_images(version, etcd=cluster.etcd.stacked)
        images += cluster.endpoint.control_plane_images()
    else:
        images += cluster.endpoint.worker_images()
    if cluster.aws is not None:
        images += cluster.aws.images(version, control_plane=control_plane)
    inputs = {
        **_versions(cluster),
        **proxy.inputs(cluster),
        "ARCHITECTURES": " ".join(releases.releases()[releases.minor(version)].architectures),
        "KEEP_SWAP": "no" if cluster.kubernetes.kubelet.get("failSwapOn", True) else "yes",
        "FAMILIES": "4 6" if cluster.network.ipv6 else "4",
    }
    alias = cluster.endpoint.alias()
    if alias:
        inputs |= {"ENDPOINT_NAME": alias[0], "ENDPOINT_ADDRESS": str(alias[1])}
    files: dict[str, pulumi.Input[str]] = {
        "config.toml": containerd.config(cluster),
        "proxy.conf": proxy.drop_in(cluster),
        "images": "".join(f"{image}\n" for image in images),
    }
    files |= {f"certs.d/{registry}/hosts.toml": text for registry, text in containerd.mirrors(cluster).items()}
    for kind, given in (("kubernetes", cluster.packages.kubernetes), ("containerd", cluster.packages.containerd)):
        repository_inputs, repository_files = _repository(kind, given, version)
        inputs |= repository_inputs
        files |= repository_files
    return Step("prepare-node", undo="unprepare-node", inputs=inputs, files=files, deadline_seconds=1200, cleans=True)


def containerd_repository(cluster: Cluster) -> tuple[dict[str, str], dict[str, pulumi.Input[str]]]:
    """Return the inputs and files with which a host that is no node gets containerd's package."""
    version = cluster.kubernetes.version
    inputs, files = _repository("containerd", cluster.packages.containerd, version)
    return {
        "CONTAINERD_VERSION": cluster.containerd.version,
        "ARCHITECTURES": " ".join(releases.releases()[releases.minor(version)].architectures),
        **inputs,
    }, files


def _repository(
    kind: str, given: PackageRepository | None, version: str
) -> tuple[dict[str, str], dict[str, pulumi.Input[str]]]:
    """Return the inputs and files that name one apt repository and the key to trust for it."""
    prefix = kind.upper()
    if given is None:
        upstream = releases.package_source(kind, version)
        return {
            f"{prefix}_URL": upstream.url,
            f"{prefix}_KEY_URL": upstream.key_url,
            f"{prefix}_KEY_FINGERPRINT": upstream.fingerprint,
        }, {}
    if given.key.file is not None:
        return {f"{prefix}_URL": given.url}, {f"keys/{kind}.asc": read(given.key.file)}
    return {
        f"{prefix}_URL": given.url,
        f"{prefix}_KEY_URL": given.key.url or "",
        f"{prefix}_KEY_FINGERPRINT": given.key.fingerprint or "",
    }, {}


def node_inputs(cluster: Cluster) -> dict[str, str]:
    """Return what the scripts get that make a host a node, keep it up to date and take it out again.

    Versions and settings are plain, so that a preview says what changes; a node is brought to them by its own step, in
    its turn, and not by preparation, which all hosts have at once.
    """
    settings = hashlib.sha256((containerd.config(cluster) + proxy.drop_in(cluster)).encode()).hexdigest()
    return {
        "ENDPOINT": cluster.endpoint.server(),
        **_versions(cluster),
        **proxy.inputs(cluster),
        "RUNTIME_CONFIG": settings[:12],
        # With `none` a node cannot be Ready before somebody installs a network.
        "NETWORK": "none" if cluster.network.cni == "none" else "ours",
        "KUBELET_CONFIG": kubeadm.kubelet_digest(cluster),
        "DRAIN_SECONDS": str(cluster.drain.timeout_seconds),
        "DELETE_UNMANAGED_PODS": "yes" if cluster.drain.delete_unmanaged_pods else "no",
    }


def told(host: Host, write: Callable[[str], str]) -> pulumi.Input[str]:
    """Return what kubeadm is told on a host, written with what a cloud controller manager knows its machine by.

    It is plain wherever nobody asks for that.
    """
    return write("") if host.provider_id is None else pulumi.Output.from_input(host.provider_id).apply(write)


def node_deadline(cluster: Cluster, seconds: int) -> int:
    """Return how long such a script may take: `seconds` besides draining, and the user's own scripts."""
    return seconds + cluster.drain.timeout_seconds + hooks.seconds(cluster)


def _versions(cluster: Cluster) -> dict[str, str]:
    return {"KUBERNETES_VERSION": cluster.kubernetes.version, "CONTAINERD_VERSION": cluster.containerd.version}
