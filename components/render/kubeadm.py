"""kubeadm's configuration, v1beta4: objects marshalled, never templates.

Reference: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from components.config import Cluster, ComponentOptions, ControlPlaneOptions, PoolOptions
from components.render import etcd, nodes
from components.render.document import merged, to_yaml

API = "kubeadm.k8s.io/v1beta4"
#: Where kubeadm finds patches: scripts/lib/settings.sh puts those there that lie beside a step under this name.
PATCHES = {"directory": "/var/lib/kubeadm-ha/patches"}
#: Files of the API server's own on a control plane, and what is in them: scripts/lib/settings.sh puts them there.
SERVER_FILES = "/etc/kubernetes/kubeadm-ha"
ENCRYPTION = "encryption.yaml"
AUDIT_POLICY = "audit-policy.yaml"
AUDIT_LOG = "/var/log/kubernetes/audit"
CRI_SOCKET = "unix:///run/containerd/containerd.sock"


def _registration(
    cluster: Cluster, name: str, address: str, address6: str, provider_id: str, *, control_plane: bool
) -> dict[str, Any]:
    taints = nodes.registration_taints(cluster.marks_of(name), control_plane=control_plane)
    # Without it the kubelet takes the address of the default route's interface, which is another one on hosts with two
    # networks, and looks its own name up in DNS.
    own = {"name": "node-ip", "value": f"{address},{address6}" if address6 else address}
    return registration(cluster, name, [own, *(of_machine(provider_id) if provider_id else [])], taints)


def of_machine(provider_id: str) -> list[dict[str, str]]:
    """Return what a kubelet is told where a cloud controller manager knows its machine by this.

    It would look for the node's name among AWS's own names of machines otherwise, and ours are others. Until it has
    found the machine, the node has a taint and takes no pods but those that run everywhere.
    """
    return [{"name": "cloud-provider", "value": "external"}, {"name": "provider-id", "value": provider_id}]


def registration(
    cluster: Cluster, name: str, arguments: list[dict[str, str]], taints: list[dict[str, Any]] | None
) -> dict[str, Any]:
    """Return how a node registers itself; kubelet's arguments are names and values."""
    return {
        "name": name,
        "criSocket": CRI_SOCKET,
        "imagePullPolicy": "IfNotPresent",
        "imagePullSerial": False,
        "ignorePreflightErrors": list(cluster.kubernetes.ignore_preflight_errors),
        "kubeletExtraArgs": arguments,
        # None at all is said with an empty list: left out, a control plane gets kubeadm's.
        **({} if taints is None else {"taints": taints}),
    }


def init(cluster: Cluster, name: str, address: str, address6: str = "", *, provider_id: str = "") -> str:
    """Return the configuration of `kubeadm init` on the host that starts the cluster.

    `address6` is the node's second address, in a cluster of two families; by `provider_id` a cloud controller manager
    knows its machine.
    """
    return to_yaml(
        # It prints a token, and nobody joins with one here: see docs/adr/0002-no-tokens.md.
        {**_init(cluster, name, address, address6, provider_id), "skipPhases": ["show-join-command"]},
        _cluster(cluster),
        _kubelet(cluster),
        _kube_proxy(cluster),
    )


def serving(cluster: Cluster, name: str, address: str, address6: str = "") -> str:
    """Return the configuration by which kubeadm makes the API server's certificate on a control plane that runs."""
    return to_yaml(_init(cluster, name, address, address6), _cluster(cluster))


def serving_names(cluster: Cluster, name: str, address: str) -> str:
    """Return the names that kubeadm puts into that certificate, one a line: a host compares them with what it has."""
    api = f"kubernetes.default.svc.{cluster.network.dns_domain}"
    own = [name, "kubernetes", "kubernetes.default", "kubernetes.default.svc", api, address]
    service = str(cluster.network.service_subnet.network_address + 1)
    return "".join(f"{entry}\n" for entry in dict.fromkeys([*own, service, *_certificate_names(cluster)]))


