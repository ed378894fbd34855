"""What a kubelet does not start with, and what fills or stops a node later: logs, images, processes, name servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from components.config import Cluster
from components.faults import Fault
from components.rules import known
from components.rules.known import TLS_VERSIONS, mapping, number, one_of, seconds
from components.rules.kubelet import PATH, SIGNALS

_BYTES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
#: What containers' logs may take of a node's disk without a word, in bytes for each container.
LARGEST_LOG = 2 * 2**30
#: More are hardly ever kept from pods: thousandths were meant.
MANY_CPUS = 50
#: Fewer, and hardly a program starts.
FEWEST_PROCESSES = 100
_ENFORCED = (
    *("none", "pods", "system-reserved", "kube-reserved"),
    *("system-reserved-compressible", "kube-reserved-compressible"),
)


def logs(cluster: Cluster) -> Iterator[Fault]:
    """Yield a rotation of containers' logs that the kubelet does not take."""
    kubelet = cluster.kubernetes.kubelet
    size, files = kubelet.get("containerLogMaxSize"), number(kubelet.get("containerLogMaxFiles"))
    if isinstance(size, str) and not in_bytes(size):
        yield Fault(f"{PATH}.containerLogMaxSize", f"'{size}' is not an amount", "Write one such as 10Mi.")
    if files is not None and files < 2:
        yield Fault(
            f"{PATH}.containerLogMaxFiles",
            f"is {files}, and the kubelet starts with 2 or more: one is written, one is kept",
            "Choose 5, which is the default.",
        )


def images(cluster: Cluster) -> Iterator[Fault]:
    """Yield times and numbers for images that the kubelet does not start with."""
    kubelet = cluster.kubernetes.kubelet
    least, most = seconds(kubelet.get("imageMinimumGCAge", "2m")), seconds(kubelet.get("imageMaximumGCAge", "0s"))
    if least is not None and most and most <= least:
        yield Fault(
            f"{PATH}.imageMaximumGCAge",
            f"is {most:g}s, and imageMinimumGCAge is {least:g}s: the kubelet does not start",
            "Choose more: an image is kept for the shorter time at least, and for the longer one at most.",
        )
    pulls = number(kubelet.get("maxParallelImagePulls"))
    if pulls is not None and pulls > 1 and kubelet.get("serializeImagePulls", True) is True:
        yield Fault(
            f"{PATH}.maxParallelImagePulls",
            f"is {pulls}, and serializeImagePulls, which is true unless it is set, lets one go at a time",
            "Set serializeImagePulls: false beside it.",
        )


def words(cluster: Cluster) -> Iterator[Fault]:
    """Yield words that are none of a field's choices."""
    kubelet = cluster.kubernetes.kubelet
    yield from one_of(f"{PATH}.tlsMinVersion", kubelet.get("tlsMinVersion"), TLS_VERSIONS)
    swap = known.below(kubelet, "memorySwap", "swapBehavior")
    yield from one_of(f"{PATH}.memorySwap.swapBehavior", swap, ("NoSwap", "LimitedSwap", ""))
    enforced = kubelet.get("enforceNodeAllocatable")
    for index, word in enumerate(enforced if isinstance(enforced, list) else ()):
        yield from one_of(f"{PATH}.enforceNodeAllocatable.{index}", word, _ENFORCED)
    if kubelet.get("cgroupsPerQOS") is False and enforced != [] and enforced != ["none"]:
        yield Fault(
            f"{PATH}.cgroupsPerQOS",
            "is false, and pods' share of the node is enforced by those groups: the kubelet does not start",
            "Remove it.",
        )


def reach(cluster: Cluster) -> Iterator[Fault]:
    """Yield a kubelet that the API servers do not reach, or that does not start where it is told to listen."""
    kubelet = cluster.kubernetes.kubelet
    for key in ("address", "healthzBindAddress"):
        given = kubelet.get(key)
        if not isinstance(given, str):
            continue
        try:
            own = ip_address(given)
        except ValueError:
            yield Fault(f"{PATH}.{key}", f"'{given}' is not an address to listen at", "Remove it.")
            continue
        if key == "address" and own.is_loopback:
            yield Fault(
                f"{PATH}.address",
                f"{given} is the host's own: API servers fetch logs and run commands at each node's address",
                "Remove it: all of a node's are listened at.",
            )
    score = number(kubelet.get("oomScoreAdj"))
    if score is not None and not -1000 <= score <= 1000:
        yield Fault(f"{PATH}.oomScoreAdj", f"is {score}", "Choose -1000 to 1000; -999 is the default.")
    if kubelet.get("memoryManagerPolicy") == "Static" and not kubelet.get("reservedMemory"):
        yield Fault(
            f"{PATH}.memoryManagerPolicy",
            "is Static, which needs reservedMemory: the kubelet does not start without",
            "Set reservedMemory, or remove it.",
        )


