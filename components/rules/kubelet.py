"""What the kubelet is told: one configuration for every node of the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from components.config import Cluster
from components.faults import Fault
from components.rules import known
from components.rules.known import mapping, number, one_of, seconds

PATH = "kubernetes.kubelet"
#: Signals that pods are evicted by, and the thresholds that hold unless any are given.
SIGNALS = (
    *("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree"),
    *("containerfs.available", "containerfs.inodesFree", "pid.available", "allocatableMemory.available"),
)
_DEFAULT_SIGNALS = (
    "memory.available",
    "nodefs.available",
    "nodefs.inodesFree",
    "imagefs.available",
    "imagefs.inodesFree",
)
#: Fields that kubeadm and the scripts rely on, with the one value that works.
FIXED: Mapping[tuple[str, ...], tuple[Any, str]] = {
    ("staticPodPath",): ("/etc/kubernetes/manifests", "kubeadm writes the control plane's pods there"),
    ("containerRuntimeEndpoint",): ("unix:///run/containerd/containerd.sock", "containerd listens there"),
    ("authentication", "x509", "clientCAFile"): ("/etc/kubernetes/pki/ca.crt", "the API servers are known by it"),
    ("registerNode",): (True, "a node that does not register never joins"),
    ("rotateCertificates",): (True, "a node's certificate ends after a year, and the node with it"),
    ("enableServer",): (True, "the API servers ask the kubelet for logs and health"),
}
#: Fields with a few words to choose from.
CHOICES = {
    "cgroupDriver": ("systemd", "cgroupfs"),
    "cpuManagerPolicy": ("none", "static"),
    "memoryManagerPolicy": ("None", "Static"),
    "topologyManagerPolicy": ("none", "best-effort", "restricted", "single-numa-node"),
    "topologyManagerScope": ("container", "pod"),
    "hairpinMode": ("promiscuous-bridge", "hairpin-veth", "none"),
    "configMapAndSecretChangeDetectionStrategy": ("Watch", "Cache", "Get"),
}
_DEFAULT_PODS = 110
#: Ports of other parts of a node.
_TAKEN = {6443: "the API server's", 2379: "etcd's", 2380: "etcd's", 2381: "etcd's", 10249: "kube-proxy's"} | {
    10256: "kube-proxy's",
    10257: "the controller manager's",
    10259: "the scheduler's",
}


def fields(cluster: Cluster) -> Iterator[Fault]:
    """Yield fields and feature gates that the kubelet does not know."""
    yield from known.unknown(PATH, cluster.kubernetes.kubelet, "kubelet", cluster.kubernetes.version)


def fixed(cluster: Cluster) -> Iterator[Fault]:
    """Yield fields that must stay as kubeadm sets them."""
    for path, (value, why) in FIXED.items():
        given = known.below(cluster.kubernetes.kubelet, *path)
        same = given == value or (isinstance(value, str) and given == value.replace("/run/", "/var/run/"))
        # A value of another type is told as that.
        if given is not None and not same and type(given) is type(value):
            yield Fault(
                f"{PATH}.{'.'.join(path)}", f"is {_told(given)}, and has to be {_told(value)}: {why}", "Remove it."
            )


def choices(cluster: Cluster) -> Iterator[Fault]:
    """Yield words that are none of a field's choices."""
    for key, words in CHOICES.items():
        yield from one_of(f"{PATH}.{key}", cluster.kubernetes.kubelet.get(key), words)
    mode = known.below(cluster.kubernetes.kubelet, "authorization", "mode")
    yield from one_of(f"{PATH}.authorization.mode", mode, ("Webhook", "AlwaysAllow"))


def domain_name_service(cluster: Cluster) -> Iterator[Fault]:
    """Yield pods' name server or domain where they are not the cluster's."""
    kubelet, network = cluster.kubernetes.kubelet, cluster.network
    domain = kubelet.get("clusterDomain")
    if isinstance(domain, str) and domain.rstrip(".") != network.dns_domain:
        yield Fault(
            f"{PATH}.clusterDomain",
            f"is '{domain}', and network.dnsDomain is '{network.dns_domain}'",
            "Remove it: it is set from network.dnsDomain.",
        )
    servers = kubelet.get("clusterDNS")
    if not isinstance(servers, list):
        return
    ours = network.service_subnet[10]
    if str(ours) not in servers and not any(_is_link_local(server) for server in servers):
        yield Fault(
            f"{PATH}.clusterDNS",
            f"is {', '.join(map(str, servers)) or 'empty'}, and CoreDNS answers at {ours}",
            "Remove it: it is set from network.serviceSubnet.",
        )