def upgrade(cluster: Cluster) -> str:
    """Return the configuration of `kubeadm upgrade`, the first control plane's `apply` and the others' `node`."""
    ignored = list(cluster.kubernetes.ignore_preflight_errors)
    images = {"imagePullPolicy": "IfNotPresent", "imagePullSerial": False}
    return to_yaml(
        {
            "apiVersion": API,
            "kind": "UpgradeConfiguration",
            "apply": {
                "kubernetesVersion": f"v{cluster.kubernetes.version}",
                "ignorePreflightErrors": ignored,
                **images,
                "patches": PATCHES,
            },
            "node": {"ignorePreflightErrors": ignored, **images, "patches": PATCHES},
        }
    )


def _init(cluster: Cluster, name: str, address: str, address6: str, provider_id: str = "") -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "InitConfiguration",
        "nodeRegistration": _registration(cluster, name, address, address6, provider_id, control_plane=True),
        "localAPIEndpoint": {"advertiseAddress": address, "bindPort": 6443},
        "patches": PATCHES,
    }


def _cluster(cluster: Cluster) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "ClusterConfiguration",
        "clusterName": cluster.name,
        "kubernetesVersion": f"v{cluster.kubernetes.version}",
        "controlPlaneEndpoint": cluster.endpoint.server(),
        "encryptionAlgorithm": "ECDSA-P256",
        "networking": {
            "podSubnet": _families(cluster, "pod_subnet"),
            "serviceSubnet": _families(cluster, "service_subnet"),
            "dnsDomain": cluster.network.dns_domain,
        },
        **etcd.kubeadm(cluster),
        "apiServer": {"certSANs": _certificate_names(cluster), **_api_server(cluster)},
        "controllerManager": _component(cluster, cluster.kubernetes.controller_manager, _node_mask(cluster)),
        "scheduler": _component(cluster, cluster.kubernetes.scheduler),
    }


def _families(cluster: Cluster, name: str) -> str:
    """Return a range of every family, the cluster's first one first."""
    families = (cluster.network, cluster.network.ipv6)
    return ",".join(str(getattr(family, name)) for family in families if family is not None)


def _node_mask(cluster: Cluster) -> dict[str, str]:
    """Return how large a node's part of the pods' range is, where it is not Kubernetes' default."""
    if cluster.network.node_mask == 24:
        return {}
    flag = "node-cidr-mask-size-ipv4" if cluster.network.ipv6 else "node-cidr-mask-size"
    return {flag: str(cluster.network.node_mask)}


def _api_server(cluster: Cluster) -> dict[str, Any]:
    """Return what the API server is told, and the folders that it needs for it."""
    ours: dict[str, str] = {}
    volumes: list[dict[str, Any]] = []
    if cluster.encryption.on:
        ours["encryption-provider-config"] = f"{SERVER_FILES}/{ENCRYPTION}"
    if cluster.audit is not None:
        ours |= {
            "audit-policy-file": f"{SERVER_FILES}/{AUDIT_POLICY}",
            "audit-log-path": f"{AUDIT_LOG}/audit.log",
            "audit-log-maxage": str(cluster.audit.max_age_days),
            "audit-log-maxbackup": str(cluster.audit.max_backups),
            "audit-log-maxsize": str(cluster.audit.max_size_megabytes),
        }
        volumes.append(_volume("audit-log", AUDIT_LOG, read_only=False))
    if ours:
        volumes.append(_volume("kubeadm-ha", SERVER_FILES, read_only=True))
    component = _component(cluster, cluster.kubernetes.api_server, ours)
    return component | ({"extraVolumes": volumes} if volumes else {})


def _volume(name: str, path: str, *, read_only: bool) -> dict[str, Any]:
    return {
        "name": name,
        "hostPath": path,
        "mountPath": path,
        "readOnly": read_only,
        "pathType": "DirectoryOrCreate",
    }


