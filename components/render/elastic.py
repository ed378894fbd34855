"""What machines of elastic pools are told, and what a cluster allows those that have a token."""

from __future__ import annotations

from typing import Any

from components.config import Cluster
from components.render import kubeadm, nodes
from components.render.document import to_yaml
from components.render.kubeconfig import kubeconfig

#: Words in these files that stand for what a machine alone knows: scripts/aws/machine.py puts it there.
NAME, ADDRESS, ZONE, TYPE, ID, TOKEN = "@name@", "@address@", "@zone@", "@type@", "@id@", "@token@"
#: Label of nodes that come and go by themselves, with their pool.
LABEL = "kubeadm-ha/elastic"
#: Group of those that have a token, and of nobody else: scripts/aws/tokens.py makes them of it.
GROUP = "system:bootstrappers:kubeadm-ha:elastic"
_RBAC = "rbac.authorization.k8s.io"


def join(cluster: Cluster, pool: str) -> str:
    """Return kubeadm's configuration with which a machine joins; the kubeconfig lies beside it as discovery.conf."""
    marks = cluster.marks_of_pool(pool)
    region = cluster.aws.region if cluster.aws else ""
    managed = cluster.aws is not None and cluster.aws.cloud_controller_manager
    labels = {
        **marks.labels,
        LABEL: pool,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": ZONE,
        "node.kubernetes.io/instance-type": TYPE,
    }
    taints = nodes.registration_taints(marks, control_plane=False)
    arguments = [
        {"name": "node-ip", "value": ADDRESS},
        # By it an autoscaler, too, knows which machine a node is.
        *(kubeadm.of_machine(ID) if managed else [{"name": "provider-id", "value": ID}]),
        {"name": "node-labels", "value": ",".join(f"{key}={value}" for key, value in labels.items())},
    ]
    return to_yaml(kubeadm.joining(kubeadm.registration(cluster, NAME, arguments, taints)))


def discovery(cluster: Cluster, ca: str) -> str:
    """Return the kubeconfig that a machine joins with: the cluster's authority, and a token yet to come."""
    return kubeconfig(cluster.name, cluster.endpoint.server(), ca, "elastic", {"token": TOKEN})


def kubelet_patch(cluster: Cluster, pool: str) -> dict[str, str]:
    """Return kubeadm's patch of what the pool's kubelets are told, by its path beside a script; nothing without one."""
    return kubeadm.patch(cluster.workers[pool].kubelet)


def token_rights() -> str:
    """Return what those that have a token may do: ask for a node's certificate, and read what kubeadm joins by.

    The request is approved at once, whatever node it names: docs/adr tells what that means.
    """
    name = "kubeadm-ha:elastic"
    return to_yaml(
        _bound("ClusterRoleBinding", f"{name}-asks", "ClusterRole", "system:node-bootstrapper"),
        _bound(
            "ClusterRoleBinding",
            f"{name}-is-approved",
            "ClusterRole",
            "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        ),
        # kubeadm looks whether there is such a node already.
        _role("ClusterRole", f"{name}-sees-nodes", {"resources": ["nodes"], "verbs": ["get"]}),
        _bound("ClusterRoleBinding", f"{name}-sees-nodes", "ClusterRole", f"{name}-sees-nodes"),
        _role(
            "Role",
            f"{name}-reads-settings",
            {"resources": ["configmaps"], "resourceNames": ["kubeadm-config", "kubelet-config"], "verbs": ["get"]},
        ),
        _bound("RoleBinding", f"{name}-reads-settings", "Role", f"{name}-reads-settings"),
    )


def _metadata(kind: str, name: str) -> dict[str, str]:
    return {"name": name} if kind.startswith("Cluster") else {"name": name, "namespace": "kube-system"}


def _role(kind: str, name: str, rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": _metadata(kind, name),
        "rules": [{"apiGroups": [""], **rule}],
    }


def _bound(kind: str, name: str, role: str, to: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": _metadata(kind, name),
        "roleRef": {"apiGroup": _RBAC, "kind": role, "name": to},
        "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": GROUP}],
    }