def _is_link_local(server: Any) -> bool:
    """Whether an address is one that a cache on each node listens at."""
    try:
        return IPv4Address(server).is_link_local
    except (AddressValueError, ValueError):
        return False


def numbers(cluster: Cluster) -> Iterator[Fault]:
    """Yield numbers that a kubelet does not start with, or a node has no room for."""
    kubelet = cluster.kubernetes.kubelet
    pods, mask = number(kubelet.get("maxPods")), cluster.network.node_mask
    room = 2 ** (32 - mask) - 2
    if pods is not None and pods > room:
        yield Fault(f"{PATH}.maxPods", f"{pods} pods do not fit into a node's /{mask}", f"Choose at most {room}.")
    elif pods is None and room < _DEFAULT_PODS:
        yield Fault(
            "network.nodeMask",
            f"a /{mask} has room for {room} pods, and a kubelet takes {_DEFAULT_PODS}",
            f"Choose 25 or less, or set kubernetes.kubelet.maxPods to at most {room}.",
        )
    elif pods is not None and pods < 1:
        yield Fault(f"{PATH}.maxPods", f"is {pods}: no pod could run", "Choose at least 1; 110 is the default.")
    port = number(kubelet.get("port"))
    if port is not None and port in _TAKEN:
        yield Fault(f"{PATH}.port", f"{port} is {_TAKEN[port]}", "Remove it: 10250 is the kubelet's.")
    elif port is not None and not 1 <= port <= 65535:
        yield Fault(f"{PATH}.port", f"is {port}", "Remove it: 10250 is the kubelet's.")
    if number(kubelet.get("healthzPort")) == 0:
        yield Fault(f"{PATH}.healthzPort", "is 0, and kubeadm waits for an answer there", "Remove it: 10248 is free.")
    high = number(kubelet.get("imageGCHighThresholdPercent", 85))
    low = number(kubelet.get("imageGCLowThresholdPercent", 80))
    if high is not None and low is not None and not 0 <= low < high <= 100:
        yield Fault(
            f"{PATH}.imageGCHighThresholdPercent",
            f"is {high}, with imageGCLowThresholdPercent {low}: images are removed down to the lower one",
            "Choose two from 0 to 100, the high one above the low one.",
        )


def reserved(cluster: Cluster) -> Iterator[Fault]:
    """Yield reservations that a kubelet does not start with."""
    kubelet = cluster.kubernetes.kubelet
    for key in ("systemReserved", "kubeReserved"):
        for resource, amount in mapping(kubelet.get(key)).items():
            if resource not in ("cpu", "memory", "ephemeral-storage", "pid"):
                yield Fault(f"{PATH}.{key}.{resource}", "is not a resource that can be reserved", _RESOURCES)
            elif not known.is_quantity(amount):
                yield Fault(f"{PATH}.{key}.{resource}", f"'{amount}' is not an amount", "Write one such as 500Mi or 1.")
        group, word = f"{key}Cgroup", {"systemReserved": "system-reserved", "kubeReserved": "kube-reserved"}[key]
        enforced = kubelet.get("enforceNodeAllocatable")
        if isinstance(enforced, list) and word in enforced and not kubelet.get(group):
            yield Fault(f"{PATH}.enforceNodeAllocatable", f"has {word} without {group}", f"Remove it, or set {group}.")
    held = [mapping(kubelet.get(key)).get("cpu") for key in ("systemReserved", "kubeReserved")]
    if kubelet.get("cpuManagerPolicy") == "static" and not any(held) and not kubelet.get("reservedSystemCPUs"):
        yield Fault(
            f"{PATH}.cpuManagerPolicy", "is static, which needs a reserved CPU", "Set reservedSystemCPUs, such as '0'."
        )


_RESOURCES = "Choose cpu, memory, ephemeral-storage or pid."


def evictions(cluster: Cluster) -> Iterator[Fault]:
    """Yield thresholds that a kubelet does not start with."""
    kubelet = cluster.kubernetes.kubelet
    for key in ("evictionHard", "evictionSoft"):
        for signal, threshold in mapping(kubelet.get(key)).items():
            path = f"{PATH}.{key}.{signal}"
            if signal not in SIGNALS:
                yield from one_of(path, signal, SIGNALS)
            elif isinstance(threshold, str) and not _is_threshold(threshold):
                yield Fault(path, f"'{threshold}' is neither an amount nor a share", "Write one such as 200Mi or 10%.")
    for signal in mapping(kubelet.get("evictionSoft")):
        if signal not in mapping(kubelet.get("evictionSoftGracePeriod")):
            yield Fault(
                f"{PATH}.evictionSoft.{signal}",
                "has no grace period, and the kubelet does not start without",
                f"Set evictionSoftGracePeriod, such as {{{signal}: 1m30s}}.",
            )


