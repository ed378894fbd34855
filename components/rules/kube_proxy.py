"""What kube-proxy is told: one configuration for every node of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.config import Cluster
from components.faults import Fault
from components.rules import known

PATH = "kubernetes.kubeProxy"


def fields(cluster: Cluster) -> Iterator[Fault]:
    """Yield fields and feature gates that kube-proxy does not know."""
    yield from known.unknown(PATH, cluster.kubernetes.kube_proxy, "kubeProxy", cluster.kubernetes.version)


def mode(cluster: Cluster) -> Iterator[Fault]:
    """Yield a way of passing packets on that kube-proxy does not have on Linux."""
    given = _given(cluster, "mode")
    if given in ("userspace", "kernelspace"):
        yield Fault(f"{PATH}.mode", f"is '{given}', which there is not on Linux", "Remove it: nftables is used here.")
    else:
        yield from known.one_of(f"{PATH}.mode", given, ("nftables", "iptables", "ipvs", ""))


def pods(cluster: Cluster) -> Iterator[Fault]:
    """Yield a range of pods that is not the cluster's."""
    given, ipv6 = _given(cluster, "clusterCIDR"), cluster.network.ipv6
    ours = str(cluster.network.pod_subnet) + (f",{ipv6.pod_subnet}" if ipv6 else "")
    if isinstance(given, str) and given and given != ours:
        yield Fault(
            f"{PATH}.clusterCIDR",
            f"is {given}, and network.podSubnet is {ours}",
            "Remove it: it is set from network.podSubnet.",
        )


def everywhere(cluster: Cluster) -> Iterator[Fault]:
    """Yield what cannot be the same on every node."""
    if _given(cluster, "hostnameOverride"):
        yield Fault(f"{PATH}.hostnameOverride", "would give every node one name", "Remove it.")
    kubeconfig = known.below(cluster.kubernetes.kube_proxy, "clientConnection", "kubeconfig")
    if kubeconfig:
        yield Fault(f"{PATH}.clientConnection.kubeconfig", "is where kubeadm puts it, and nowhere else", "Remove it.")


def local(cluster: Cluster) -> Iterator[Fault]:
    """Yield a way to tell local traffic that there is not."""
    choices = ("ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix", "")
    yield from known.one_of(f"{PATH}.detectLocalMode", _given(cluster, "detectLocalMode"), choices)


def deprecated(cluster: Cluster) -> Iterator[Fault]:
    """Yield a mode that will be gone."""
    if _given(cluster, "mode") == "ipvs":
        yield Fault(f"{PATH}.mode", "ipvs is deprecated", "Remove it: nftables is the default here.")


def _given(cluster: Cluster, key: str) -> Any:
    return cluster.kubernetes.kube_proxy.get(key)


RULES = (fields, mode, pods, everywhere, local)
CAUTIONS = (deprecated,)
