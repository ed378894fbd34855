"""What the API server, the controller manager and the scheduler are told: flags and feature gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from components import releases
from components.config import Argument, Cluster, ComponentOptions
from components.faults import Fault
from components.rules import known
from components.spelling import nearest

_CERTIFICATES = "kubeadm makes it and renews it"
_NETWORK = "it follows the section network"
_KUBECONFIG = "kubeadm makes the file that it names"
_AUDIT = "the section audit sets it, and brings the file"
_ENCRYPTION = "the section encryption sets it, and brings the file"
_GATES = "kubernetes.featureGates sets it, for every component"
_TOKENS = "service accounts' tokens are signed with the cluster's own key"
#: Flags that the cluster is built with: why none of them is free, by component.
OWNED: dict[str, dict[str, str]] = {
    "apiServer": {
        "advertise-address": "it is the host's address",
        "secure-port": "the balancers and the other control planes know 6443",
        "allow-privileged": "kube-proxy and the network between pods need it",
        "feature-gates": _GATES,
        "service-cluster-ip-range": _NETWORK,
        **dict.fromkeys(("audit-policy-file", "audit-log-path", "audit-log-maxage"), _AUDIT),
        **dict.fromkeys(("audit-log-maxbackup", "audit-log-maxsize"), _AUDIT),
        **dict.fromkeys(("encryption-provider-config", "encryption-provider-config-automatic-reload"), _ENCRYPTION),
        **dict.fromkeys(("client-ca-file", "tls-cert-file", "tls-private-key-file"), _CERTIFICATES),
        **dict.fromkeys(("kubelet-client-certificate", "kubelet-client-key"), _CERTIFICATES),
        **dict.fromkeys(("proxy-client-cert-file", "proxy-client-key-file"), _CERTIFICATES),
        **dict.fromkeys(("requestheader-client-ca-file", "requestheader-allowed-names"), _CERTIFICATES),
        **dict.fromkeys(("etcd-cafile", "etcd-certfile", "etcd-keyfile"), _CERTIFICATES),
        **dict.fromkeys(("etcd-servers", "etcd-prefix"), "it follows where etcd runs"),
        **dict.fromkeys(("service-account-key-file", "service-account-signing-key-file"), _TOKENS),
        "service-account-signing-endpoint": _TOKENS,
    },
    "controllerManager": {
        "feature-gates": _GATES,
        **dict.fromkeys(("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"), _KUBECONFIG),
        **dict.fromkeys(("client-ca-file", "requestheader-client-ca-file", "root-ca-file"), _CERTIFICATES),
        **dict.fromkeys(("cluster-signing-cert-file", "cluster-signing-key-file"), _CERTIFICATES),
        "service-account-private-key-file": _TOKENS,
        **dict.fromkeys(("allocate-node-cidrs", "cluster-cidr", "service-cluster-ip-range"), _NETWORK),
        **dict.fromkeys(("node-cidr-mask-size", "node-cidr-mask-size-ipv4", "node-cidr-mask-size-ipv6"), _NETWORK),
        "cluster-name": "it is the cluster's name",
    },
    "scheduler": {
        "feature-gates": _GATES,
        **dict.fromkeys(("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"), _KUBECONFIG),
    },
}
#: The plugin that keeps a kubelet to its own node.
_OWN_NODE = "NodeRestriction"
#: Flags that may be given more than once.
REPEATED = frozenset({"service-account-issuer", "tls-sni-cert-key", "oidc-required-claim", "runtime-config"})
#: Programs by component.
PROGRAMS = {"apiServer": "kube-apiserver", "controllerManager": "kube-controller-manager"} | {
    "scheduler": "kube-scheduler"
}


@dataclass(frozen=True)
class Given:
    """A flag where it stands."""

    component: str
    path: str
    argument: Argument

    @property
    def owned(self) -> bool:
        """Whether the cluster is built with the flag."""
        return self.argument.name in OWNED[self.component]


def _options(cluster: Cluster) -> Iterator[tuple[str, ComponentOptions]]:
    for component, field in (
        ("apiServer", "api_server"),
        ("controllerManager", "controller_manager"),
        ("scheduler", "scheduler"),
    ):
        if cluster.kubernetes.knows(field) and getattr(cluster.kubernetes, field).knows("extra_args"):
            yield component, getattr(cluster.kubernetes, field)


def given(cluster: Cluster) -> Iterator[Given]:
    """Yield every flag that is given, as far as they are known."""
    for component, options in _options(cluster):
        for index, argument in enumerate(options.extra_args):
            yield Given(component, f"kubernetes.{component}.extraArgs.{index}", argument)


def judged(cluster: Cluster, judge: Callable[[Given], tuple[str, str] | None]) -> Iterator[Fault]:
    """Yield what is found of each flag that is given; `judge` returns what is wrong with one, and the remedy."""
    for each in given(cluster):
        fault = judge(each)
        if fault:
            yield Fault(each.path, f"'{each.argument.name}' {fault[0]}", fault[1])


def owned(cluster: Cluster) -> Iterator[Fault]:
    """Yield flags that the cluster is built with."""
    for each in given(cluster):
        why = OWNED[each.component].get(each.argument.name)
        if why:
            yield Fault(each.path, f"'{each.argument.name}' is not free: {why}", "Remove it.")


def flags(cluster: Cluster) -> Iterator[Fault]:
    """Yield flags that the component does not have: it would not start."""
    minor = releases.minor(cluster.kubernetes.version)
    for each in given(cluster):
        program = PROGRAMS[each.component]
        there = known.release(cluster.kubernetes.version).get("flags", {})
        name, names = each.argument.name, there.get(program)
        if names and name not in names and name not in OWNED[each.component]:
            near = nearest(name, [free for free in names if free not in OWNED[each.component]], cutoff=0.8)
            yield Fault(
                each.path,
                f"'{name}' is not a flag of {program} {minor}, which does not start with it",
                f"Did you mean '{near}'?" if near else "Remove it: it may have been removed from this release.",
            )


def twice(cluster: Cluster) -> Iterator[Fault]:
    """Yield flags that are given twice, where the last one alone would count."""
    for component, options in _options(cluster):
        seen: dict[str, int] = {}
        for index, argument in enumerate(options.extra_args):
            if argument.name in seen and argument.name not in REPEATED:
                yield Fault(
                    f"kubernetes.{component}.extraArgs.{index}",
                    f"'{argument.name}' is given twice, and the last one alone counts",
                    f"Write it once; the first one is extraArgs.{seen[argument.name]}.",
                )
            seen.setdefault(argument.name, index)


def breaking(cluster: Cluster) -> Iterator[Fault]:
    """Yield values that a cluster of kubeadm's does not live with."""
    yield from judged(cluster, lambda each: _breaks(each.component, each.argument))