def _is_threshold(text: str) -> bool:
    share = _share(text)
    return 0 <= share < 100 if share is not None else known.is_quantity(text) and not text.startswith("-")


def _share(text: Any) -> float | None:
    try:
        return float(text[:-1]) if isinstance(text, str) and text.endswith("%") else None
    except ValueError:
        return None


def shutdown(cluster: Cluster) -> Iterator[Fault]:
    """Yield a share of the time for shutting down that is more than the whole."""
    kubelet = cluster.kubernetes.kubelet
    whole = seconds(kubelet.get("shutdownGracePeriod", "0s"))
    part = seconds(kubelet.get("shutdownGracePeriodCriticalPods", "0s"))
    if whole is not None and part is not None and part > whole:
        yield Fault(
            f"{PATH}.shutdownGracePeriodCriticalPods",
            f"is {part:g}s of a shutdownGracePeriod of {whole:g}s",
            "Choose less: it is a part of the whole.",
        )


def everywhere(cluster: Cluster) -> Iterator[Fault]:
    """Yield what cannot be the same on every node."""
    for key in ("providerID", "podCIDR"):
        if cluster.kubernetes.kubelet.get(key):
            yield Fault(f"{PATH}.{key}", "would be the same on every node", "Remove it: each node has its own.")


def lenient(cluster: Cluster) -> Iterator[Fault]:
    """Yield thresholds that evict all too early, or not at all."""
    kubelet = cluster.kubernetes.kubelet
    hard = mapping(kubelet.get("evictionHard"))
    off = [signal for signal in _DEFAULT_SIGNALS if signal not in hard or _share(hard[signal]) == 0]
    unwritten = any(signal not in hard for signal in off)
    if hard and off and not (unwritten and kubelet.get("mergeDefaultEvictionSettings")):
        yield Fault(
            f"{PATH}.evictionHard",
            f"turns the thresholds of {', '.join(off)} off: a full disk would stop the node",
            "Set mergeDefaultEvictionSettings: true beside it, or write all of them."
            if unwritten
            else "Write shares above 0: 10% of a disk is common.",
        )
    for signal, threshold in hard.items():
        share = _share(threshold)
        if share is not None and share >= 50 and signal in SIGNALS:
            yield Fault(
                f"{PATH}.evictionHard.{signal}",
                f"evicts pods while {threshold} is still free",
                "10% is common: it is the free part that is written.",
            )


def slow(cluster: Cluster) -> Iterator[Fault]:
    """Yield a node that says that it lives too rarely."""
    kubelet = cluster.kubernetes.kubelet
    every = seconds(kubelet.get("nodeStatusUpdateFrequency"))
    if every is not None and every >= 40:
        yield Fault(
            f"{PATH}.nodeStatusUpdateFrequency",
            f"is {every:g}s, and a node that is silent for 50s is taken for lost",
            "Choose 20s at most; 10s is the default.",
        )
    lease = number(kubelet.get("nodeLeaseDurationSeconds"))
    if lease is not None and lease > 120:
        yield Fault(
            f"{PATH}.nodeLeaseDurationSeconds",
            f"is {lease}, renewed after a quarter of that, and a node that is silent for 50s is taken for lost",
            "Remove it: 40 is the default.",
        )


def demanding(cluster: Cluster) -> Iterator[Fault]:
    """Yield what needs something that is not set up here."""
    kubelet = cluster.kubernetes.kubelet
    if kubelet.get("serverTLSBootstrap") is True:
        yield Fault(
            f"{PATH}.serverTLSBootstrap",
            "needs somebody to approve each node's request: until then logs, exec and metrics fail",
            "Remove it, or install an approver.",
        )
    if kubelet.get("protectKernelDefaults") is True:
        yield Fault(
            f"{PATH}.protectKernelDefaults",
            "stops the kubelet where the kernel's parameters are not as it wants them, and they are not set here",
            "Remove it, or set vm.overcommit_memory, kernel.panic and kernel.panic_on_oops on the hosts.",
        )
    swap = known.below(kubelet, "memorySwap", "swapBehavior")
    if swap == "LimitedSwap" and kubelet.get("failSwapOn", True) is True:
        yield Fault(
            f"{PATH}.memorySwap.swapBehavior",
            "is LimitedSwap, and swap is turned off on hosts while failSwapOn is true",
            "Set failSwapOn: false beside it.",
        )


def _told(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)[:80]


RULES = (fields, fixed, choices, domain_name_service, numbers, reserved, evictions, shutdown, everywhere)
CAUTIONS = (lenient, slow, demanding)
