"""What a node may do on its own behalf: leave the cluster."""

from __future__ import annotations

from components.render.document import to_yaml

NAME = "kubeadm-ha:node-leaves"


def node_leaves() -> str:
    """Return the role that lets a node delete its own Node object.

    The admission plugin NodeRestriction, on by default with kubeadm, limits the group system:nodes to a node's own
    object; cordoning itself and evicting its own pods a node may do without this. It lists nodes to
    see whether another one could take its pods.
    """
    group = "rbac.authorization.k8s.io"
    return to_yaml(
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": NAME},
            "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["delete", "list"]}],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAME},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": NAME},
            "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:nodes"}],
        },
    )