def units(cluster: Cluster) -> Iterator[Fault]:
    """Yield amounts that somebody forgot the unit of."""
    kubelet = cluster.kubernetes.kubelet
    for key in ("systemReserved", "kubeReserved", "evictionHard", "evictionSoft"):
        for resource, amount in mapping(kubelet.get(key)).items():
            size = in_bytes(str(amount))
            of_bytes = resource in ("memory", "ephemeral-storage", *SIGNALS) and not resource.endswith("inodesFree")
            if of_bytes and resource != "pid.available" and size is not None and 0 < size < 2**20:
                yield Fault(
                    f"{PATH}.{key}.{resource}",
                    f"is {size:g} bytes",
                    f"Write the unit, such as {amount}Mi, if it was meant.",
                )
            elif resource == "cpu" and size is not None and size >= MANY_CPUS:
                yield Fault(
                    f"{PATH}.{key}.cpu",
                    f"reserves {size:g} whole CPUs",
                    f"Write {amount}m for thousandths, if they were meant.",
                )
    every = seconds(kubelet.get("nodeStatusUpdateFrequency"))
    if every is not None and 0 < every < 1:
        yield Fault(
            f"{PATH}.nodeStatusUpdateFrequency",
            f"is {every:g}s: every node writes that often to the API",
            "Remove it: 10s is the default.",
        )


def disks(cluster: Cluster) -> Iterator[Fault]:
    """Yield what fills a disk, though each setting is right."""
    kubelet = cluster.kubernetes.kubelet
    size, files = (
        in_bytes(str(kubelet.get("containerLogMaxSize", "10Mi"))),
        number(kubelet.get("containerLogMaxFiles", 5)),
    )
    if size and files and size * files > LARGEST_LOG:
        yield Fault(
            f"{PATH}.containerLogMaxSize",
            f"lets each container keep {size * files / 2**30:.0f} GiB of logs: a few of them fill a node's disk",
            "Choose less: 10Mi and 5 files are the default.",
        )
    high = number(kubelet.get("imageGCHighThresholdPercent"))
    evicting = free_share(known.below(kubelet, "evictionHard", "imagefs.available"))
    if high == 100:
        yield Fault(
            f"{PATH}.imageGCHighThresholdPercent",
            "is 100, which turns the removal of images off: the disk fills with old ones",
            "Remove it: 85 is the default.",
        )
    elif high is not None and evicting is not None and high > 100 - evicting:
        yield Fault(
            f"{PATH}.imageGCHighThresholdPercent",
            f"is {high}, and pods are evicted when {evicting:g}% are free: before any image is removed",
            f"Choose {100 - evicting:g} or less, or a smaller evictionHard for imagefs.available.",
        )


def cramped(cluster: Cluster) -> Iterator[Fault]:
    """Yield limits that hardly a pod lives with."""
    kubelet = cluster.kubernetes.kubelet
    processes = number(kubelet.get("podPidsLimit"))
    if processes is not None and 0 < processes < FEWEST_PROCESSES:
        yield Fault(
            f"{PATH}.podPidsLimit",
            f"lets a pod have {processes} processes and threads: hardly a program starts",
            "Choose 1024 or more, or remove it.",
        )
    for_core = number(kubelet.get("podsPerCore"))
    if for_core is not None and 0 < for_core < 5:
        yield Fault(
            f"{PATH}.podsPerCore",
            f"is {for_core}: a node of four cores takes {4 * for_core} pods, those of the system among them",
            "Remove it: maxPods alone is common.",
        )


def idle(cluster: Cluster) -> Iterator[Fault]:
    """Yield times to thresholds that are not there: nothing reads them."""
    kubelet = cluster.kubernetes.kubelet
    soft = kubelet.get("evictionSoft")
    for signal in mapping(kubelet.get("evictionSoftGracePeriod")):
        if signal not in mapping(soft):
            yield Fault(
                f"{PATH}.evictionSoftGracePeriod.{signal}",
                "is the time to a threshold that is not there",
                f"Set evictionSoft, such as {{{SIGNALS[0]}: 10%}}, or remove it.",
            )


def names(cluster: Cluster) -> Iterator[Fault]:
    """Yield a list of name servers that CoreDNS may find itself in, or no list."""
    file = cluster.kubernetes.kubelet.get("resolvConf")
    if file == "/etc/resolv.conf":
        yield Fault(
            f"{PATH}.resolvConf",
            "is /etc/resolv.conf, where systemd-resolved names itself: CoreDNS would ask itself, and stop",
            "Remove it: kubeadm finds the right file on each host.",
        )
    elif file == "":
        yield Fault(
            f"{PATH}.resolvConf", "is empty: pods and CoreDNS know no name outside of the cluster", "Remove it."
        )
    if known.below(cluster.kubernetes.kubelet, "authentication", "webhook", "enabled") is False:
        yield Fault(
            f"{PATH}.authentication.webhook.enabled",
            "is false: whoever logs in by a token, such as metrics-server, is turned away",
            "Remove it.",
        )


def free_share(threshold: Any) -> float | None:
    """Return the share of a disk that is to stay free, None where an amount is given."""
    if threshold is None:
        return 15.0
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", str(threshold))
    return float(match[1]) if match else None


def in_bytes(amount: str) -> float | None:
    """Return an amount of memory or of disk in bytes, None for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?", amount)
    return float(match[1]) * _BYTES[match[2] or ""] if match else None


RULES = (logs, images, words, reach)
CAUTIONS = (units, disks, cramped, idle, names)
