"""Numbers, times and lists that a kubelet does not start with, and those that wear a node out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.config import Cluster
from components.faults import Fault
from components.rules import known
from components.rules.flag_wear import TALKATIVE
from components.rules.known import mapping, number, seconds
from components.rules.kubelet import PATH
from components.rules.kubelet_limits import free_share, in_bytes

#: The least that the kubelet takes, by field.
_LEAST = {
    **dict.fromkeys(("registryPullQPS", "registryBurst", "eventRecordQPS", "eventBurst"), 0),
    **dict.fromkeys(("kubeAPIQPS", "kubeAPIBurst", "maxOpenFiles", "podsPerCore", "readOnlyPort"), 0),
    **dict.fromkeys(("containerLogMaxWorkers", "maxParallelImagePulls", "nodeLeaseDurationSeconds"), 1),
    "nodeStatusMaxImages": -1,
}
#: The shortest and the longest time that it takes, in seconds.
_TIMES = {
    ("crashLoopBackOff", "maxContainerRestartPeriod"): (1, 300),
    ("containerLogMonitorInterval",): (3, None),
    ("shutdownGracePeriod",): (1, None),
    ("shutdownGracePeriodCriticalPods",): (1, None),
}
#: With fewer the kubelet runs out of them on a node with many pods.
_FEW_FILES = 10_000


def least(cluster: Cluster) -> Iterator[Fault]:
    """Yield numbers and times outside of what the kubelet takes."""
    kubelet = cluster.kubernetes.kubelet
    for key, fewest in _LEAST.items():
        given = number(kubelet.get(key))
        if given is not None and given < fewest:
            yield Fault(f"{PATH}.{key}", f"is {given}, and the kubelet does not start", f"Choose {fewest} or more.")
    for path, (shortest, longest) in _TIMES.items():
        lasting = seconds(known.below(kubelet, *path))
        if lasting and (lasting < shortest or (longest and lasting > longest)):
            span = f"{shortest}s to {longest}s" if longest else f"{shortest}s or more"
            problem = f"is {lasting:g}s, and the kubelet does not start"
            yield Fault(f"{PATH}.{'.'.join(path)}", problem, f"Choose {span}.")


def cpus(cluster: Cluster) -> Iterator[Fault]:
    """Yield a list of CPUs that is none."""
    given = cluster.kubernetes.kubelet.get("reservedSystemCPUs")
    if isinstance(given, str) and given and not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", given):
        yield Fault(
            f"{PATH}.reservedSystemCPUs", f"'{given}' is no list of CPUs", "Write numbers and spans, such as 0-1,8."
        )


def suites(cluster: Cluster) -> Iterator[Fault]:
    """Yield lists of TLS suites with which the kubelet serves nothing."""
    kubelet = cluster.kubernetes.kubelet
    words = kubelet.get("tlsCipherSuites")
    fault = known.ciphers(words if isinstance(words, list) else [], kubelet.get("tlsMinVersion"))
    if fault:
        yield Fault(f"{PATH}.tlsCipherSuites", *fault)


def thousandths(cluster: Cluster) -> Iterator[Fault]:
    """Yield amounts of memory and of disk in thousandths of a byte: `m` is not `Mi`."""
    kubelet = cluster.kubernetes.kubelet
    for key in ("systemReserved", "kubeReserved", "evictionHard", "evictionSoft", "evictionMinimumReclaim"):
        for resource, amount in mapping(kubelet.get(key)).items():
            if isinstance(amount, str) and amount.endswith("m") and resource != "cpu" and known.is_quantity(amount):
                yield Fault(
                    f"{PATH}.{key}.{resource}", f"'{amount}' is thousandths of a byte", f"Write {amount[:-1]}Mi."
                )


def unreached(cluster: Cluster) -> Iterator[Fault]:
    """Yield thresholds that say nothing, since the kubelet evicts at once by then."""
    kubelet = cluster.kubernetes.kubelet
    hard = {"memory.available": "100Mi", **mapping(kubelet.get("evictionHard"))}
    for signal, told in mapping(kubelet.get("evictionSoft")).items():
        threshold = str(told)
        if (in_bytes(threshold) or 2**20) < 2**20:
            continue  # told as an amount without its unit
        for read in (free_share, lambda amount: in_bytes(str(amount))):
            soft, other = read(threshold), read(hard[signal]) if signal in hard else None
            if soft is not None and other is not None and soft <= other:
                yield Fault(
                    f"{PATH}.evictionSoft.{signal}",
                    f"is {threshold}, and evictionHard evicts at {hard[signal]} without waiting",
                    "Choose more than that: it is the free part that is written.",
                )


def wearing(cluster: Cluster) -> Iterator[Fault]:
    """Yield what a kubelet starts with, and a node suffers from later."""
    kubelet = cluster.kubernetes.kubelet
    files = number(kubelet.get("maxOpenFiles"))
    if files is not None and 0 <= files < _FEW_FILES:
        yield Fault(
            f"{PATH}.maxOpenFiles",
            f"lets the kubelet open {files} files: with many pods it has no more, and the node is not ready",
            "Remove it: 1000000 is the default.",
        )
    level = number(known.below(kubelet, "logging", "verbosity"))
    if level is not None and level >= TALKATIVE:
        yield Fault(
            f"{PATH}.logging.verbosity",
            f"is {level}: whatever the kubelet does is written out, and logs fill the disk",
            "Choose 4 or less, and more only while you look for something.",
        )
    if kubelet.get("enableDebuggingHandlers") is False:
        yield Fault(
            f"{PATH}.enableDebuggingHandlers",
            "is false: `kubectl logs`, `exec` and `port-forward` fail",
            "Remove it, unless nobody is to look into pods.",
        )
    whole = seconds(kubelet.get("shutdownGracePeriod"))
    if whole and not seconds(kubelet.get("shutdownGracePeriodCriticalPods")):
        yield Fault(
            f"{PATH}.shutdownGracePeriod",
            "leaves no time to critical pods: those of the control plane, and what connects pods, are cut off",
            f"Set shutdownGracePeriodCriticalPods beside it, such as {max(1, int(whole / 3))}s.",
        )


RULES = (least, cpus, suites, thousandths)
CAUTIONS = (unreached, wearing)
