"""kubeadm's configuration, v1beta4: objects marshalled, never templates.

Reference: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
"""

from __future__ import annotations

from typing import Any

from components.config import Cluster
from components.render.document import merged, to_yaml

API = "kubeadm.k8s.io/v1beta4"
CRI_SOCKET = "unix:///run/containerd/containerd.sock"


def endpoint(cluster: Cluster) -> str:
    """Return `host:port` at which every client reaches the API."""
    return f"{cluster.endpoint.address}:{cluster.endpoint.port}"


def _registration(cluster: Cluster, name: str, address: str) -> dict[str, Any]:
    return {
        "name": name,
        "criSocket": CRI_SOCKET,
        "imagePullPolicy": "IfNotPresent",
        "imagePullSerial": False,
        "ignorePreflightErrors": list(cluster.kubernetes.ignore_preflight_errors),
        # Without it the kubelet takes the address of the default route's interface, which is another one on hosts with
        # two networks, and looks its own name up in DNS.
        "kubeletExtraArgs": [{"name": "node-ip", "value": address}],
    }


def init(cluster: Cluster, name: str, address: str) -> str:
    """Return the configuration of `kubeadm init` on the host that starts the cluster."""
    names = [str(cluster.endpoint.address), *cluster.kubernetes.extra_cert_names]
    return to_yaml(
        {
            "apiVersion": API,
            "kind": "InitConfiguration",
            "nodeRegistration": _registration(cluster, name, address),
            "localAPIEndpoint": {"advertiseAddress": address, "bindPort": 6443},
            # It prints a token, and nobody joins with one here: see docs/adr/0002-no-tokens.md.
            "skipPhases": ["show-join-command"],
        },
        {
            "apiVersion": API,
            "kind": "ClusterConfiguration",
            "clusterName": cluster.name,
            "kubernetesVersion": f"v{cluster.kubernetes.version}",
            "controlPlaneEndpoint": endpoint(cluster),
            "encryptionAlgorithm": "ECDSA-P256",
            "networking": {
                "podSubnet": str(cluster.network.pod_subnet),
                "serviceSubnet": str(cluster.network.service_subnet),
                "dnsDomain": cluster.network.dns_domain,
            },
            "apiServer": {"certSANs": list(dict.fromkeys(names))},
        },
        _kubelet(cluster),
        _kube_proxy(cluster),
    )


def join(cluster: Cluster, name: str, address: str, *, control_plane: bool) -> str:
    """Return the configuration of `kubeadm join`; the kubeconfig it discovers by lies beside it as discovery.conf."""
    document: dict[str, Any] = {
        "apiVersion": API,
        "kind": "JoinConfiguration",
        "nodeRegistration": _registration(cluster, name, address),
        "discovery": {"file": {"kubeConfigPath": "discovery.conf"}},
    }
    if control_plane:
        document["controlPlane"] = {"localAPIEndpoint": {"advertiseAddress": address, "bindPort": 6443}}
    return to_yaml(document)


def _kubelet(cluster: Cluster) -> dict[str, Any]:
    ours = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "systemd",
        "rotateCertificates": True,
    }
    return merged(ours, cluster.kubernetes.kubelet)


def _kube_proxy(cluster: Cluster) -> dict[str, Any]:
    ours = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        # iptables is still kubeadm's default; nftables is stable since 1.33, and its updates do not grow with the
        # number of services.
        "mode": "nftables",
    }
    return merged(ours, cluster.kubernetes.kube_proxy)
