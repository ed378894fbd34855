"""What flags of the control plane's components are set to: values that a component does not start with, or that end the
cluster later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from components.config import Cluster
from components.faults import Fault
from components.files import parsed
from components.rules import known
from components.rules.known import FIELDS, TLS_VERSIONS, seconds
from components.rules.servers import PROGRAMS, Given, given, judged
from components.spelling import nearest

#: What Go takes for a boolean.
_BOOLEANS = frozenset({"1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"})
_SAMPLES = {
    "bool": ("neither true nor false", "Write one of the two."),
    "int": ("not a whole number", "Write one such as '800'."),
    "number": ("not a number", "Write one such as '0.001'."),
    "duration": ("not a duration", "Write one such as 30s, 5m or 24h: h is the longest unit."),
}
#: Folders of the host that kubeadm and this program show the pods.
_SEEN = (
    *("/etc/kubernetes/pki", "/etc/kubernetes/kubeadm-ha", "/etc/ssl/certs"),
    *("/etc/ca-certificates", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"),
)
#: Ports of a node's own that a service would take away.
_NODE_PORTS = {22: "sshd's", 2379: "etcd's", 6443: "the API server's", 10250: "the kubelet's"}
_UNRENEWED = "kubelets' certificates are not renewed, and nodes end within a year"
#: Controllers without which a cluster ends by itself, by the names that they have and had.
_VITAL = {
    "certificatesigningrequest-signing-controller": _UNRENEWED,
    "csrsigning": _UNRENEWED,
    "certificatesigningrequest-approving-controller": _UNRENEWED,
    "csrapproving": _UNRENEWED,
    **dict.fromkeys(("node-lifecycle-controller", "nodelifecycle"), "pods of a node that is lost stay there"),
    **dict.fromkeys(("node-ipam-controller", "nodeipam"), "new nodes get no range for their pods"),
    **dict.fromkeys(("garbage-collector-controller", "garbagecollector"), "what belonged to a deleted object stays"),
    **dict.fromkeys(("pod-garbage-collector-controller", "podgc"), "pods that have ended stay, and etcd fills up"),
}
#: How Kubernetes elects a leader unless told otherwise, in seconds.
_LEASE, _RENEW, _RETRY = 15.0, 10.0, 2.0


@cache
def _kinds() -> Mapping[str, Any]:
    found: Mapping[str, Any] = parsed(FIELDS.with_name("flags.yaml"))
    return found


def values(cluster: Cluster) -> Iterator[Fault]:
    """Yield values of another kind than the flag takes."""
    for each in given(cluster):
        kind = next((kind for kind in _SAMPLES if each.argument.name in _kinds()[kind]), None)
        if kind and not each.owned and not _fits(kind, each.argument.value):
            problem, remedy = _SAMPLES[kind]
            yield Fault(each.path, f"'{each.argument.name}' is '{each.argument.value}', {problem}", remedy)


def _fits(kind: str, value: str) -> bool:
    match kind:
        case "bool":
            return value in _BOOLEANS
        case "int":
            return bool(re.fullmatch(r"[+-]?\d+", value))
        case "duration":
            return seconds(value) is not None
    return bool(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value))


def files(cluster: Cluster) -> Iterator[Fault]:
    """Yield files of the host that the pod of a component does not see."""
    for each in given(cluster):
        value = each.argument.value
        if each.owned or each.argument.name not in _kinds()["file"] or not value.startswith("/"):
            continue
        seen = () if each.component == "scheduler" else _SEEN
        if not any(value.startswith(f"{folder}/") for folder in seen):
            yield Fault(
                each.path,
                f"'{each.argument.name}' names {value}, which the pod of {PROGRAMS[each.component]} does not see",
                f"Put the file under {_SEEN[0]} of every control plane, such as by hooks.beforeJoin."
                if seen
                else "Remove it: this pod sees no file of the host but its kubeconfig.",
            )


def plugins(cluster: Cluster) -> Iterator[Fault]:
    """Yield admission plugins that no API server has."""
    for each in given(cluster):
        if each.argument.name not in ("enable-admission-plugins", "disable-admission-plugins"):
            continue
        there = _kinds()["plugins"]
        for name in filter(None, (word.strip() for word in each.argument.value.split(","))):
            if name not in there:
                near = nearest(name, there)
                gone = "Remove it: PodSecurity, which is on, took its place."
                other = gone if name == "PodSecurityPolicy" else "Remove it: it may have been removed from Kubernetes."
                yield Fault(
                    each.path,
                    f"'{each.argument.name}' has '{name}', which is no admission plugin: the API server does not start",
                    f"Did you mean '{near}'?" if near and near not in each.argument.value else other,
                )


def limits(cluster: Cluster) -> Iterator[Fault]:
    """Yield values that are of the right kind, and that a component still does not start with."""
    yield from judged(cluster, _beyond)
    yield from _logins(cluster)
    yield from _elections(cluster)


def _beyond(each: Given) -> tuple[str, str] | None:
    value = each.argument.value
    match each.argument.name:
        case "goaway-chance" if _fits("number", value) and not 0 <= float(value) <= 0.02:
            return f"is {value}, and the API server takes 0 to 0.02", "Write 0.001: one request in a thousand."
        case "tls-min-version" if value not in TLS_VERSIONS:
            return f"is '{value}'", f"Choose one of {', '.join(TLS_VERSIONS)}."
        case "service-node-port-range" if (ends := _ends(value)) is None or ends[0] > ends[1]:
            return f"is '{value}', which is no range of ports", "Write it as 30000-32767."
        case "cloud-provider" if value not in ("", "external"):
            return f"is '{value}', and there is none inside of Kubernetes any more", "Remove it."
        case "oidc-issuer-url" if not value.startswith("https://"):
            return f"is '{value}', and the API server asks an issuer over TLS alone", "Write https://."
    return None


def _ends(value: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(\d+)(?:([-+])(\d+))?", value)
    if match is None:
        return None
    first, last = int(match[1]), int(match[3] or match[1])
    return first, first + last if match[2] == "+" else last


def _logins(cluster: Cluster) -> Iterator[Fault]:
    found = {each.argument.name: each for each in given(cluster) if each.argument.name.startswith("oidc-")}
    for one, other in (("oidc-issuer-url", "oidc-client-id"), ("oidc-client-id", "oidc-issuer-url")):
        if one in found and other not in found:
            yield Fault(found[one].path, f"'{one}' stands without {other}", f"Write {other} beside it, or remove it.")


def _elections(cluster: Cluster) -> Iterator[Fault]:
    for component in ("controllerManager", "scheduler"):
        times = {each.argument.name: each for each in given(cluster) if each.component == component}

        def told(name: str, default: float, times: Mapping[str, Given] = times) -> float:
            value = seconds(times[name].argument.value) if name in times else default
            return default if value is None else value

        lease, renew, retry = "leader-elect-lease-duration", "leader-elect-renew-deadline", "leader-elect-retry-period"
        whole, deadline = told(lease, _LEASE), told(renew, _RENEW)
        if whole <= deadline or deadline <= 1.2 * told(retry, _RETRY):
            place = next(times[name].path for name in (lease, renew, retry) if name in times)
            yield Fault(
                place,
                f"a lease of {whole:g}s, renewed within {deadline:g}s, tried every {told(retry, _RETRY):g}s: the"
                " program does not start with that",
                "Remove it, or write a lease longer than the deadline, and that longer than the tries: 15s, 10s, 2s.",
            )


def slow_ends(cluster: Cluster) -> Iterator[Fault]:
    """Yield what works today, and ends the cluster later."""
    yield from judged(cluster, _later)


def _later(each: Given) -> tuple[str, str] | None:
    name, value = each.argument.name, each.argument.value
    match name:
        case "controllers":
            return _controllers(value)
        case "etcd-compaction-interval" if seconds(value) == 0 or value == "0":
            return (
                "is 0: etcd keeps every version of every object, and takes no writes when its quota is full",
                "Remove it, unless etcd's owner compacts it.",
            )
        case "cluster-signing-duration" if 0 < (seconds(value) or 0) < 24 * 3600:
            return f"is {value}: a node that is off for longer does not come back", "Choose 24h or more."
        case "node-monitor-grace-period" if 0 < (seconds(value) or 0) < 20:
            return (
                f"is {value}, and a kubelet says every 10s that it lives: nodes would be taken for lost",
                "Choose 40s or more; 50s is the default.",
            )
        case "service-node-port-range" if (ends := _ends(value)) and ends[0] <= ends[1]:
            held = [f"{port} ({whose})" for port, whose in _NODE_PORTS.items() if ends[0] <= port <= ends[1]]
            if held:
                return (
                    f"holds {', '.join(held)}: a service that is given such a port cuts nodes off",
                    "Write 30000-32767, or a range beside them.",
                )
    return None


def _controllers(value: str) -> tuple[str, str] | None:
    words = [word.strip() for word in value.split(",") if word.strip()]
    if "*" not in words:
        return "names some controllers, and all others are off", "Write '*' first: '*,-ttl' is all but one."
    for name in (word.removeprefix("-") for word in words if word.startswith("-")):
        if name in _VITAL:
            return f"turns {name} off: {_VITAL[name]}", "Take it out of the list."
    return None


def all_gates(cluster: Cluster) -> Iterator[Fault]:
    """Yield gates that stand for all of a kind."""
    settings = (
        ("kubernetes.featureGates", cluster.kubernetes.feature_gates),
        ("kubernetes.kubelet.featureGates", known.below(cluster.kubernetes.kubelet, "featureGates")),
    )
    for path, gates in settings:
        for name, value, what in (
            ("AllAlpha", True, "turns on all that is being tried out, which changes or goes with the next release"),
            ("AllBeta", False, "turns off what the release was tested with"),
        ):
            if isinstance(gates, Mapping) and gates.get(name) is value:
                yield Fault(f"{path}.{name}", what, "Name the gates that you need.")


RULES = (values, files, plugins, limits)
CAUTIONS = (slow_ends, all_gates)
