"""flannel's manifests: its daemon on every node, over vxlan, with nftables rules as kube-proxy's."""

from __future__ import annotations

import json
from typing import Any

from components import releases
from components.config import Cluster
from components.render.document import to_yaml
from components.render.objects import account, allowed, named, of_account, rule

NAME, NAMESPACE = "flannel", "kube-flannel"


def flannel(cluster: Cluster) -> str:
    """Return the manifests to apply."""
    return to_yaml(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": NAMESPACE, "labels": {"pod-security.kubernetes.io/enforce": "privileged"}},
        },
        account(NAME, NAMESPACE),
        *allowed(
            NAME,
            [rule("", ["pods"], "get"), rule("", ["nodes"], "get list watch"), rule("", ["nodes/status"], "patch")],
            of_account(NAME, NAMESPACE),
        ),
        named("v1", "ConfigMap", NAME, NAMESPACE, data=_configuration(cluster)),
        named("apps/v1", "DaemonSet", NAME, NAMESPACE, spec=_daemon_set()),
    )


def _configuration(cluster: Cluster) -> dict[str, str]:
    chain = [
        {"type": "flannel", "delegate": {"hairpinMode": True, "isDefaultGateway": True}},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ]
    ipv6 = cluster.network.ipv6
    network = {
        "Network": str(cluster.network.pod_subnet),
        **({"EnableIPv6": True, "IPv6Network": str(ipv6.pod_subnet)} if ipv6 else {}),
        "EnableNFTables": True,
        "Backend": {"Type": "vxlan"},
    }
    return {
        "cni-conf.json": json.dumps({"name": "cbr0", "cniVersion": "1.0.0", "plugins": chain}, indent=2),
        "net-conf.json": json.dumps(network, indent=2),
    }


def _daemon_set() -> dict[str, Any]:
    image, cni_plugin = releases.flannel_images()
    labels = {"app": "flannel"}
    return {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "hostNetwork": True,
                "priorityClassName": "system-node-critical",
                "serviceAccountName": "flannel",
                # Whatever keeps other pods off a node: without its network it is no node.
                "tolerations": [{"operator": "Exists"}],
                "initContainers": [
                    _container("plugin", cni_plugin, ["cp", "-f", "/flannel", "/opt/cni/bin/flannel"], ["plugins"]),
                    _container(
                        "configuration",
                        image,
                        ["cp", "-f", "/etc/kube-flannel/cni-conf.json", "/etc/cni/net.d/10-flannel.conflist"],
                        ["cni", "configuration"],
                    ),
                ],
                "containers": [
                    {
                        **_container(
                            "flannel",
                            image,
                            ["/opt/bin/flanneld", "--ip-masq", "--kube-subnet-mgr", "--iface=$(POD_IP)"],
                            ["run", "configuration", "lock"],
                        ),
                        "resources": {"requests": {"cpu": "100m", "memory": "50Mi"}},
                        "securityContext": {"privileged": False, "capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}},
                        "env": [
                            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
                            # The node's own address: left to itself flannel takes the card of the default route, which
                            # on hosts with two networks is often the other one.
                            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                        ],
                    }
                ],
                "volumes": [
                    {"name": "run", "hostPath": {"path": "/run/flannel", "type": "DirectoryOrCreate"}},
                    {"name": "plugins", "hostPath": {"path": "/opt/cni/bin", "type": "DirectoryOrCreate"}},
                    {"name": "cni", "hostPath": {"path": "/etc/cni/net.d", "type": "DirectoryOrCreate"}},
                    {"name": "lock", "hostPath": {"path": "/run/xtables.lock", "type": "FileOrCreate"}},
                    {"name": "configuration", "configMap": {"name": "flannel"}},
                ],
            },
        },
    }


_MOUNTS = {
    "run": "/run/flannel",
    "plugins": "/opt/cni/bin",
    "cni": "/etc/cni/net.d",
    "lock": "/run/xtables.lock",
    "configuration": "/etc/kube-flannel/",
}


def _container(name: str, image: str, command: list[str], volumes: list[str]) -> dict[str, Any]:
    mounts = [{"name": v, "mountPath": _MOUNTS[v]} for v in volumes]
    return {"name": name, "image": image, "command": command, "volumeMounts": mounts}