def _component(cluster: Cluster, options: ComponentOptions, more: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a component of the control plane is told: ours, unless the cluster file says otherwise."""
    ours = {"profiling": "false", **(more or {})}
    if cluster.kubernetes.feature_gates:
        # In one order, so that the same gates are the same manifest.
        gates = sorted(cluster.kubernetes.feature_gates.items())
        ours["feature-gates"] = ",".join(f"{gate}={str(value).lower()}" for gate, value in gates)
    given = [argument.model_dump() for argument in options.extra_args]
    named = {argument["name"] for argument in given}
    return {"extraArgs": [*({"name": n, "value": v} for n, v in ours.items() if n not in named), *given]}


def _certificate_names(cluster: Cluster) -> list[str]:
    return list(dict.fromkeys([*cluster.endpoint.cert_names(), *cluster.kubernetes.extra_cert_names]))


def join(
    cluster: Cluster, name: str, address: str, address6: str = "", *, control_plane: bool, provider_id: str = ""
) -> str:
    """Return the configuration of `kubeadm join`; the kubeconfig it discovers by lies beside it as discovery.conf."""
    document = joining(_registration(cluster, name, address, address6, provider_id, control_plane=control_plane))
    if control_plane:
        document["controlPlane"] = {"localAPIEndpoint": {"advertiseAddress": address, "bindPort": 6443}}
    return to_yaml(document)


def joining(registered: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of a node that joins and registers itself so."""
    return {
        "apiVersion": API,
        "kind": "JoinConfiguration",
        "nodeRegistration": registered,
        "discovery": {"file": {"kubeConfigPath": "discovery.conf"}},
        "patches": PATCHES,
    }


def components(cluster: Cluster) -> str:
    """Return what all kubelets and kube-proxy are told, as kubeadm is given it."""
    return to_yaml(_kubelet(cluster), _kube_proxy(cluster))


def kubelet_digest(cluster: Cluster) -> str:
    """Return what stands for what all kubelets are told."""
    return hashlib.sha256(to_yaml(_kubelet(cluster)).encode()).hexdigest()[:12]


def kube_proxy_digest(cluster: Cluster) -> str:
    """Return what stands for what kube-proxy is told."""
    return hashlib.sha256(to_yaml(_kube_proxy(cluster)).encode()).hexdigest()[:12]


def kubelet_patch(cluster: Cluster, name: str) -> dict[str, str]:
    """Return kubeadm's patch of what a node's kubelet is told, by its path beside a script; nothing without one."""
    groups: list[ControlPlaneOptions | PoolOptions] = [cluster.control_plane, *cluster.workers.values()]
    group = next(group for group in groups if name in group.hosts)
    return patch(merged(group.kubelet, group.hosts[name].kubelet))


def patch(own: Mapping[str, Any]) -> dict[str, str]:
    """Return kubeadm's patch with these fields of a kubelet, by its path beside a script; nothing without one."""
    return {"patches/kubeletconfiguration+merge.yaml": to_yaml(own)} if own else {}


def _kubelet(cluster: Cluster) -> dict[str, Any]:
    ours = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "systemd",
        "rotateCertificates": True,
        **_gates(cluster),
    }
    return merged(ours, cluster.kubernetes.kubelet)


def _kube_proxy(cluster: Cluster) -> dict[str, Any]:
    ours = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        # iptables is still kubeadm's default; nftables is stable since 1.33, and its updates do not grow with the
        # number of services.
        "mode": "nftables",
        **_gates(cluster),
    }
    return merged(ours, cluster.kubernetes.kube_proxy)


def _gates(cluster: Cluster) -> dict[str, Any]:
    """Return the cluster's feature gates as a component's configuration has them; no key when there are none."""
    return {"featureGates": dict(cluster.kubernetes.feature_gates)} if cluster.kubernetes.feature_gates else {}
