"""What flags of the control plane's components may be set to, where their form is right and the value is not."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from ipaddress import ip_address

from components.config import Cluster
from components.faults import Fault
from components.rules.known import ciphers, seconds
from components.rules.servers import PROGRAMS, Given, given, judged
from components.spelling import nearest

#: Admission plugins that are on, and what a cluster is without one of them.
_NEEDED = {
    "ServiceAccount": "pods get no token, and neither CoreDNS nor kube-proxy reaches the API",
    "NamespaceLifecycle": "namespaces that are deleted are filled anew, and never go",
    "Priority": "pods have no priority, and the system's own are evicted like others",
    "CertificateApproval": "who may ask for certificates may have any",
    "CertificateSigning": "who may ask for certificates may have any",
    "CertificateSubjectRestriction": "who may ask for certificates can become administrator",
}
#: Those that do not start without the file of admission-control-config-file.
_CONFIGURED = ("EventRateLimit", "ImagePolicyWebhook")
_ADDRESS_TYPES = ("InternalIP", "Hostname", "InternalDNS", "ExternalIP", "ExternalDNS")
_CORE_APIS = frozenset({"api/all", "api/ga", "api/v1", "v1", "apps/v1"})


#: What says who may do what, and what some of them need beside.
_AUTHORIZERS = {"Node": None, "RBAC": None, "AlwaysAllow": None, "AlwaysDeny": None} | {
    "Webhook": "authorization-webhook-config-file",
    "ABAC": "authorization-policy-file",
}
_SIGNED = tuple(f"{kind}{bits}" for kind in ("RS", "ES", "PS") for bits in (256, 384, 512))
#: Where kubelets ask whether these are alive.
_HEALTH = {"controllerManager": "10257", "scheduler": "10259"}


def values(cluster: Cluster) -> Iterator[Fault]:
    """Yield values that a component does not start with, or that the cluster does not live with."""
    yield from judged(cluster, lambda each: None if each.owned else _refused(each) or _of_api_server(each))


def _refused(each: Given) -> tuple[str, str] | None:
    name, value = each.argument.name, each.argument.value
    match name:
        case "bind-address":
            return _bind_address(each)
        case "secure-port" if value != _HEALTH.get(each.component, value):
            return f"is {value}, and kubelets ask at {_HEALTH[each.component]} whether it is alive", "Remove it."
        case "use-service-account-credentials" if value == "false":
            return "is false, and controllers have rights by their service accounts alone", "Remove it."
        case _ if re.fullmatch(r"concurrent-.*-syncs|.*-workers", name) and re.fullmatch(r"[+-]?\d+", value):
            return (f"is {value}: nothing of that kind would be done", _LEAVE) if int(value) < 1 else None
    return None


_LEAVE = "Remove it, or choose 1 or more."


def _bind_address(each: Given) -> tuple[str, str] | None:
    value = each.argument.value
    try:
        address = ip_address(value)
    except ValueError:
        return f"is '{value}', which is no address, and {PROGRAMS[each.component]} does not start", "Write 0.0.0.0."
    if address.is_unspecified or (address.is_loopback and each.component != "apiServer"):
        return None
    if address.is_loopback:
        return f"is {value}: no node and no balancer reaches the API there", "Remove it."
    return f"is {value}, and one address is no other control plane's", "Remove it, or write 0.0.0.0."


def _of_api_server(each: Given) -> tuple[str, str] | None:
    value = each.argument.value
    words = [word.strip() for word in value.split(",") if word.strip()]
    match each.argument.name:
        case "disable-admission-plugins" if gone := [word for word in words if word in _NEEDED]:
            return f"turns {gone[0]} off: {_NEEDED[gone[0]]}", "Take it out of the list."
        case "enable-admission-plugins" if "AlwaysDeny" in words:
            return "has AlwaysDeny, which refuses whatever anybody asks", "Take it out of the list."
        case "storage-backend" if value != "etcd3":
            return f"is '{value}', and the API server starts with etcd3 alone", "Remove it."
        case "oidc-signing-algs" if strange := [word for word in words if word not in _SIGNED]:
            return f"has '{strange[0]}', and the API server does not start", f"Choose of {', '.join(_SIGNED)}."
        case "endpoint-reconciler-type" if value != "lease":
            return (
                f"is '{value}': the service `kubernetes` would not follow the control planes, and pods lose the API",
                "Remove it.",
            )
        case "kubelet-preferred-address-types" if strange := [word for word in words if word not in _ADDRESS_TYPES]:
            near = nearest(strange[0], _ADDRESS_TYPES)
            return (
                f"has '{strange[0]}', which no node has an address of",
                f"{f'Did you mean {near}? ' if near else ''}The types are {', '.join(_ADDRESS_TYPES)}.",
            )
        case "runtime-config" if off := [w for w in words if re.sub(r"=false$", "", w) in _CORE_APIS and "=false" in w]:
            return f"has {off[0]}, and nothing of Kubernetes runs without", "Take it out; name single versions."
        case "service-account-max-token-expiration" if 0 < (seconds(value) or 0) < 3600:
            return f"is {value}, and the API server starts with 1h or more", "Choose 1h or more."
    return None


def authorizers(cluster: Cluster) -> Iterator[Fault]:
    """Yield ways to say who may do what that there are not, or that lack their file."""
    flags = {each.argument.name: each for each in given(cluster) if each.component == "apiServer"}
    each = flags.get("authorization-mode")
    if each is not None:
        yield from _authorizers(each, flags)
    if "authentication-config" in flags and (others := [name for name in flags if name.startswith("oidc-")]):
        problem = f"'{others[0]}' stands beside authentication-config: the API server does not start"
        yield Fault(flags[others[0]].path, problem, "Keep one of the two.")


def _authorizers(each: Given, flags: Container[str]) -> Iterator[Fault]:
    words = [word.strip() for word in each.argument.value.split(",")]
    for word in dict.fromkeys(words):
        name = "'authorization-mode'"
        if word not in _AUTHORIZERS:
            near = nearest(word, _AUTHORIZERS)
            known = f"Choose of {', '.join(_AUTHORIZERS)}."
            problem = f"{name} has '{word}', which there is not: the API server does not start"
            yield Fault(each.path, problem, f"Did you mean '{near}'?" if near else known)
        elif (needed := _AUTHORIZERS[word]) and needed not in flags:
            problem = f"{name} has {word} without {needed}: the API server does not start"
            yield Fault(each.path, problem, f"Write {needed} beside it, or take it out.")
        elif words.count(word) > 1:
            yield Fault(each.path, f"{name} has {word} twice: the API server does not start", "Write it once.")


def suites(cluster: Cluster) -> Iterator[Fault]:
    """Yield lists of TLS suites with which a component does not start."""
    flags = {(each.component, each.argument.name): each for each in given(cluster)}
    for (component, name), each in flags.items():
        oldest = flags.get((component, "tls-min-version"))
        words = [word.strip() for word in each.argument.value.split(",")]
        fault = ciphers(words, oldest and oldest.argument.value) if name == "tls-cipher-suites" else None
        if fault:
            yield Fault(each.path, f"'{name}' {fault[0]}", fault[1])


def requests(cluster: Cluster) -> Iterator[Fault]:
    """Yield limits with which the API server answers nobody, and does not start."""
    sizes = {"max-requests-inflight": 400, "max-mutating-requests-inflight": 200}
    found = {each.argument.name: each for each in given(cluster) if each.argument.name in sizes}
    for name, each in found.items():
        if re.fullmatch(r"[+-]?\d+", each.argument.value):
            sizes[name] = int(each.argument.value)
            if sizes[name] < 0:
                yield Fault(each.path, f"'{name}' is {sizes[name]}, and the API server does not start", "Choose more.")
    if found and min(sizes.values()) >= 0 and not any(sizes.values()):
        path = next(iter(found.values())).path
        both = " and ".join(sizes)
        yield Fault(path, f"{both} are both 0, and the API server does not start", "Remove them.")


def plugin_files(cluster: Cluster) -> Iterator[Fault]:
    """Yield admission plugins without the file that says what they are to do."""
    flags = {each.argument.name: each for each in given(cluster) if each.component == "apiServer"}
    enabled = flags.get("enable-admission-plugins")
    if enabled is None or "admission-control-config-file" in flags:
        return
    for name in _CONFIGURED:
        if name in (word.strip() for word in enabled.argument.value.split(",")):
            yield Fault(
                enabled.path,
                f"'enable-admission-plugins' has {name}, and the API server does not start without its settings",
                "Name them by admission-control-config-file, a file under /etc/kubernetes/pki, or take it out.",
            )


RULES = (values, authorizers, suites, requests, plugin_files)
CAUTIONS = ()