def _breaks(component: str, argument: Argument) -> tuple[str, str] | None:
    words = [word.strip() for word in argument.value.split(",")]
    match component, argument.name:
        case "apiServer", "authorization-mode" if "AlwaysAllow" in words:
            return "lets everybody do everything: AlwaysAllow", "Write Node,RBAC, or remove it."
        case "apiServer", "authorization-mode" if not {"Node", "RBAC"} <= set(words):
            return (
                f"is '{argument.value}', and nodes and kubeadm need Node and RBAC",
                "Write Node,RBAC and what is more.",
            )
        # One that is misspelt is no plugin, and told as that.
        case "apiServer", "enable-admission-plugins" if not any(nearest(word, [_OWN_NODE], 0.8) for word in words):
            return (
                f"is '{argument.value}', which turns NodeRestriction off: a node could change any other one",
                f"Write NodeRestriction,{argument.value}.",
            )
        case "apiServer", "disable-admission-plugins" if "NodeRestriction" in words:
            return "turns NodeRestriction off: a node could change any other one", "Remove it from the list."
        case "apiServer", "anonymous-auth" if argument.value == "false":
            return (
                "is false, and balancers and kubelets ask for health without a login",
                "Remove it; kubeadm gives the anonymous nothing but health and version.",
            )
        case (("controllerManager" | "scheduler"), "leader-elect") if argument.value == "false":
            return "is false, and there is one on every control plane: all would act at once", "Remove it."
    return None


def gates(cluster: Cluster) -> Iterator[Fault]:
    """Yield feature gates that the release does not know, or that are locked."""
    yield from known.gates("kubernetes.featureGates", cluster.kubernetes.feature_gates, cluster.kubernetes.version)


def gates_twice(cluster: Cluster) -> Iterator[Fault]:
    """Yield gates that are set for one component and in another way for all."""
    for path, settings in (
        ("kubernetes.kubelet", cluster.kubernetes.kubelet),
        ("kubernetes.kubeProxy", cluster.kubernetes.kube_proxy),
    ):
        own = settings.get("featureGates")
        for gate, value in own.items() if isinstance(own, dict) else ():
            everywhere = cluster.kubernetes.feature_gates.get(gate)
            if everywhere is not None and everywhere != value:
                yield Fault(
                    f"{path}.featureGates.{gate}",
                    f"is {str(value).lower()}, and kubernetes.featureGates says {str(everywhere).lower()}",
                    "Write it in one of the two places.",
                )


def profiling(cluster: Cluster) -> Iterator[Fault]:
    """Yield components that show their insides."""
    for each in given(cluster):
        if each.argument.name in ("profiling", "contention-profiling") and each.argument.value == "true":
            yield Fault(each.path, f"'{each.argument.name}' shows a program's insides to those who may read them",
                        "Remove it when you have seen what you wanted.")  # fmt: skip


RULES = (owned, flags, twice, breaking, gates, gates_twice)
CAUTIONS = (profiling,)
