"""What kube-proxy is told: one configuration for every node of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
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


def addresses(cluster: Cluster) -> Iterator[Fault]:
    """Yield addresses and ranges that kube-proxy does not start with: then no service has an address."""
    for key in ("bindAddress", "healthzBindAddress", "metricsBindAddress"):
        given = _given(cluster, key)
        if isinstance(given, str) and given and not _is_address(given if key == "bindAddress" else _host(given)):
            remedy = (
                "Remove it: unless given all are." if key == "bindAddress" else "Write one such as 127.0.0.1:10249."
            )
            yield Fault(f"{PATH}.{key}", f"'{given}' is not an address to listen at", remedy)
    ranges = _given(cluster, "nodePortAddresses")
    for number, each in enumerate(ranges if isinstance(ranges, list) else ()):
        if isinstance(each, str) and each != "primary" and not ("/" in each and _is_range(each)):
            yield Fault(
                f"{PATH}.nodePortAddresses.{number}",
                f"'{each}' is not a range",
                "Write one such as 192.0.2.0/24, or the word primary alone.",
            )


#: Where kube-proxy listens unless told otherwise, and other parts of a node.
_PORTS = {"metricsBindAddress": 10249, "healthzBindAddress": 10256}
_TAKEN = {22: "sshd's", 6443: "the API server's", 10250: "the kubelet's", 10248: "the kubelet's"} | {
    10257: "the controller manager's",
    10259: "the scheduler's",
}


def ports(cluster: Cluster) -> Iterator[Fault]:
    """Yield ports that something else of a node has, or kube-proxy itself."""
    found = {}
    for key, usual in _PORTS.items():
        given = _given(cluster, key)
        port = given.rpartition(":")[2] if isinstance(given, str) and _host(given) != given else ""
        found[key] = int(port) if port else usual
        if found[key] in _TAKEN:
            yield Fault(f"{PATH}.{key}", f"{found[key]} is {_TAKEN[found[key]]}", f"Remove it: {usual} is free.")
    if len(set(found.values())) == 1:
        key = next(key for key, usual in _PORTS.items() if found[key] != usual)
        problem = f"{found[key]} is the port of {' and '.join(found)}"
        yield Fault(f"{PATH}.{key}", problem, f"Write another, or remove it: {_PORTS[key]} is usual.")


def _host(given: str) -> str:
    """Return the address before a port; itself where there is none."""
    host, _, port = given.rpartition(":")
    return host.strip("[]") if host and port.isdigit() else given


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_range(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def other_mode(cluster: Cluster) -> Iterator[Fault]:
    """Yield settings of a mode that is not the one in use: nothing reads them."""
    mode = _given(cluster, "mode") or "nftables"
    for section in ("iptables", "ipvs", "nftables"):
        # What ipvs leaves over it does by iptables.
        if _given(cluster, section) and section != mode and (section, mode) != ("iptables", "ipvs"):
            yield Fault(f"{PATH}.{section}", f"is of a mode that is not in use: {mode} is", f"Set mode: {section}.")


def deprecated(cluster: Cluster) -> Iterator[Fault]:
    """Yield a mode that will be gone."""
    if _given(cluster, "mode") == "ipvs":
        yield Fault(f"{PATH}.mode", "ipvs is deprecated", "Remove it: nftables is the default here.")


def _given(cluster: Cluster, key: str) -> Any:
    return cluster.kubernetes.kube_proxy.get(key)


RULES = (fields, mode, pods, everywhere, local, addresses, ports)
CAUTIONS = (deprecated, other_mode)
